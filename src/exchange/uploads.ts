// The giving side: offers grants of the uplink, and follows each until the receiver has the piece.
// It decides how many grants are open (window), when the next one is due (forecast), which
// neighbour gets it (choker), and which pieces a complete peer hints at. Hints are the pieces with
// the fewest copies, and never one that another open grant hints at: so an origin sends nothing
// twice while a piece is unsent. A grant that stays unanswered for 1 s no longer counts as open.
import type { Choker } from './choker.ts';
import { UplinkForecast } from './forecast.ts';
import type { Neighbour } from './neighbour/neighbour.ts';
import type { Grant } from './neighbour/taker.ts';
import { Spread } from './spread.ts';
import { isDone, type SwarmState } from './state.ts';
import { GrantWindow } from './window.ts';

/** Hints of one grant: the first is nearly always usable, the others are spares. */
const HINTS = 3;
/** Time after which an unanswered grant is revoked. */
const ANSWER_WITHIN_MS = 2000;
/** Time after which a sent grant ends, even without the receiver's have. */
const ACKNOWLEDGE_WITHIN_MS = 5000;
/**
 * Time after which an unanswered grant, or a sent one without a have, is idle. On a slow line an
 * answer waits behind a piece: 256 KiB take 420 ms at 5 Mbit/s. With 500 ms the origin had sent 1.20
 * copies there and the swarm reached 0.82 of its bound; with 1 s 1.06 and 0.90 (8 receivers of
 * 16 MiB, kernel links).
 */
const OVERDUE_MS = 1000;
/** Time after which an upload of which the neighbour takes no byte is given up. Chosen. */
const STALLED_FOR_MS = 30_000;

export class Uploads {
  readonly #state: SwarmState;
  readonly #choker: Choker;
  readonly #window: GrantWindow;
  readonly #forecast = new UplinkForecast();
  readonly #spread = new Spread();
  readonly #hinted = new Set<number>();
  /** Grants that are unanswered and not idle, oldest first. */
  readonly #unanswered = new Set<Grant>();
  /** Number of open grants: offered, bound or sent, and not idle. */
  #open = 0;
  #nextGrant = 0;
  /** When the next grant is due; Infinity if time alone makes none due. */
  offerAt = Number.POSITIVE_INFINITY;

  /** @param openGrants grants open at once; measured when left out */
  constructor(state: SwarmState, choker: Choker, openGrants?: number) {
    this.#state = state;
    this.#choker = choker;
    this.#window = new GrantWindow(openGrants);
  }

  setCap(bytesPerSecond: number): void {
    this.#window.setCap(bytesPerSecond);
    this.#forecast.setCap(bytesPerSecond);
  }

