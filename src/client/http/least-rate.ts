// The least rate of a body: where another source waits, or somebody else does, a remote that drips
// bytes would hold them up. A remote that is the only source may be slow, and is still no endless
// wait: what all answers of a client bring has a least mean. Only time in which bytes are awaited counts.
// Until the first byte of an answer a server may think; from then on the answer's head counts too.
import { SourceFailure } from './source-failure.ts';

/** Least bytes in each timeout. Chosen: less than any useful line brings. */
export const LEAST_BYTES = 1024;
/** Of a source that is the only one: silence ends it, and the mean of some minutes. */
export const ANY_BYTES = 1;
/**
 * Of its timeout, that such a source has for a head, as long as bytes or interim answers come. Chosen:
 * some minutes.
 */
export const HEAD_TIMES = 10;

/**
 * Least mean of a transfer, in bytes per second. Chosen: half of what GSM brings (9.6 kbit/s).
 */
export const MIN_BYTES_PER_SECOND = 512;
/** Time that the mean is taken of. Chosen: a link that fails for minutes is not given up. */
export const MEAN_MS = 10 * 60_000;

export interface Limits {
  /** Longest silence. */
  readonly stallMs: number;
  /** Least bytes of a body in that time; with more than any, a head must come whole in it. */
  readonly leastBytes: number;
  /** The mean of all answers that come beside this one. */
  readonly mean?: MeanRate | undefined;
}

const headMs = ({ stallMs, leastBytes }: Limits): number =>
  leastBytes > ANY_BYTES ? stallMs : HEAD_TIMES * stallMs;

/**
 * The mean rate of all heads and bodies together, for they may share a slow link. It needs no timer:
 * one that brings nothing ends by its own limit.
 */
export class MeanRate {
  readonly #leastBytes: number;
  readonly #onSlow: () => void;
  /** Heads and bodies whose bytes are awaited. */
  #awaited = 0;
  #since = 0;
  /** Milliseconds of this window in which bytes were awaited, before `#since`. */
  #waitedMs = 0;
  #bytes = 0;

  /** @param onSlow called when MEAN_MS brought fewer bytes, and at each byte after that */
  constructor(minBytesPerSecond: number, onSlow: () => void) {
    this.#leastBytes = (minBytesPerSecond * MEAN_MS) / 1000;
    this.#onSlow = onSlow;
  }

  /** One more is awaited. */
  resume(): void {
    if (this.#awaited++ === 0) this.#since = performance.now();
  }

  /** One less is awaited. */
  pause(): void {
    if (--this.#awaited === 0) this.#waitedMs += performance.now() - this.#since;
  }

  handleBytes(bytes: number): void {
    this.#bytes += bytes;
    const now = performance.now();
    if (this.#bytes >= this.#leastBytes) {
      this.#bytes = 0;
      this.#waitedMs = 0;
      this.#since = now;
    } else if (this.#waitedMs + (this.#awaited > 0 ? now - this.#since : 0) >= MEAN_MS) {
      this.#onSlow();
    }
  }
}

/** The least mean of one transfer, and the end of a transfer that stays below it. */
export class TransferRate {
  /** Undefined if there is none. */
  readonly mean: MeanRate | undefined;
  readonly #slow = new AbortController();

  /**
   * @param given least bytes per second, by the user's option; 0 for none. MIN_BYTES_PER_SECOND if left
   * out.
   * @param did what the remote did with the bytes
   */
  constructor(given: number | undefined, did: 'sent' | 'took' = 'sent') {
    const min = given ?? MIN_BYTES_PER_SECOND;
    if (min === 0) return;
    const how = given === undefined ? '' : '; --min-rate none waits for it';
    const reason = `${did} less than ${min} B/s for ${MEAN_MS / 60_000} minutes${how}`;
    this.mean = new MeanRate(min, () =>
      this.#slow.abort(new SourceFailure(reason, { final: true })),
    );
  }

  /** Aborted with a SourceFailure when it was too slow. */
  get slow(): AbortSignal {
    return this.#slow.signal;
  }
}

/** One head: all of it comes in time, and counts in the mean from its first byte on. */
export class HeadRate {
  readonly #limits: Limits;
  readonly #onLate: (what: string, ms: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #begun = false;

  constructor(limits: Limits, onLate: (what: string, ms: number) => void) {
    this.#limits = limits;
    this.#onLate = onLate;
  }

  /** Whether a byte came since start(). */
  get begun(): boolean {
    return this.#begun;
  }

  start(): void {
    this.#begun = false;
    const ms = headMs(this.#limits);
    const late = (): void => this.#onLate(this.#begun ? 'no whole header' : 'nothing', ms);
    this.#timer = setTimeout(late, ms);
  }

  handleBytes(bytes: number): void {
    if (!this.#begun) this.#limits.mean?.resume();
    this.#begun = true;
    this.#limits.mean?.handleBytes(bytes);
  }

  /** The head is here, or will not come. */
  end(): void {
    if (this.#timer !== undefined && this.#begun) this.#limits.mean?.pause();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

export class LeastRate {
  readonly #windowMs: number;
  readonly #onSlow: (bytes: number) => void;
  readonly #mean: MeanRate | undefined;
  #leastBytes = ANY_BYTES;
  #bytes = 0;
  /** Milliseconds left of the window when the timer was last started. */
  #leftMs: number;
  #woundAt = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param onSlow called with the number of bytes that came in a window, if they were too few */
  constructor(
    { stallMs: windowMs, mean }: Pick<Limits, 'stallMs' | 'mean'>,
    onSlow: (bytes: number) => void,
  ) {
    this.#mean = mean;
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
    this.#mean?.resume();
    this.#wind();
  }

  pause(): void {
    if (this.#timer === undefined) return;
    this.#mean?.pause();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#leftMs -= performance.now() - this.#woundAt;
  }

  handleBytes(bytes: number): void {
    this.#mean?.handleBytes(bytes);
    this.#bytes += bytes;
    if (this.#bytes < this.#leastBytes) return;
    this.#restart();
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#wind();
  }

  #wind(): void {
    this.#woundAt = performance.now();
    this.#timer = setTimeout(() => this.#onSlow(this.#bytes), Math.max(1, this.#leftMs));
  }

  #restart(): void {
    this.#bytes = 0;
    this.#leftMs = this.#windowMs;
  }
}
