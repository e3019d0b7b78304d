// The giving side: offers the uplink's turns, and sees each through to the
// receiver's have. Decides how many turns are open (window), to whom they go
// (choker) and which pieces a complete peer hints at: those with the fewest
// copies, never one that another open offer hints at, so that an origin sends
// nothing twice while a piece unsent remains. A turn that its neighbour lets lie
// soon counts no more, and such neighbours are offered turns ever more rarely: who
// sleeps, or only seems to want pieces, cannot keep the uplink from the others.
import type { Choker } from './choker.ts';
import type { Grant, Neighbour } from './neighbour.ts';
import type { SwarmState } from './state.ts';
import { TurnWindow } from './window.ts';

/** Hints of one offer: the first can nearly always be used, the rest are spares. */
const HINTS = 3;
/** An offer unanswered for so long is withdrawn. */
const ANSWER_WITHIN_MS = 2000;
/** Offers withdrawn in a row until a neighbour counts as not interested. */
const MISSED_GRANTS = 3;
/** A piece not acknowledged for so long after it was sent no longer holds a turn. */
const ACKNOWLEDGE_WITHIN_MS = 5000;
/** An offer unanswered, or a piece not acknowledged, for so long lets others go first. Chosen. */
const OVERDUE_MS = 500;
/** Of an upload that is not taken; then it is given up. Chosen. */
const STALLED_FOR_MS = 30_000;
/** Turns that one neighbour may let lie at once, before and after one led to a have. */
const IDLE_TURNS_AT_FIRST = 1;
const IDLE_TURNS = 2;
/** What a turn of which nothing came counts: one declined at once held nobody up. */
const DECLINED = 1;
const CANCELLED = 2;
const LET_LIE = 4;
/** What costs nothing until a turn leads to a have; beyond it each count doubles the wait. */
const FREE_WASTE = 8;
const WAIT_MS = 125;
const LONGEST_WAIT_MS = 30_000;

export class Uploads {
  readonly #state: SwarmState;
  readonly #choker: Choker;
  readonly #window = new TurnWindow();
  readonly #hinted = new Set<number>();
  /** Turns that are open: offered, bound or on the way, and not left to lie. */
  #turns = 0;
  #nextGrant = 0;

  constructor(state: SwarmState, choker: Choker) {
    this.#state = state;
    this.#choker = choker;
  }

  setCap(bytesPerSecond: number): void {
    this.#window.setCap(bytesPerSecond);
  }

  /** Offers free turns while somebody wants them. Call once at the end of a step. */
  offer(now: number): void {
    const { have, geometry, rng } = this.#state;
    if (have.count === 0) return;
    const most = this.#window.size(geometry.length(0));
    while (this.#turns < most) {
      const neighbour = this.#choker(this.#candidates(now), rng);
      if (!neighbour) return;
      this.#offerTo(neighbour, now);
    }
  }

