// Tells whether something queues in front of an uplink that is not paced. Neighbours to which
// nothing is being sent are probed: their probes wait for the line alone, and not behind a piece in
// the same socket. They answer with the time of arrival by their own clock, so what queues on the
// way back does not count either. Clocks differ by an amount that is part of every delay on a path,
// and so of its base.
//
// - A path's queue is the least of its delays of the last 2 s, less its base: one that was held up
//   says nothing, and TCP fills and empties a buffer more often than that.
// - The line's queue is the lower median of its paths: a receiver that is slow itself, or lies, says
//   nothing.
// - Once the queue has been long, the line has a buffer that TCP fills, and will again: that is final.
//
// Pure: time comes in as an argument.
import { BaseDelays } from './base-delays.ts';

/**
 * A longer delay is worth pacing. A phone call bears 150 ms (ITU-T G.114). Linux lets each socket keep
 * two segments in the queue of its own host, which are 40 ms for eight neighbours at 5 Mbit/s.
 */
const QUEUE_MS = 100;
/** Time over which a path's least delay counts. */
const SPAN_MS = 2000;
/** A path that was looked at for less time, or fewer times, tells nothing. */
const LEAST_MS = 1500;
const LEAST_SAMPLES = 4;

interface Sample {
  readonly at: number;
  readonly excessMs: number;
}

export class LineWatch {
  readonly #bases = new BaseDelays();
  readonly #paths = new Map<string, Sample[]>();
  #queued = false;

  /** Whether the line has been seen to have a queue. */
  get isQueued(): boolean {
    return this.#queued;
  }

  /**
   * A probe has been answered.
   *
   * @param delayMs its arrival by the other's clock less its departure by ours
   */
  note(now: number, path: string, delayMs: number): void {
    if (this.#queued) return;
    const excessMs = delayMs - this.#bases.note(now, path, delayMs);
    const samples = this.#paths.get(path) ?? [];
    samples.push({ at: now, excessMs });
    this.#paths.set(path, samples);
    this.#forgetBefore(now - SPAN_MS);
    this.#queued = this.#queueMs(now) > QUEUE_MS;
    if (this.#queued) this.#paths.clear();
  }

  #forgetBefore(at: number): void {
    for (const [path, samples] of this.#paths) {
      while (samples[0] && samples[0].at < at) samples.shift();
      if (samples.length === 0) this.#paths.delete(path);
    }
  }

  #queueMs(now: number): number {
    const queues: number[] = [];
    for (const samples of this.#paths.values()) {
      const [first] = samples;
      if (!first || samples.length < LEAST_SAMPLES || now - first.at < LEAST_MS) continue;
      queues.push(Math.min(...samples.map(({ excessMs }) => excessMs)));
    }
    queues.sort((a, b) => a - b);
    return queues[(queues.length - 1) >> 1] ?? 0;
  }
}
