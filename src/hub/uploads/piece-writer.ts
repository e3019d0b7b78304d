// Writes bytes to a file, in order, in writes of about a mebibyte, and hashes each piece on the
// way, so that the file need not be read again for its CID. Chunks are written as they came.
// Hashing in the thread pool was tried: each piece must then be copied into one buffer, and on two
// cores that took more CPU time than it moved off the event loop. Writes follow one another. So the
// file's length is always the number of bytes without a gap, whenever the process is killed.
import { createHash, type Hash } from 'node:crypto';
import type { Leaves } from '../../content/file-dag.ts';
import { DIGEST_LENGTH } from '../../content/manifest.ts';
import type { Draft } from '../../root/root.ts';

const WRITE_BYTES = 2 ** 20;
/** Most bytes that wait for a write on a busy machine. Chosen. */
const HELD_BYTES = 4 * WRITE_BYTES;

interface Pieces {
  readonly totalLength: number;
  readonly pieceLength: number;
}

export interface PieceWriterOptions {
  readonly file: Pick<Draft, 'write'>;
  /** Position in the file of the first byte. */
  readonly position: number;
  /**
   * How to cut pieces, if they are to be hashed. Then the whole file must come, from position 0.
   */
  readonly pieces?: Pieces | undefined;
  /** Hashes of all bytes that come, as one. */
  readonly hashes?: readonly Hash[];
  /** Awaited after each write, before the next. */
  readonly onWritten?: (position: number) => Promise<void> | undefined;
}

export class PieceWriter {
  readonly #options: PieceWriterOptions;
  readonly #digests: Uint8Array | undefined;
  /** Hash of the piece that is coming. */
  #hash: Hash | undefined;
  /** Position after the bytes taken, with those in `#gathered`. */
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
   * Takes a chunk, which is the writer's from then on. If it returns a promise, call it again only
   * after that has settled; the promise never rejects.
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

  /** Resolves when no write uses the file any more. Bytes not yet written are dropped. */
  async settle(): Promise<void> {
    this.#gathered = [];
    this.#gatheredBytes = 0;
    await this.#idle();
  }

  /** Digests of the pieces. Call it after finish(), if the whole file came. */
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
        // Bytes that came meanwhile go in one write.
        if (this.#gatheredBytes >= WRITE_BYTES) this.#flush();
      });
  }

  async #write(chunks: readonly Uint8Array[], start: number, end: number): Promise<void> {
    await this.#options.file.write(chunks, start);
    await this.#options.onWritten?.(end);
  }
}