  *#candidates(now: number): Generator<Neighbour> {
    for (const neighbour of this.#state.neighbours.values()) {
      if (!neighbour.peerInterested || now < neighbour.turnsFrom) continue;
      const idle = neighbour.turnsDone > 0 ? IDLE_TURNS : IDLE_TURNS_AT_FIRST;
      if (neighbour.idleTurns < idle) yield neighbour;
    }
  }

  #offerTo(neighbour: Neighbour, now: number): void {
    const id = this.#nextGrant++;
    const hints = this.#state.have.isFull ? this.#pickHints(neighbour) : [];
    for (const hint of hints) this.#hinted.add(hint);
    neighbour.grants.set(id, {
      id,
      hints,
      offeredAt: now,
      piece: undefined,
      sentAt: undefined,
      counted: true,
      stalledAt: undefined,
    });
    this.#turns++;
    this.#state.outbox.send(neighbour, { type: 'grant', grant: id, hints: [...hints] });
  }

  #pickHints(neighbour: Neighbour): number[] {
    const { copies } = this.#state;
    const hints: number[] = [];
    for (let place = 0; place < copies.size && hints.length < HINTS; place++) {
      const piece = copies.at(place);
      if (!neighbour.has(piece) && !this.#hinted.has(piece)) hints.push(piece);
    }
    return hints;
  }

  /** The neighbour binds its turn to a piece. Returns a violation's reason, if it is one. */
  handleRequest(neighbour: Neighbour, id: number, piece: number, now: number): string | undefined {
    if (piece >= this.#state.geometry.pieceCount) return `a request of piece ${piece}`;
    const grant = neighbour.grants.get(id);
    if (!grant) {
      if (id >= this.#nextGrant) return 'a request without a grant';
      // An offer that was withdrawn meanwhile: who asks so late has woken up.
      if (neighbour.missedGrants >= MISSED_GRANTS) neighbour.peerInterested = true;
      neighbour.missedGrants = 0;
      neighbour.turnsFrom = now;
      return undefined;
    }
    if (grant.piece !== undefined) return 'a second request on one grant';
    if (!this.#state.have.has(piece)) return `a request of piece ${piece}, which was not announced`;
    this.#unhint(grant);
    grant.piece = piece;
    this.#count(neighbour, grant);
    neighbour.missedGrants = 0;
    this.#state.copies.increment(piece);
    this.#window.noteRequest(now - grant.offeredAt);
    this.#state.outbox.push({ type: 'upload', neighbour: neighbour.id, piece });
    return undefined;
  }

  handleDecline(neighbour: Neighbour, id: number, now: number): void {
    const grant = neighbour.grants.get(id);
    if (!grant || grant.piece !== undefined) return;
    neighbour.peerInterested = false;
    neighbour.missedGrants = 0;
    this.#waste(neighbour, DECLINED, now);
    this.#close(neighbour, grant);
  }

  handleCancel(neighbour: Neighbour, piece: number, now: number): void {
    for (const grant of neighbour.grants.values()) {
      if (grant.piece !== piece) continue;
      this.#waste(neighbour, CANCELLED, now);
      this.#stop(neighbour, grant);
      this.#close(neighbour, grant);
    }
  }

  handleFinished(neighbour: Neighbour, piece: number, now: number): void {
    for (const grant of neighbour.grants.values()) {
      if (grant.piece !== piece) continue;
      grant.sentAt ??= now;
      grant.stalledAt = undefined;
      neighbour.allowance.earnPiece();
    }
  }

  /** The neighbour takes nothing of what it asked for: others go first. */
  handleStalled(neighbour: Neighbour, piece: number, now: number): void {
    for (const grant of neighbour.grants.values()) {
      if (grant.piece !== piece || grant.sentAt !== undefined) continue;
      grant.stalledAt ??= now;
      this.#discount(neighbour, grant);
    }
  }

  handleFailed(neighbour: Neighbour, piece: number): void {
    for (const grant of neighbour.grants.values()) {
      if (grant.piece === piece) this.#revoke(neighbour, grant);
    }
  }

  /**
   * The neighbour has the piece now. Returns true when it was on the way from us,
   * and so counted as a copy already.
   */
  handleHave(neighbour: Neighbour, piece: number, now: number): boolean {
    if (neighbour.unacknowledged.delete(piece)) return true;
    for (const grant of neighbour.grants.values()) {
      if (grant.piece !== piece) continue;
      const sentAt = grant.sentAt ?? now;
      this.#window.noteHave(now, now - sentAt, this.#state.geometry.length(piece));
      // Had from elsewhere before ours was through: the rest need not be sent.
      if (grant.sentAt === undefined) this.#stop(neighbour, grant);
      this.#end(neighbour, grant);
      neighbour.turnsDone++;
      neighbour.waste = 0;
      neighbour.turnsFrom = now;
      return true;
    }
    return false;
  }

  handleLeft(neighbour: Neighbour): void {
    for (const piece of neighbour.unacknowledged) this.#state.copies.decrement(piece);
    for (const grant of neighbour.grants.values()) {
      this.#stop(neighbour, grant);
      this.#close(neighbour, grant);
    }
  }

  /** Withdraws what was not answered. Must be called a few times a second. */
  sweep(now: number): void {
    for (const neighbour of this.#state.neighbours.values()) {
      for (const grant of neighbour.grants.values()) {
        if (grant.piece === undefined) this.#sweepOffer(neighbour, grant, now);
        else if (grant.sentAt !== undefined) {
          this.#sweepSent(neighbour, grant, grant.piece, now - grant.sentAt, now);
        } else if (now - (grant.stalledAt ?? now) > STALLED_FOR_MS) {
          this.#waste(neighbour, LET_LIE, now);
          this.#stop(neighbour, grant);
          this.#revoke(neighbour, grant);
        }
      }
    }
  }

  #sweepOffer(neighbour: Neighbour, grant: Grant, now: number): void {
    const age = now - grant.offeredAt;
    if (age > OVERDUE_MS) this.#discount(neighbour, grant);
    if (age <= ANSWER_WITHIN_MS) return;
    if (++neighbour.missedGrants >= MISSED_GRANTS) neighbour.peerInterested = false;
    this.#waste(neighbour, LET_LIE, now);
    this.#revoke(neighbour, grant);
  }

  #sweepSent(neighbour: Neighbour, grant: Grant, piece: number, age: number, now: number): void {
    if (age > OVERDUE_MS) this.#discount(neighbour, grant);
    if (age <= ACKNOWLEDGE_WITHIN_MS) return;
    // It left here whole, so it counts as a copy: only the turn ends.
    neighbour.unacknowledged.add(piece);
    this.#waste(neighbour, LET_LIE, now);
    this.#end(neighbour, grant);
  }

  /** Nothing came of a turn: the next is offered later, and later each time. */
  #waste(neighbour: Neighbour, weight: number, now: number): void {
    neighbour.waste += weight;
    const over = neighbour.waste - FREE_WASTE;
    if (over <= 0) return;
    neighbour.turnsFrom = now + Math.min(WAIT_MS * 2 ** over, LONGEST_WAIT_MS);
  }

  /** The turn is let lie: another may be offered in its place. */
  #discount(neighbour: Neighbour, grant: Grant): void {
    if (!grant.counted) return;
    grant.counted = false;
    neighbour.idleTurns++;
    this.#turns--;
  }

  #count(neighbour: Neighbour, grant: Grant): void {
    if (grant.counted) return;
    grant.counted = true;
    neighbour.idleTurns--;
    this.#turns++;
  }

  #end(neighbour: Neighbour, grant: Grant): void {
    neighbour.grants.delete(grant.id);
    if (grant.counted) this.#turns--;
    else neighbour.idleTurns--;
  }

  #revoke(neighbour: Neighbour, grant: Grant): void {
    this.#state.outbox.send(neighbour, { type: 'revoke', grant: grant.id });
    this.#close(neighbour, grant);
  }

  #stop(neighbour: Neighbour, grant: Grant): void {
    if (grant.piece === undefined || grant.sentAt !== undefined) return;
    this.#state.outbox.push({
      type: 'stop_upload',
      neighbour: neighbour.id,
      piece: grant.piece,
    });
  }

  /** Ends a turn that did not lead to a have. */
  #close(neighbour: Neighbour, grant: Grant): void {
    this.#unhint(grant);
    if (grant.piece !== undefined) this.#state.copies.decrement(grant.piece);
    this.#end(neighbour, grant);
  }

  #unhint(grant: Grant): void {
    for (const hint of grant.hints) this.#hinted.delete(hint);
  }
}
