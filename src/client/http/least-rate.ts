// The least rate of a body: where another source waits, or somebody else does, a remote that drips
// bytes would hold them up. Only time in which bytes are awaited counts.

/** Least bytes in each timeout. Chosen: less than any useful line brings. */
export const LEAST_BYTES = 1024;
/** Of a source that is the only one: it is as slow as it is, and only silence ends it. */
export const ANY_BYTES = 1;
/**
 * Of its timeout, that such a source has for a head, as long as bytes or interim answers come. Chosen:
 * some minutes.
 */
export const HEAD_TIMES = 10;

export interface Limits {
  /** Longest silence. */
  readonly stallMs: number;
  /** Least bytes of a body in that time; with more than any, a head must come whole in it. */
  readonly leastBytes: number;
}

export const headMs = ({ stallMs, leastBytes }: Limits): number =>
  leastBytes > ANY_BYTES ? stallMs : HEAD_TIMES * stallMs;

export class LeastRate {
  readonly #windowMs: number;
  readonly #onSlow: (bytes: number) => void;
  #leastBytes = ANY_BYTES;
  #bytes = 0;
  /** Milliseconds left of the window when the timer was last started. */
  #leftMs: number;
  #woundAt = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param onSlow called with the number of bytes that came in a window, if they were too few */
  constructor(windowMs: number, onSlow: (bytes: number) => void) {
    this.#windowMs = windowMs;
    this.#leftMs = windowMs;
    this.#onSlow = onSlow;
  }

  /** Starts with a new body. */
  start(leastBytes: number): void {
    this.pause();
    this.#leastBytes = leastBytes;
    this.#restart();
  }

  /** Counts time again: bytes are awaited from now on. */
  resume(): void {
    if (this.#timer !== undefined) return;
    this.#woundAt = performance.now();
    this.#timer = setTimeout(() => this.#onSlow(this.#bytes), Math.max(1, this.#leftMs));
  }

  pause(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#leftMs -= performance.now() - this.#woundAt;
  }

  handleBytes(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < this.#leastBytes) return;
    const isWaiting = this.#timer !== undefined;
    this.pause();
    this.#restart();
    if (isWaiting) this.resume();
  }

  #restart(): void {
    this.#bytes = 0;
    this.#leftMs = this.#windowMs;
  }
}