  /** Offers the due grants to interested neighbours. Call once at the end of a step. */
  offer(now: number): void {
    this.offerAt = Number.POSITIVE_INFINITY;
    if (this.#state.have.count === 0) return;
    for (;;) {
      const dueAt = this.#nextDueAt(now);
      if (dueAt > now) {
        this.offerAt = dueAt;
        return;
      }
      const neighbour = this.#choker.pick(this.#candidates(now), this.#state.rng, now);
      if (!neighbour) return;
      this.#offerTo(neighbour, now);
    }
  }

  /**
   * When the next grant is due: so early that its answer is here when the uplink falls free, and
   * not while the window is full. A grant that is not answered within the lead time counts as lost
   * and delays nothing.
   */
  #nextDueAt(now: number): number {
    const lead = this.#window.leadMs;
    let late = 0;
    let answersFrom = Number.NEGATIVE_INFINITY;
    let lateAt = Number.POSITIVE_INFINITY;
    for (const { offeredAt } of this.#unanswered) {
      if (offeredAt + lead > now) {
        answersFrom = offeredAt;
        lateAt = offeredAt + lead;
        break;
      }
      late++;
    }
    const length = this.#state.geometry.typicalLength;
    if (this.#open >= this.#window.most(length)) return Number.POSITIVE_INFINITY;
    if (this.#open - late >= this.#window.size(length)) return lateAt;
    const prompt = this.#unanswered.size - late;
    const freeAt =
      Math.max(this.#forecast.freeAt, answersFrom) + prompt * this.#forecast.msToSend(length);
    return Math.min(freeAt - lead, lateAt);
  }

  *#candidates(now: number): Generator<Neighbour> {
    const since = now - this.#window.leadMs;
    for (const neighbour of this.#state.neighbours.values()) {
      if (neighbour.taker.mayTake(since, now)) yield neighbour;
    }
  }

  #offerTo(neighbour: Neighbour, now: number): void {
    const id = this.#nextGrant++;
    const hints = isDone(this.#state) ? this.#pickHints(neighbour) : [];
    for (const hint of hints) this.#hinted.add(hint);
    const grant: Grant = {
      id,
      hints,
      offeredAt: now,
      piece: undefined,
      sentAt: undefined,
      counted: true,
      stalledAt: undefined,
    };
    neighbour.taker.grants.set(id, grant);
    this.#unanswered.add(grant);
    this.#open++;
    this.#state.outbox.send(neighbour, { type: 'grant', grant: id, hints: [...hints] });
  }

  #pickHints(neighbour: Neighbour): number[] {
    const { copies, have } = this.#state;
    const hints: number[] = [];
    for (let place = 0; place < copies.size && hints.length < HINTS; place++) {
      const piece = copies.at(place);
      // The rarest pieces are hinted already, so that is looked at first.
      if (!this.#hinted.has(piece) && have.has(piece) && !neighbour.has(piece)) hints.push(piece);
    }
    return hints;
  }

  /** The neighbour binds its grant to a piece. Returns a violation's reason, if it is one. */
  handleRequest(neighbour: Neighbour, id: number, piece: number, now: number): string | undefined {
    if (piece >= this.#state.geometry.pieceCount) return `a request of piece ${piece}`;
    const { taker } = neighbour;
    const grant = taker.grants.get(id);
    if (!grant) {
      if (id >= this.#nextGrant) return 'a request without a grant';
      taker.noteLateAnswer(now);
      return undefined;
    }
    if (grant.piece !== undefined) return 'a second request on one grant';
    if (this.#state.lost.has(piece)) {
      this.#revoke(neighbour, grant);
      return undefined;
    }
    if (!this.#state.have.has(piece)) return `a request of piece ${piece}, which was not announced`;
    this.#unhint(grant);
    this.#unanswered.delete(grant);
    grant.piece = piece;
    this.#count(neighbour, grant);
    this.#forecast.noteBound(now, this.#state.geometry.length(piece));
    taker.noteAnswer();
    this.#state.copies.increment(piece);
    this.#window.noteRequest(now - grant.offeredAt);
    this.#state.outbox.push({ type: 'upload', neighbour: neighbour.id, piece });
    return undefined;
  }

  handleDecline(neighbour: Neighbour, id: number, now: number): void {
    const { taker } = neighbour;
    const grant = taker.grants.get(id);
    if (!grant || grant.piece !== undefined) return;
    taker.peerInterested = false;
    taker.noteAnswer();
    taker.noteWaste(grant, 'declined', now);
    this.#close(neighbour, grant);
  }

  handleCancel(neighbour: Neighbour, piece: number, now: number): void {
    for (const grant of neighbour.taker.grants.values()) {
      if (grant.piece !== piece) continue;
      neighbour.taker.noteWaste(grant, 'cancelled', now);
      this.#stop(neighbour, grant);
      this.#close(neighbour, grant);
    }
  }

  handleFinished(neighbour: Neighbour, piece: number, now: number): void {
    for (const grant of neighbour.taker.grants.values()) {
      if (grant.piece !== piece || grant.sentAt !== undefined) continue;
      // A stalled upload is not in the forecast any more.
      if (grant.stalledAt === undefined) {
        this.#forecast.noteSent(now, this.#state.geometry.length(piece));
      }
      grant.sentAt = now;
      grant.stalledAt = undefined;
      neighbour.taker.served.add(now);
      neighbour.messageBudget.earnPiece();
    }
  }

  /** The neighbour takes no byte of the piece that it asked for: others go first. */
  handleStalled(neighbour: Neighbour, piece: number, now: number): void {
    for (const grant of neighbour.taker.grants.values()) {
      if (grant.piece !== piece || grant.sentAt !== undefined) continue;
      this.#unforecast(grant);
      grant.stalledAt ??= now;
      this.#discount(neighbour, grant);
    }
  }

  handleFailed(neighbour: Neighbour, piece: number): void {
    for (const grant of neighbour.taker.grants.values()) {
      if (grant.piece !== piece || grant.sentAt !== undefined) continue;
      this.#unforecast(grant);
      this.#revoke(neighbour, grant);
    }
  }

  /**
   * The neighbour has the piece now. Returns true if the piece was on its way from us, and so
   * counted as a copy already.
   */
  handleHave(neighbour: Neighbour, piece: number, now: number): boolean {
    const isOurs = this.#endGrant(neighbour, piece, now);
    if (isOurs) this.#spread.noteGiven(piece, neighbour, this.#state.copies.count(piece));
    else this.#spread.takeSource(piece)?.taker.credit.add(now);
    return isOurs;
  }

  #endGrant(neighbour: Neighbour, piece: number, now: number): boolean {
    const { taker } = neighbour;
    if (taker.unacknowledged.delete(piece)) {
      taker.noteDone(now);
      return true;
    }
    for (const grant of neighbour.taker.grants.values()) {
      if (grant.piece !== piece) continue;
      const sentAt = grant.sentAt ?? now;
      this.#window.noteHave(now, now - sentAt, this.#state.geometry.length(piece));
      // The piece came from elsewhere before ours was sent: the rest need not be sent.
      if (grant.sentAt === undefined) this.#stop(neighbour, grant);
      this.#end(neighbour, grant);
      taker.noteDone(now);
      return true;
    }
    return false;
  }

  handleLeft(neighbour: Neighbour): void {
    this.#spread.forget(neighbour);
    for (const piece of neighbour.taker.unacknowledged) this.#state.copies.decrement(piece);
    for (const grant of neighbour.taker.grants.values()) {
      this.#stop(neighbour, grant);
      this.#close(neighbour, grant);
    }
  }

  /** Revokes grants that were not answered in time. Call it a few times a second. */
  sweep(now: number): void {
    for (const neighbour of this.#state.neighbours.values()) {
      for (const grant of neighbour.taker.grants.values()) {
        if (grant.piece === undefined) this.#sweepOffer(neighbour, grant, now);
        else if (grant.sentAt !== undefined) {
          this.#sweepSent(neighbour, grant, grant.piece, now - grant.sentAt, now);
        } else if (now - (grant.stalledAt ?? now) > STALLED_FOR_MS) {
          neighbour.taker.noteWaste(grant, 'idle', now);
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
    neighbour.taker.noteMissed();
    neighbour.taker.noteWaste(grant, 'idle', now);
    this.#revoke(neighbour, grant);
  }

  #sweepSent(neighbour: Neighbour, grant: Grant, piece: number, age: number, now: number): void {
    if (age > OVERDUE_MS) this.#discount(neighbour, grant);
    if (age <= ACKNOWLEDGE_WITHIN_MS) return;
    // The piece left here whole, so it still counts as a copy: only the grant ends.
    neighbour.taker.unacknowledged.add(piece);
    neighbour.taker.noteWaste(grant, 'idle', now);
    this.#end(neighbour, grant);
  }

  /** The grant is idle: another may be offered in its place. */
  #discount(neighbour: Neighbour, grant: Grant): void {
    if (!grant.counted) return;
    neighbour.taker.discount(grant);
    this.#unanswered.delete(grant);
    this.#open--;
  }

  #count(neighbour: Neighbour, grant: Grant): void {
    if (grant.counted) return;
    neighbour.taker.count(grant);
    this.#open++;
  }

  #end(neighbour: Neighbour, grant: Grant): void {
    neighbour.taker.end(grant);
    if (grant.counted) this.#open--;
  }

  #revoke(neighbour: Neighbour, grant: Grant): void {
    this.#state.outbox.send(neighbour, { type: 'revoke', grant: grant.id });
    this.#close(neighbour, grant);
  }

  #stop(neighbour: Neighbour, grant: Grant): void {
    if (grant.piece === undefined || grant.sentAt !== undefined) return;
    this.#unforecast(grant);
    this.#state.outbox.push({
      type: 'stop_upload',
      neighbour: neighbour.id,
      piece: grant.piece,
    });
  }

  /** Takes the grant's piece out of the forecast: it is not sent, or not now. */
  #unforecast({ piece, stalledAt }: Grant): void {
    if (piece === undefined || stalledAt !== undefined) return;
    this.#forecast.noteDropped(this.#state.geometry.length(piece));
  }

  /** Ends a grant that did not lead to a have. */
  #close(neighbour: Neighbour, grant: Grant): void {
    this.#unhint(grant);
    this.#unanswered.delete(grant);
    if (grant.piece !== undefined) this.#state.copies.decrement(grant.piece);
    this.#end(neighbour, grant);
  }

  #unhint(grant: Grant): void {
    for (const hint of grant.hints) this.#hinted.delete(hint);
  }
}
