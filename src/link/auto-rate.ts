// Finds how fast a node may send so that its uplink is used and nothing queues in
// front of it: `--uplink auto`. Probes go the way of the data, behind it, and come
// back at once. What they took over the least they ever took is the queue, and the
// bytes that were ahead of two of them, over the time between their returns, are
// what the uplink carried. (Delay against its base: LEDBAT, RFC 6817; the delivered
// rate as the capacity: BBR, Cardwell et al. 2016.)
//
// - *Ahead of the limit*: twice the rate with each echo, until a queue shows.
// - *A queue*: well under what was delivered until it is gone, then a tenth under.
// - *No queue*: a little more every half second, if the rate is used at all; beyond
//   the limit as it was last, in steps that double. So a faster line is found.
// - *A queue that stays when less is sent* is somebody else's, or a longer way: it
//   becomes the base.
//
// Whom to probe is the shell's; one that never answers is sent to slowly. Pure: time
// comes in.
import { BaseDelays } from './base-delays.ts';

/** A probe that came back. */
export interface Echo {
  /** To whom: each has a base of its own. */
  readonly path: string;
  readonly sentAt: number;
  /** Bytes that the link had carried, to whomever, when the probe left. */
  readonly sentBytes: number;
}

/** A slower line is overrun for an echo, a faster one found in a moment. Chosen. */
const FIRST_BYTES_PER_SECOND = 2 ** 20;
/** Until the first echo: a base that was taken behind a queue would hide it. Chosen. */
const SLOW_BYTES_PER_SECOND = 128 * 1024;
/** One in ten of the slowest lines in use: those who wait must not starve. Chosen. */
const LEAST_BYTES_PER_SECOND = 8 * 1024;
/** Over this there is a queue: half of what a call bears (ITU-T G.114: 150 ms in all). */
const QUEUE_MS = 50;
/** Under this there is none: timers, collectors and wireless links are as late as that. */
const CALM_MS = 20;
/** Each costs two small frames at either end. The second, while any may double the rate. */
const PROBE_MS = 100;
const SEARCH_PROBE_MS = 20;
/** Samples whose least is the queue: one that was held up on its way says nothing. */
const SAMPLES = 3;
/** Of what was delivered: while a queue drains, and after that. */
const DRAIN_SHARE = 0.5;
const CRUISE_SHARE = 0.9;
/** At once: what was delivered while there was little to send says little. */
const LEAST_SHARE = 0.25;
/** A queue this much shorter is on its way out. */
const SHRUNK = 0.7;
/** Over this span the delivered rate is measured. */
const RATE_SPAN_MS = 1000;
const LEAST_SPAN_MS = 30;
/** A rate is worth raising when at least this share of it is used. */
const USED_SHARE = 0.6;
/** The limit is taken to be higher than it was when this much over it makes no queue. */
const BEYOND = 1.05;
const GROW_EVERY_MS = 500;
/** Of quiet after a queue, before the next attempt. */
const HOLD_MS = 1000;
/** Up to where the limit was last; beyond it they double. */
const STEP = 0.03;
const LARGEST_STEP = 0.25;

interface Return extends Echo {
  readonly at: number;
  readonly queueMs: number;
}

interface Drain {
  /** The rate to come back to, should the queue turn out not to be ours. */
  readonly capacity: number;
  readonly since: number;
  /** By a probe that left after it began; undefined until one is back. */
  queueMs: number | undefined;
  reviewAt: number;
  /** Less was sent before already, and the queue stayed. */
  readonly inVain: boolean;
}

export class AutoRate {
  #rate = SLOW_BYTES_PER_SECOND;
  #started = false;
  readonly #bases = new BaseDelays();
  readonly #queues: number[] = [];
  #returns: readonly Return[] = [];
  /** Delivered when the last queue showed; undefined until the first. */
  #capacity: number | undefined;
  #drain: Drain | undefined;
  #grownAt = Number.NEGATIVE_INFINITY;
  #step = STEP;

  get bytesPerSecond(): number {
    return this.#rate;
  }

  /** How long until the next probe is due. */
  probeAfterMs(now: number): number {
    const isAhead = this.#searching && now - this.#grownAt < GROW_EVERY_MS;
    return isAhead || !this.#started ? SEARCH_PROBE_MS : PROBE_MS;
  }

  /** A probe has come back. Until then whoever will be sent to should be probed. */
  get started(): boolean {
    return this.#started;
  }

