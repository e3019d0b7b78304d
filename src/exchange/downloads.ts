// The taking side: which pieces are wanted, from whom they are coming, and what happens when they
// arrive or do not. A piece comes whole from one neighbour, so that blame is certain. A piece is
// wanted while it is missing and nobody is sending it, or only one that never gave a piece and is
// silent; towards the end, when all is on its way, also while its source is slow. The copy that
// comes second is cancelled. What a slow source holds is not counted as on its way, so that none
// can keep the others waiting. Of equal pieces one is wanted (stand-ins.ts).
import { blameForStalls, blameForStrayBlocks } from './neighbour/blame.ts';
import type { Neighbour } from './neighbour/neighbour.ts';
import { smooth } from './neighbour/smooth.ts';
import { type Fetch, PIECE_TIME_GAIN } from './neighbour/source.ts';
import type { Picker } from './picker.ts';
import type { PieceRanking } from './ranking.ts';
import { copiesToCome, standIns } from './stand-ins.ts';
import type { SwarmState } from './state.ts';
import { Wanted } from './wanted.ts';
import { WebSeeds } from './web-seeds.ts';

/** A piece that takes so long is slow. */
const SLOW_MS = 5000;
/** In the endgame a piece is asked for again when it takes this much longer than usual. */
const RESCUE_FACTOR = 3;
const RESCUE_MS = 1000;

export interface DownloadOptions {
  picker: Picker;
  /** Bytes that may be on their way to us, or being stored, at once. */
  inFlightLimit: number;
  /** Groups of equal pieces. */
  equals?: readonly (readonly number[])[] | undefined;
  /** This peer's PeerId. */
  self: string;
}

export class Downloads {
  readonly #state: SwarmState;
  readonly #picker: Picker;
  readonly #webSeeds: WebSeeds;
  readonly #equals: readonly (readonly number[])[];
  /** Bytes that may be on their way to us, or being stored, at once. */
  inFlightLimit: number;
  readonly #wanted: Wanted;
  /** Pieces handed to the store, by the neighbour they came from. */
  readonly #storing = new Map<number, Neighbour>();
  /** Of pieces on their way or being stored: what they take of memory. */
  #inFlightBytes = 0;
  #pieceMs: number | undefined;
  /** Neighbours in which our interest may have changed since it was told. */
  readonly #unsettled = new Set<Neighbour>();
  #hadRoom = true;
  /** Payload that came for pieces already here. */
  duplicateBytes = 0;

