// Finds the rate at which a node uses its whole uplink and nothing queues in front of it:
// `--uplink auto`. A probe is sent behind the data and answered at once (an echo). Two
// measurements come from it:
//
// - queue: the echo's delay minus the least delay ever seen on that path (LEDBAT, RFC 6817);
// - delivered rate: the bytes sent between two probes, over the time between their echoes
//   (BBR, Cardwell et al. 2016).
//
// The rate follows from them:
//
// - *No limit met yet*: the rate doubles with each echo, until a queue shows.
// - *A queue*: the rate goes to half of the delivered rate until the queue is gone, then to
//   0.9 of it.
// - *No queue*: if the rate is used, it grows by 3 % each half second; above the last limit in
//   steps that double. So a faster line is found.
// - *A queue that stays when less is sent* is another sender's, or a longer path. It becomes
//   the new base.
//
// The caller chooses whom to probe. A path that never answers is sent to slowly. Pure: time
// comes in as an argument.
import { BaseDelays } from './base-delays.ts';

/** A probe that came back. */
export interface Echo {
  /** The neighbour that was probed; each path has its own base delay. */
  readonly path: string;
  readonly sentAt: number;
  /** Bytes that the link had sent, to all neighbours, when the probe left. */
  readonly sentBytes: number;
}

/** Rate after the first echo. A slower line queues until the next echo. Chosen. */
const FIRST_BYTES_PER_SECOND = 2 ** 20;
/** Rate until the first echo: a base measured behind a queue would hide the queue. Chosen. */
const SLOW_BYTES_PER_SECOND = 128 * 1024;
/** The least rate, a tenth of the slowest lines in use: no neighbour may starve. Chosen. */
const LEAST_BYTES_PER_SECOND = 8 * 1024;
/** A longer delay is a queue: a third of what a phone call bears (ITU-T G.114: 150 ms). */
const QUEUE_MS = 50;
/** A shorter delay is no queue: timers, garbage collection and Wi-Fi cause as much. */
const CALM_MS = 20;
/** Time between probes; each costs two small frames at either end. */
const PROBE_MS = 100;
/** Time between probes while each echo may double the rate. */
const SEARCH_PROBE_MS = 20;
/** The queue is the least of so many samples: a single probe may have been held up. */
const SAMPLES = 3;
/** Rate as a share of the delivered rate: while a queue drains, and after that. */
const DRAIN_SHARE = 0.5;
const CRUISE_SHARE = 0.9;
/** The least share of the rate kept by one cut: a rate delivered when idle says little. */
const LEAST_SHARE = 0.25;
/** A queue that has shrunk to this share is draining. */
const SHRUNK = 0.7;
/** Time over which the delivered rate is measured, and the least such time. */
const RATE_SPAN_MS = 1000;
const LEAST_SPAN_MS = 30;
/** The rate is raised only if at least this share of it is used. */
const USED_SHARE = 0.6;
/** The line has become faster if this multiple of the last limit makes no queue. */
const BEYOND = 1.05;
const GROW_EVERY_MS = 500;
/** Wait after a queue, before the rate grows again. */
const HOLD_MS = 1000;
/** Growth of the rate up to the last limit. Above the limit, steps double up to the largest. */
const STEP = 0.03;
const LARGEST_STEP = 0.25;

interface Return extends Echo {
  readonly at: number;
  readonly queueMs: number;
}

interface Drain {
  /** The rate to return to if the queue is another sender's, in bytes per second. */
  readonly capacity: number;
  readonly since: number;
  /** The queue seen by probes sent since the drain began; undefined until the first echo. */
  queueMs: number | undefined;
  reviewAt: number;
  /** True if an earlier drain left the queue as it was. */
  readonly inVain: boolean;
}

export class AutoRate {
  #rate = SLOW_BYTES_PER_SECOND;
  #started = false;
  readonly #bases = new BaseDelays();
  readonly #queues: number[] = [];
  #returns: readonly Return[] = [];
  /** Delivered rate when the last queue showed; undefined before the first queue. */
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

  /** Whether an echo has come. Until then, probe each neighbour that data will go to. */
  get started(): boolean {
    return this.#started;
  }

  /** Whether no queue has shown so far. */
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

  /** The oldest unanswered probe left at `sentAt`. Call each time the next probe is due. */
  noteSilence(now: number, path: string, sentAt: number): void {
    // An unanswered probe shows that a queue exists, but not whether it shrinks.
    if (this.#drain) return;
    const baseMs = this.#bases.of(path) ?? Number.POSITIVE_INFINITY;
    const queueMs = now - sentAt - baseMs;
    if (queueMs <= QUEUE_MS) return;
    this.#noteQueue(queueMs);
    this.#decide(now, sentAt);
  }

  #noteReturn(one: Return): void {
    const recent = this.#returns.filter(({ at }) => one.at - at <= RATE_SPAN_MS);
    // An echo that was overtaken came by a longer path: it tells nothing of the rate.
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
      // The line carries less than was thought. Or it carries just what we send: then once.
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

  /** What the line carries, by the latest echoes with a queue in front of them. */
  #deliveredRate(): number | undefined {
    const calm = this.#returns.findLastIndex(({ queueMs }) => queueMs < CALM_MS);
    return rateOf(this.#returns.slice(calm + 1), ({ at }) => at);
  }

  #sentRate(): number | undefined {
    return rateOf(this.#returns.slice(-SAMPLES), ({ sentAt }) => sentAt);
  }
}

/** Undefined over too short a time: after a pause of the process, echoes come all at once. */
function rateOf(returns: readonly Return[], time: (one: Return) => number): number | undefined {
  const [first] = returns;
  const last = returns.at(-1);
  if (!first || !last) return undefined;
  const ms = time(last) - time(first);
  return ms >= LEAST_SPAN_MS ? ((last.sentBytes - first.sentBytes) / ms) * 1000 : undefined;
}

/** Time until a queue has drained, and 300 ms more: half of the rate is free for it. */
const drainMs = (queueMs: number): number => 300 + queueMs / (1 - DRAIN_SHARE);