  /** No limit was met so far. */
  get #searching(): boolean {
    return this.#capacity === undefined;
  }

  /** A probe came back at `now`. */
  noteEcho(now: number, echo: Echo): void {
    const tookMs = now - echo.sentAt;
    const queueMs = tookMs - this.#bases.note(now, echo.path, tookMs);
    this.#noteReturn({ ...echo, at: now, queueMs });
    this.#noteQueue(queueMs);
    if (!this.#started) this.#start(now);
    this.#decide(now, echo.sentAt);
  }

  /** The oldest probe that is not back left at `sentAt`. Must be told each time another is due. */
  noteSilence(now: number, path: string, sentAt: number): void {
    // That the queue is at least so long says that there is one, but not how it fares.
    if (this.#drain) return;
    const baseMs = this.#bases.of(path) ?? Number.POSITIVE_INFINITY;
    const queueMs = now - sentAt - baseMs;
    if (queueMs <= QUEUE_MS) return;
    this.#noteQueue(queueMs);
    this.#decide(now, sentAt);
  }

  #noteReturn(one: Return): void {
    const recent = this.#returns.filter(({ at }) => one.at - at <= RATE_SPAN_MS);
    // One that was overtaken, on a longer way, tells nothing of the rate.
    if (one.sentBytes >= (recent.at(-1)?.sentBytes ?? 0)) recent.push(one);
    this.#returns = recent;
  }

  #noteQueue(ms: number): void {
    this.#queues.push(ms);
    if (this.#queues.length > SAMPLES) this.#queues.shift();
  }

  #start(now: number): void {
    this.#started = true;
    this.#rate = FIRST_BYTES_PER_SECOND;
    this.#grownAt = now;
  }

  #decide(now: number, probedAt: number): void {
    const queueMs = Math.min(...this.#queues);
    if (this.#drain) return this.#review(now, probedAt, queueMs, this.#drain);
    if (this.#queues.length < SAMPLES && this.#capacity !== undefined) return;
    if (queueMs > QUEUE_MS) return this.#backOff(now);
    const every = this.#searching ? 0 : GROW_EVERY_MS;
    if (queueMs < CALM_MS && probedAt - this.#grownAt >= every) this.#grow(now);
  }

  #grow(now: number): void {
    const used = this.#sentRate();
    if (used === undefined || used < this.#rate * USED_SHARE) return;
    this.#grownAt = now;
    if (this.#searching) {
      this.#rate *= 2;
      return;
    }
    this.#rate *= 1 + this.#step;
    if (this.#rate > this.#capacity! * BEYOND) this.#step = Math.min(LARGEST_STEP, this.#step * 2);
  }

  #backOff(now: number, inVain = false): void {
    const delivered = this.#deliveredRate() ?? this.#rate / 2;
    const capacity = Math.min(this.#rate, Math.max(delivered, this.#rate * LEAST_SHARE));
    this.#capacity = capacity;
    this.#step = STEP;
    this.#setRate(capacity * DRAIN_SHARE);
    this.#drain = {
      capacity: this.#drain?.capacity ?? capacity,
      since: now,
      queueMs: undefined,
      reviewAt: Number.POSITIVE_INFINITY,
      inVain,
    };
    this.#queues.length = 0;
    this.#returns = this.#returns.slice(-1);
  }

  #review(now: number, probedAt: number, queueMs: number, drain: Drain): void {
    if (queueMs < CALM_MS) return this.#resume(now, this.#capacity!);
    const delivered = this.#returns.length < SAMPLES ? undefined : this.#deliveredRate();
    if (delivered !== undefined && delivered < this.#rate * (2 - CRUISE_SHARE)) {
      // The line carries less than was thought; or just as much as we send, once.
      const isLess = delivered < this.#rate * CRUISE_SHARE;
      if (isLess || !drain.inVain) return this.#backOff(now, drain.inVain || !isLess);
    }
    if (probedAt < drain.since) return;
    if (drain.queueMs === undefined || queueMs < drain.queueMs * SHRUNK) {
      drain.queueMs = queueMs;
      drain.reviewAt = now + drainMs(queueMs);
    }
    if (now < drain.reviewAt) return;
    this.#bases.forget();
    this.#resume(now, drain.capacity);
  }

  #resume(now: number, capacity: number): void {
    this.#drain = undefined;
    this.#capacity = capacity;
    this.#queues.length = 0;
    this.#setRate(capacity * CRUISE_SHARE);
    this.#grownAt = now + HOLD_MS - GROW_EVERY_MS;
  }

  #setRate(bytesPerSecond: number): void {
    this.#rate = Math.max(LEAST_BYTES_PER_SECOND, bytesPerSecond);
  }

  /** What the line carries: of the last returns, those with a queue in front of them. */
  #deliveredRate(): number | undefined {
    const calm = this.#returns.findLastIndex(({ queueMs }) => queueMs < CALM_MS);
    return rateOf(this.#returns.slice(calm + 1), ({ at }) => at);
  }

  #sentRate(): number | undefined {
    return rateOf(this.#returns.slice(-SAMPLES), ({ sentAt }) => sentAt);
  }
}

/** Undefined over less than a moment: returns come in heaps when a process was held up. */
function rateOf(returns: readonly Return[], time: (one: Return) => number): number | undefined {
  const [first] = returns;
  const last = returns.at(-1);
  if (!first || !last) return undefined;
  const ms = time(last) - time(first);
  return ms >= LEAST_SPAN_MS ? ((last.sentBytes - first.sentBytes) / ms) * 1000 : undefined;
}

/** Until a queue is gone, and a little more: half of the rate is free for it. */
const drainMs = (queueMs: number): number => 300 + queueMs / (1 - DRAIN_SHARE);