  constructor(state: SwarmState, options: DownloadOptions) {
    this.#state = state;
    this.#picker = options.picker;
    this.#webSeeds = new WebSeeds(state, options.self);
    this.#equals = options.equals ?? [];
    this.inFlightLimit = options.inFlightLimit;
    this.#wanted = new Wanted(state);
    for (const piece of copiesToCome(this.#equals, state.have)) this.#setWanted(piece, false);
  }

  /** The missing pieces, rarest first. */
  get missing(): PieceRanking {
    return this.#wanted.missing;
  }

  /** A neighbour has this piece (hello or have). */
  handleHave(neighbour: Neighbour, piece: number, now: number): void {
    if (this.#wanted.isWanted(piece)) {
      this.#changeWanted(neighbour, 1);
      this.#webSeeds.noteHave(neighbour, this.missing.count(piece), now);
    }
    this.missing.increment(piece);
  }

  /** A neighbour has this piece no more. Returns whether it is missing here. */
  handleWithdrawn(neighbour: Neighbour, piece: number): boolean {
    const isMissing = this.missing.isRanked(piece);
    this.missing.decrement(piece);
    if (this.#wanted.isWanted(piece)) this.#changeWanted(neighbour, -1);
    return isMissing;
  }

  #changeWanted(neighbour: Neighbour, change: 1 | -1): void {
    const { source } = neighbour;
    const before = source.wanted;
    source.wanted += change;
    if (before === 0 || source.wanted === 0) this.#unsettled.add(neighbour);
  }

  /**
   * Tells neighbours in which our interest has changed. Call once at the end of a step:
   * it walks those that may have, since an origin's neighbours are the whole swarm.
   */
  tellInterest(now: number): void {
    const hasRoom = this.hasRoom;
    const { neighbours } = this.#state;
    const unsettled = hasRoom === this.#hadRoom ? this.#unsettled : neighbours.values();
    this.#hadRoom = hasRoom;
    for (const neighbour of unsettled) {
      // One that left meanwhile, with a piece of its being stored, is told nothing.
      if (neighbours.has(neighbour.id)) this.#tellInterest(neighbour, now);
    }
    this.#unsettled.clear();
  }

  /** At once that it arose. */
  #tellInterest(neighbour: Neighbour, now: number): void {
    const { telling, webSeed } = neighbour;
    const isOpen = this.#isOpen(neighbour, now);
    const interested =
      isOpen && (!webSeed || this.#webSeeds.pick(this.#wanted, neighbour, now) !== undefined);
    if (interested === telling.amInterested) return;
    telling.amInterested = interested;
    if (interested === telling.toldInterested) return;
    if (interested) this.#state.outbox.flush(neighbour);
    else this.#state.outbox.flushSoon(neighbour, now);
  }

  #pick(neighbour: Neighbour, hints: readonly number[], now: number): number | undefined {
    // To look through all pieces for one that it does not have would be work for nothing.
    if (!this.#isOpen(neighbour, now)) return undefined;
    if (neighbour.webSeed) return this.#webSeeds.pick(this.#wanted, neighbour, now);
    return this.#picker(this.#wanted, neighbour, hints);
  }

  #isOpen({ source }: Neighbour, now: number): boolean {
    return this.hasRoom && source.wanted > 0 && source.mayAsk(this.#state.blame, now);
  }

  /** Whether more may be asked for: what is on its way is bounded. */
  get hasRoom(): boolean {
    return this.#inFlightBytes < this.inFlightLimit;
  }

  /** A neighbour offers a grant: binds it to a piece, or declines. */
  handleGrant(neighbour: Neighbour, grant: number, hints: readonly number[], now: number): void {
    const { source, telling } = neighbour;
    const piece = this.#pick(neighbour, hints, now);
    if (piece === undefined) {
      telling.amInterested = false;
      telling.toldInterested = false;
      this.#unsettled.add(neighbour);
      this.#state.outbox.send(neighbour, { type: 'decline', grant });
      return;
    }
    this.#state.outbox.send(neighbour, { type: 'request', grant, piece });
    const fetch = { piece, grant, requestedAt: now, parts: [], received: 0, slow: false };
    source.begin(fetch);
    this.#webSeeds.noteAsked(neighbour, piece, now);
    this.#inFlightBytes += this.#state.geometry.length(piece);
    this.#unsettled.add(neighbour);
    if (source.isDoubted) this.#markSlow(neighbour, fetch);
    else this.#setWanted(piece, false);
  }

  /** A block arrived. Returns the reason to ban the neighbour, if there is one. */
  handleBlock(
    neighbour: Neighbour,
    block: { piece: number; begin: number; parts: readonly Uint8Array[]; length: number },
    now: number,
  ): string | undefined {
    const { piece, begin } = block;
    const { source } = neighbour;
    this.#webSeeds.noteBlock(neighbour, block.length, now);
    const fetch = source.fetches.get(piece);
    const length = this.#state.geometry.length(piece);
    if (!fetch || begin !== fetch.received || begin + block.length > length) {
      this.duplicateBytes += block.length;
      // Of a piece that was cancelled, and perhaps asked for again since.
      if (source.forgive(piece, block.length)) return undefined;
      if (!fetch) return blameForStrayBlocks(++source.strayBlocks);
      return `a block at ${begin} of piece ${piece} where ${fetch.received} was due`;
    }
    for (const part of block.parts) fetch.parts.push(part);
    fetch.received += block.length;
    source.noteProgress(block.length, fetch.received === length, now);
    if (fetch.received === length) this.#finish(neighbour, fetch, now);
    return undefined;
  }

  #finish(neighbour: Neighbour, fetch: Fetch, now: number): void {
    const { piece } = fetch;
    const parts = this.#drop(neighbour, fetch);
    const ms = now - fetch.requestedAt;
    neighbour.source.noteWhole(ms);
    this.#pieceMs = smooth(this.#pieceMs, ms, PIECE_TIME_GAIN);
    if (this.#state.have.has(piece) || this.#storing.has(piece)) {
      this.duplicateBytes += fetch.received;
      return;
    }
    this.#setWanted(piece, false);
    this.#storing.set(piece, neighbour);
    this.#inFlightBytes += fetch.received;
    neighbour.source.storing++;
    this.#state.outbox.push({ type: 'store', piece, parts, neighbour: neighbour.id });
    for (const other of this.#state.neighbours.values()) {
      if (other.source.fetches.has(piece) && other.source.isDoubted) other.source.noteDoubt(now);
      this.#cancel(other, piece);
    }
  }

  /** Returns the neighbour that sent the piece. */
  handleStored(piece: number, now: number): Neighbour | undefined {
    const giver = this.#takeStoring(piece);
    if (giver) {
      giver.source.noteGood(now);
      giver.taker.credit.add(now);
      giver.messageBudget.earnPiece();
    } else this.#endFetches(piece);
    this.missing.remove(piece);
    return giver;
  }

  /** It was copied from an equal one: what is on its way came too late. */
  #endFetches(piece: number): void {
    this.#setWanted(piece, false);
    for (const neighbour of this.#state.neighbours.values()) this.#cancel(neighbour, piece);
  }

  /** Wrong bytes: nothing was written. Returns the PeerId that sent them. */
  handleRefused(piece: number): string | undefined {
    const giver = this.#takeStoring(piece);
    this.#setWanted(piece, true);
    giver?.source.refused.add(piece);
    return giver?.id;
  }

  #takeStoring(piece: number): Neighbour | undefined {
    const giver = this.#storing.get(piece);
    if (giver) {
      this.#inFlightBytes -= this.#state.geometry.length(piece);
      giver.source.storing--;
      this.#unsettled.add(giver);
    }
    this.#storing.delete(piece);
    return giver;
  }

