// Bytes into a file, in order, in writes of about a mebibyte, and hashed piece by
// piece as they go by, so that nobody need read the file again for its CID. Chunks
// are written as they came. To hash pieces by the thread pool was tried:
// each must then be copied into one buffer, and on two cores that took more CPU than
// it moved off the loop. Writes follow one another, so that the file's length is
// always how many bytes are there without a gap, whenever the process may be killed.
import { createHash, type Hash } from 'node:crypto';
import type { Leaves } from '../../content/file-dag.ts';
import { DIGEST_LENGTH } from '../../content/manifest.ts';
import type { Draft } from '../../root/root.ts';

const WRITE_BYTES = 2 ** 20;
/** Chosen: so much may come while a write waits for its turn on a busy machine. */
const HELD_BYTES = 4 * WRITE_BYTES;

interface Pieces {
  readonly totalLength: number;
  readonly pieceLength: number;
}

export interface PieceWriterOptions {
  readonly file: Pick<Draft, 'write'>;
  /** Where in the file the first byte goes. */
  readonly position: number;
  /** To hash the pieces; the whole file must come, from position 0. */
  readonly pieces?: Pieces | undefined;
  /** Of what comes, as one. */
  readonly hashes?: readonly Hash[];
  /** Waited for after each write, before the next. */
  readonly onWritten?: (position: number) => Promise<void> | undefined;
}

export class PieceWriter {
  readonly #options: PieceWriterOptions;
  readonly #digests: Uint8Array | undefined;
  /** Of the piece that is coming. */
  #hash: Hash | undefined;
  /** Of the bytes taken, those in `#gathered` included. */
  #position: number;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  /** The write under way; never rejects. */
  #writing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: PieceWriterOptions) {
    const { position, pieces } = options;
    this.#options = options;
    this.#position = position;
    if (!pieces) return;
    const count = Math.ceil(pieces.totalLength / pieces.pieceLength);
    this.#digests = new Uint8Array(count * DIGEST_LENGTH);
  }

  get position(): number {
    return this.#position;
  }

  /**
   * Takes a chunk, which is the writer's from then on. With a promise, take no more
   * before it is settled; it never rejects.
   *
   * @throws what writing an earlier chunk threw, such as a Refusal ERR_DISK_FULL
   */
  take(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#failure) throw this.#failure.error;
    for (const hash of this.#options.hashes ?? []) hash.update(chunk);
    this.#hashPieces(chunk);
    this.#gathered.push(chunk);
    this.#gatheredBytes += chunk.length;
    this.#position += chunk.length;
    if (this.#gatheredBytes >= WRITE_BYTES && !this.#writing) this.#flush();
    return this.#gatheredBytes >= HELD_BYTES ? this.#writing : undefined;
  }

  /** Writes what is still held. @throws as take() */
  async finish(): Promise<void> {
    await this.#idle();
    this.#flush();
    await this.settle();
    if (this.#failure) throw this.#failure.error;
  }

  /** Resolves when nothing uses the file any more; what is held is forgotten. */
  async settle(): Promise<void> {
    this.#gathered = [];
    this.#gatheredBytes = 0;
    await this.#idle();
  }

  /** After finish(), when all of the file came. */
  leaves(): Leaves | undefined {
    const { pieces } = this.#options;
    if (!pieces || !this.#digests || this.#position !== pieces.totalLength) return undefined;
    return { ...pieces, digests: this.#digests };
  }

  async #idle(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  #hashPieces(chunk: Uint8Array): void {
    const { pieces } = this.#options;
    if (!pieces || !this.#digests) return;
    const { pieceLength, totalLength } = pieces;
    for (let at = 0; at < chunk.length; ) {
      const position = this.#position + at;
      const index = Math.floor(position / pieceLength);
      const end = Math.min((index + 1) * pieceLength, totalLength);
      const part = chunk.subarray(at, at + end - position);
      this.#hash ??= createHash('sha256');
      this.#hash.update(part);
      at += part.length;
      if (position + part.length < end) continue;
      this.#digests.set(this.#hash.digest(), index * DIGEST_LENGTH);
      this.#hash = undefined;
    }
  }

  #flush(): void {
    if (this.#gatheredBytes === 0 || this.#failure) return;
    const chunks = this.#gathered;
    const [start, end] = [this.#position - this.#gatheredBytes, this.#position];
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#writing = this.#write(chunks, start, end)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .then(() => {
        this.#writing = undefined;
        // What came meanwhile goes as one.
        if (this.#gatheredBytes >= WRITE_BYTES) this.#flush();
      });
  }

  async #write(chunks: readonly Uint8Array[], start: number, end: number): Promise<void> {
    await this.#options.file.write(chunks, start);
    await this.#options.onWritten?.(end);
  }
}
