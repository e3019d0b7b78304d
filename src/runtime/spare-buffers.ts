// Read buffers for reuse. A new one for each read is work for the collector, and the
// kernel clears every page of it first.
import { platform } from '#platform';

export class SpareBuffers {
  readonly #most: number;
  readonly #spare: Uint8Array[] = [];

  /** @param most how many are kept for reuse; more are made when more are needed */
  constructor(most: number) {
    this.#most = most;
  }

  /** One of exactly this length, with whatever was in it before. */
  take(length: number): Uint8Array {
    const at = this.#spare.findIndex((buffer) => buffer.length === length);
    return at < 0 ? platform.allocate(length) : this.#spare.splice(at, 1)[0]!;
  }

  /** Must not be read or written by anybody any more. */
  give(buffer: Uint8Array): void {
    if (this.#spare.length === this.#most) this.#spare.shift();
    this.#spare.push(buffer);
  }
}