  /** It must not be the first to be asked again. */
  handleRevoke(neighbour: Neighbour, grant: number, now: number): void {
    for (const fetch of neighbour.source.fetches.values()) {
      if (fetch.grant !== grant) continue;
      this.#release(neighbour, fetch);
      neighbour.source.noteRevoked(now);
    }
  }

  handleLeft(neighbour: Neighbour): void {
    this.#unsettled.delete(neighbour);
    for (const fetch of neighbour.source.fetches.values()) this.#release(neighbour, fetch);
    if (neighbour.pieces) for (const piece of neighbour.pieces) this.missing.decrement(piece);
  }

  /** Sees to sources that stall. Call it a few times a second. */
  sweep(now: number): { neighbour: Neighbour; reason: string }[] {
    for (const piece of standIns(this.#equals, this.missing)) {
      this.#setWanted(piece, !this.#storing.has(piece) && !this.#isComing(piece));
    }
    const bans: { neighbour: Neighbour; reason: string }[] = [];
    const endgame = this.missing.size > 0 && this.#wanted.count === 0;
    for (const neighbour of this.#state.neighbours.values()) {
      // Some reasons not to ask pass with time.
      this.#unsettled.add(neighbour);
      const { source } = neighbour;
      if (source.isStalled(now)) {
        // However many pieces: who was asleep has let one chance go by.
        for (const fetch of neighbour.source.fetches.values()) this.#takeBack(neighbour, fetch);
        const reason = blameForStalls(source.noteStalled());
        if (reason !== undefined) bans.push({ neighbour, reason });
      }
      const silent = source.isSilent(this.#usualMs * RESCUE_FACTOR, now);
      for (const fetch of neighbour.source.fetches.values()) {
        const age = now - fetch.requestedAt;
        if (silent && !fetch.slow) this.#doubt(neighbour, fetch, now);
        if (age > SLOW_MS) this.#markSlow(neighbour, fetch);
        if (endgame && age > this.#usualMs * RESCUE_FACTOR) this.#setWanted(fetch.piece, true);
      }
    }
    return bans;
  }

  /** What it was asked for is asked of others as well: it may be a source of nothing. */
  #doubt(neighbour: Neighbour, fetch: Fetch, now: number): void {
    neighbour.source.noteDoubt(now);
    this.#markSlow(neighbour, fetch);
    this.#setWanted(fetch.piece, true);
  }

  #markSlow(neighbour: Neighbour, fetch: Fetch): void {
    if (fetch.slow) return;
    neighbour.source.markSlow(fetch);
    this.#inFlightBytes -= this.#state.geometry.length(fetch.piece);
  }

  get #usualMs(): number {
    return Math.max(this.#pieceMs ?? RESCUE_MS, RESCUE_MS / RESCUE_FACTOR);
  }

  #takeBack(neighbour: Neighbour, fetch: Fetch): void {
    this.#cancel(neighbour, fetch.piece);
    this.#setWanted(fetch.piece, !this.#isComing(fetch.piece));
  }

  /** No longer wanted from this neighbour: tells it, and forgives what still comes. */
  #cancel(neighbour: Neighbour, piece: number): void {
    const { source } = neighbour;
    const fetch = source.fetches.get(piece);
    if (!fetch) return;
    this.duplicateBytes += fetch.received;
    this.#drop(neighbour, fetch);
    source.excuse(piece, this.#state.geometry.length(piece) - fetch.received);
    this.#state.outbox.send(neighbour, { type: 'cancel', piece });
  }

  /** The neighbour does not send it after all. */
  #release(neighbour: Neighbour, fetch: Fetch): void {
    this.#drop(neighbour, fetch);
    if (this.#state.have.has(fetch.piece) || this.#storing.has(fetch.piece)) return;
    this.#setWanted(fetch.piece, !this.#isComing(fetch.piece));
  }

  #drop(neighbour: Neighbour, fetch: Fetch): Uint8Array[] {
    if (!fetch.slow) this.#inFlightBytes -= this.#state.geometry.length(fetch.piece);
    return neighbour.source.drop(fetch);
  }

  #isComing(piece: number): boolean {
    for (const { source } of this.#state.neighbours.values()) {
      if (source.fetches.has(piece) && !source.isDoubted) return true;
    }
    return false;
  }

  #setWanted(piece: number, wanted: boolean): void {
    if (!this.#wanted.set(piece, wanted)) return;
    for (const neighbour of this.#state.neighbours.values()) {
      if (neighbour.has(piece)) this.#changeWanted(neighbour, wanted ? 1 : -1);
    }
  }
}
