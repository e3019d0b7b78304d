// A neighbour as it takes pieces from us: the grants that it was offered, and what came of them. A
// neighbour that wastes grants gets the next one later each time. So a peer that sleeps, or only
// pretends to want pieces, cannot keep the uplink from the others.
import { DecayedCount } from './decayed.ts';

/** The right to take one piece from our uplink (see message.ts). */
export interface Grant {
  readonly id: number;
  readonly hints: readonly number[];
  readonly offeredAt: number;
  /** Set by the request. */
  piece: number | undefined;
  /** When the last block was handed to the network. */
  sentAt: number | undefined;
  /** Whether it counts as open; an idle grant does not. */
  counted: boolean;
  /** Since when the neighbour takes no byte of the piece. */
  stalledAt: number | undefined;
}

/** Weight of a wasted grant: one that is declined at once delayed no other. */
const WASTE = { declined: 1, cancelled: 2, idle: 4 } as const;

/** Waste that costs nothing; beyond it each count doubles the wait for the next grant. */
const FREE_WASTE = 8;
const WAIT_MS = 125;
const LONGEST_WAIT_MS = 30_000;
/** Most idle grants of a neighbour: before a grant led to a have, and after that. */
const MOST_IDLE_AT_FIRST = 1;
const MOST_IDLE = 2;
/** Revoked grants in a row after which a neighbour counts as not interested. */
const MOST_MISSED = 3;

export class Taker {
  /** Whether it wants something from us. */
  peerInterested = false;
  /** Open grants, by id. */
  readonly grants = new Map<number, Grant>();
  /** Pieces sent to it whole, without a have from it so far. */
  readonly unacknowledged = new Set<number>();
  /** Pieces that we sent it, lately. */
  readonly served = new DecayedCount();
  /** Good pieces that it gave us, or passed on to others, lately. */
  readonly credit = new DecayedCount();
  /** Grants in a row that it did not answer in time. */
  #missed = 0;
  /** Number of its idle grants: overdue, or their piece is not taken. */
  #idle = 0;
  /** Grants that led to a have. */
  #done = 0;
  /** Weight of the grants since the last have that brought nothing. */
  #waste = 0;
  /** When a grant last counted as wasted because it was idle. */
  #lastIdleAt = Number.NEGATIVE_INFINITY;
  /** No grant is offered to it before this time. */
  #offersFrom = Number.NEGATIVE_INFINITY;

  /**
   * Whether it may be offered a grant now.
   *
   * @param since an offer of then or before should have been answered
   */
  mayTake(since: number, now: number): boolean {
    if (!this.peerInterested || now < this.#offersFrom) return false;
    const most = this.#done > 0 ? MOST_IDLE : MOST_IDLE_AT_FIRST;
    return this.#idle < most && !this.#owesAnswer(since);
  }

  #owesAnswer(since: number): boolean {
    for (const { piece, offeredAt } of this.grants.values()) {
      if (piece === undefined && offeredAt <= since) return true;
    }
    return false;
  }

  /** Whether it wants something, or something is on its way to it. */
  get isTaking(): boolean {
    if (this.peerInterested || this.unacknowledged.size > 0) return true;
    for (const { piece } of this.grants.values()) if (piece !== undefined) return true;
    return false;
  }

  /** Pieces that we sent it lately, or are sending. */
  servedSoon(now: number): number {
    return this.served.at(now) + this.grants.size;
  }

  /** The grant is idle: another may be offered in its place. */
  discount(grant: Grant): void {
    grant.counted = false;
    this.#idle++;
  }

  /** The grant counts again. */
  count(grant: Grant): void {
    grant.counted = true;
    this.#idle--;
  }

  /** The grant is over. */
  end(grant: Grant): void {
    this.grants.delete(grant.id);
    if (!grant.counted) this.#idle--;
  }

  /** It answered an offer in time. */
  noteAnswer(): void {
    this.#missed = 0;
  }

  /** A grant to it was not answered until it was revoked. */
  noteMissed(): void {
    if (++this.#missed >= MOST_MISSED) this.peerInterested = false;
  }

  /** It answers a revoked grant: it was silent, and need not wait long for the next one. */
  noteLateAnswer(now: number): void {
    if (this.#missed >= MOST_MISSED) this.peerInterested = true;
    this.#missed = 0;
    this.#waste = Math.min(this.#waste, FREE_WASTE);
    this.#offersFrom = now;
  }

  /** A grant brought nothing. */
  noteWaste({ offeredAt }: Grant, kind: keyof typeof WASTE, now: number): void {
    // While a link is down, all its open grants are idle: that counts once.
    if (offeredAt < this.#lastIdleAt) return;
    if (kind === 'idle') this.#lastIdleAt = now;
    this.#waste += WASTE[kind];
    const over = this.#waste - FREE_WASTE;
    if (over <= 0) return;
    this.#offersFrom = now + Math.min(WAIT_MS * 2 ** over, LONGEST_WAIT_MS);
  }

  /** A grant led to a have. */
  noteDone(now: number): void {
    this.#done++;
    this.#waste = 0;
    this.#offersFrom = now;
  }
}
