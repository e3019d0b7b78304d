// Cuts a stream of chunks into blocks of given lengths. A chunk is a view that the socket writes
// over, so its bytes are copied into a few buffers, used in rotation: memory does not grow with the
// file. A reader that reads straight into room() saves the copy.
import { allocAligned } from '../../runtime/node/aligned-buffer.ts';
import { WRITES_AHEAD } from './write-queue.ts';

export interface Blocks {
  readonly maxLength: number;
  /** Length of the block with that index; 0 past the last one. */
  length(index: number): number;
  /**
   * Handles a complete block. The bytes are valid until WRITES_AHEAD more blocks came. A returned
   * promise holds the stream back.
   */
  handle(index: number, bytes: Uint8Array): Promise<void> | undefined;
}

export class Assembler {
  readonly #blocks: Blocks;
  readonly #buffers: Buffer[];
  #index: number;
  #filled = 0;

  /** @param buffers of an ended assembler with the same lengths, to be used again */
  constructor(blocks: Blocks, firstIndex: number, buffers: Buffer[] = []) {
    this.#blocks = blocks;
    this.#buffers = buffers;
    this.#index = firstIndex;
  }

  /** Index of the first incomplete block. */
  get index(): number {
    return this.#index;
  }

  /** Bytes of that block that came. */
  get filled(): number {
    return this.#filled;
  }

  /**
   * Memory for the next bytes, before take() gets them. Valid while no taken bytes are waited for.
   */
  room(): Uint8Array | undefined {
    const length = this.#blocks.length(this.#index);
    return length === 0 ? undefined : this.#buffer().subarray(this.#filled, length);
  }

  /** Takes a chunk; ignores bytes past the last block. */
  take(chunk: Uint8Array): Promise<void> | undefined {
    let at = 0;
    while (at < chunk.length) {
      const length = this.#blocks.length(this.#index);
      if (length === 0) return undefined;
      const part = chunk.subarray(at, at + length - this.#filled);
      const buffer = this.#buffer();
      const there = buffer.byteOffset + this.#filled;
      if (part.buffer !== buffer.buffer || part.byteOffset !== there) {
        buffer.set(part, this.#filled);
      }
      at += part.length;
      this.#filled += part.length;
      if (this.#filled < length) return undefined;
      const wait = this.#finish();
      if (wait !== undefined) {
        const rest = chunk.subarray(at);
        return wait.then(() => this.take(rest));
      }
    }
    return undefined;
  }

  /** Hands over a last block that is shorter than its length says. */
  flush(): Promise<void> | undefined {
    return this.#filled > 0 ? this.#finish() : undefined;
  }

  #finish(): Promise<void> | undefined {
    const bytes = this.#buffer().subarray(0, this.#filled);
    this.#filled = 0;
    return this.#blocks.handle(this.#index++, bytes);
  }

  #buffer(): Buffer {
    // One buffer is filled while WRITES_AHEAD are written.
    const turn = this.#index % (WRITES_AHEAD + 1);
    this.#buffers[turn] ??= allocAligned(this.#blocks.maxLength);
    return this.#buffers[turn];
  }
}
