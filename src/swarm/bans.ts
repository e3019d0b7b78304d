// Which peers this one has nothing to do with, by PeerId, for all files. A ban for a broken rule
// lasts as long as this process. A ban for load ends by itself, and is longer each time: a peer that
// was only too busy may come back.
import type { Clock } from '../runtime/clock.ts';
import { forgetOldest } from '../runtime/forget-oldest.ts';

/** Most bans remembered; then the oldest ends. Chosen. */
const MOST_BANNED = 16_384;
/** The first ban for load; each further one is twice as long, up to the second figure. Chosen. */
const LOAD_BAN_MS = 60_000;
const LONGEST_LOAD_BAN_MS = 60 * 60_000;

export class Bans {
  readonly #clock: Pick<Clock, 'now'>;
  /** Until when a peer is banned, and how long its last ban for load was. */
  readonly #banned = new Map<string, { readonly until: number; readonly ms: number }>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  has(peer: string): boolean {
    const ban = this.#banned.get(peer);
    return ban !== undefined && this.#clock.now() < ban.until;
  }

  /** Returns for how many milliseconds: Infinity for a broken rule. */
  add(peer: string, forLoad: boolean): number {
    const last = this.#banned.get(peer)?.ms ?? LOAD_BAN_MS / 2;
    const isForGood = !forLoad || last === Number.POSITIVE_INFINITY;
    const ms = isForGood ? Number.POSITIVE_INFINITY : Math.min(2 * last, LONGEST_LOAD_BAN_MS);
    // Delete first: the last to be banned is the last to be forgotten.
    this.#banned.delete(peer);
    this.#banned.set(peer, { until: this.#clock.now() + ms, ms });
    forgetOldest(this.#banned, MOST_BANNED);
    return ms;
  }
}
