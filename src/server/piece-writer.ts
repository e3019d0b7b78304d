// Bytes into a file, in order, in writes of about a mebibyte (measured: 1.3 times
// the speed of one write a chunk), and hashed piece by piece as they go by, so that
// nobody need read the file again for its CID. Pieces are hashed by the thread pool
// (WebCrypto) while the loop receives: measured, 1.5 times the speed of hashing on
// the loop. Writes follow one another, so that the file's length is always how many
// bytes are there without a gap, whenever the process may be killed.
import { type Hash, webcrypto } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { sha256 } from '../content/cid.ts';
import type { Leaves } from '../content/file-dag.ts';
import { DIGEST_LENGTH } from '../content/manifest.ts';
import { SpareBuffers } from '../content/spare-buffers.ts';
import { httpFailure } from './http-failure.ts';

const WRITE_BYTES = 2 ** 20;
/** One fills while another is written and hashed. */
const BUFFERS = 3;
/** Below it a job of the thread pool costs more than the hash. Chosen. */
const MIN_POOLED_BYTES = 32 * 1024;

const spare = new SpareBuffers(8);

export interface Pieces {
  readonly totalLength: number;
  readonly pieceLength: number;
}

export interface PieceWriterOptions {
  readonly handle: FileHandle;
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
  readonly #bufferLength: number;
  readonly #digests: Uint8Array | undefined;
  /** Of the bytes taken, those in `#buffer` included. */
  #position: number;
  #buffer: Buffer | undefined;
  #filled = 0;
  #running: Promise<void>[] = [];
  #written: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  constructor(options: PieceWriterOptions) {
    const { position, pieces } = options;
    this.#options = options;
    this.#position = position;
    const length = pieces?.pieceLength ?? WRITE_BYTES;
    this.#bufferLength = Math.max(1, Math.floor(WRITE_BYTES / length)) * length;
    if (!pieces) return;
    const count = Math.ceil(pieces.totalLength / length);
    this.#digests = new Uint8Array(count * DIGEST_LENGTH);
    // A small file does not take a large buffer.
    this.#bufferLength = Math.max(1, Math.min(this.#bufferLength, pieces.totalLength));
  }

  get position(): number {
    return this.#position;
  }

  /**
   * Takes a chunk, which is the writer's until the promise (if any) is settled; call
   * again only then.
   *
   * @throws HttpFailure 507 and what the file system says
   */
  take(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#failure) throw this.#failure.error;
    const taken = this.#fill(chunk);
    return taken === chunk.length ? undefined : this.#takeRest(chunk.subarray(taken));
  }

  /** Writes what is still held. @throws HttpFailure as take() */
  async finish(): Promise<void> {
    if (this.#filled > 0 && !this.#failure) this.#flush();
    await this.settle();
    if (this.#failure) throw this.#failure.error;
  }

  /** Resolves when nothing uses the file any more; held bytes are forgotten. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#buffer) spare.give(this.#buffer);
    this.#buffer = undefined;
    this.#filled = 0;
  }

  /** After finish(), when all of the file came. */
  leaves(): Leaves | undefined {
    const { pieces } = this.#options;
    if (!pieces || !this.#digests || this.#position !== pieces.totalLength) return undefined;
    return { ...pieces, digests: this.#digests };
  }

  /** As much as there is room for without waiting. */
  #fill(chunk: Uint8Array): number {
    let taken = 0;
    while (taken < chunk.length) {
      if (!this.#buffer) {
        if (this.#running.length >= BUFFERS - 1) break;
        this.#buffer = spare.take(this.#bufferLength) as Buffer;
      }
      const part = chunk.subarray(taken, taken + this.#bufferLength - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      this.#position += part.length;
      taken += part.length;
      if (this.#filled === this.#bufferLength) this.#flush();
    }
    return taken;
  }

  async #takeRest(chunk: Uint8Array): Promise<void> {
    for (let left = chunk; left.length > 0; left = left.subarray(this.#fill(left))) {
      await this.#running[0];
      if (this.#failure) throw this.#failure.error;
    }
  }

  #flush(): void {
    const buffer = this.#buffer!;
    const bytes = buffer.subarray(0, this.#filled);
    const at = this.#position - this.#filled;
    this.#buffer = undefined;
    this.#filled = 0;
    for (const hash of this.#options.hashes ?? []) hash.update(bytes);
    this.#written = this.#written.then(() => this.#write(bytes, at));
    const work = Promise.all([this.#written, this.#hash(bytes, at)])
      .catch((error: unknown) => {
        this.#failure ??= { error: httpFailure(error) };
      })
      .then(() => {
        this.#running = this.#running.filter((other) => other !== work);
        spare.give(buffer);
      });
    this.#running.push(work);
  }

  async #write(bytes: Buffer, at: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { handle } = this.#options;
      // Stops short when the disk fills; the next call says why.
      done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
    }
    await this.#options.onWritten?.(at + bytes.length);
  }

  async #hash(bytes: Buffer, at: number): Promise<void> {
    const digests = this.#digests;
    if (!digests) return;
    const { pieceLength } = this.#options.pieces!;
    const jobs: Promise<void>[] = [];
    for (let start = 0; start < bytes.length; start += pieceLength) {
      const piece = bytes.subarray(start, start + pieceLength);
      const index = (at + start) / pieceLength;
      const keep = (digest: Uint8Array): void => digests.set(digest, index * DIGEST_LENGTH);
      if (piece.length < MIN_POOLED_BYTES) keep(sha256(piece));
      else jobs.push(hashAside(piece).then(keep));
    }
    await Promise.all(jobs);
  }
}

/** On a thread of the pool; the bytes are copied before it returns. */
async function hashAside(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await webcrypto.subtle.digest('SHA-256', bytes));
}
