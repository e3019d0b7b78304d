// One peer's part in the exchange of one file: step(now, event) -> effects. Owns the state, sorts
// what comes in, and after every step offers the grants that fell due. Knows no clock, no socket and
// no disk; equal events at equal times give equal effects.
import { Bitfield } from '../content/bitfield.ts';
import { invariant } from '../runtime/invariant.ts';
import { CHOKERS, type Choker } from './choker.ts';
import { Downloads } from './downloads.ts';
import type { SessionEffect } from './effect.ts';
import type { SessionEvent } from './event.ts';
import { inFlightLimit } from './in-flight-limit.ts';
import { introduce } from './introduce.ts';
import { Blame } from './neighbour/blame.ts';
import { Neighbour, type NeighbourKind } from './neighbour/neighbour.ts';
import { Outbox } from './outbox.ts';
import { mayLeave } from './parting.ts';
import { PICKERS } from './picker.ts';
import { PieceRanking } from './ranking.ts';
import type { SessionInit } from './session-init.ts';
import { isDone, type SwarmState } from './state.ts';
import { Uploads } from './uploads.ts';
import type { Message } from './wire/message.ts';
import { handleWithdraw, restore, tellLosses, withdraw } from './withdrawal.ts';

/** Time between two looks for stalls, in milliseconds. */
const SWEEP_MS = 250;
/** Interested neighbours from which on the uplink is busy: haves for others may wait. */
const ENOUGH_TAKERS = 3;

export class Session {
  readonly #state: SwarmState;
  readonly #uploads: Uploads;
  readonly #downloads: Downloads;
  readonly #file: Uint8Array;
  readonly #choker: Choker;
  #addresses: readonly string[];
  #sweepAt = Number.POSITIVE_INFINITY;

  constructor(init: SessionInit) {
    const { geometry, have, rng, downlinkBytesPerSecond = Number.POSITIVE_INFINITY } = init;
    invariant(have.length === geometry.pieceCount, 'have and geometry count the same pieces');
    this.#file = init.file;
    this.#addresses = init.addresses ?? [];
    this.#state = {
      geometry,
      have: Bitfield.tryFrom(have.toBytes(), have.length)!,
      lost: new Bitfield(have.length),
      losses: new Map(),
      neighbours: new Map(),
      copies: new PieceRanking(geometry.pieceCount, rng),
      outbox: new Outbox(),
      blame: new Blame(),
      rng,
    };
    this.#choker = CHOKERS[init.choker ?? 'cooperative'];
    this.#uploads = new Uploads(this.#state, this.#choker, init.openGrants);
    this.#downloads = new Downloads(this.#state, {
      picker: PICKERS[init.picker ?? 'rarest'],
      inFlightLimit: inFlightLimit(downlinkBytesPerSecond, geometry),
      equals: init.equals,
      self: init.self ?? '',
    });
  }

  /** The pieces that are here. Do not change it. */
  get have(): Bitfield {
    return this.#state.have;
  }

  /** Whether nothing is left to fetch. */
  get isComplete(): boolean {
    return isDone(this.#state);
  }

  get neighbourCount(): number {
    return this.#state.neighbours.size;
  }

  get missingPieces(): number {
    return this.#downloads.missing.size;
  }

  /** Those that no neighbour has. */
  get unavailablePieces(): number {
    return this.#downloads.missing.unknown;
  }

  /** Bytes that are asked for at once, of all neighbours together. */
  get inFlightLimit(): number {
    return this.#downloads.inFlightLimit;
  }

  /** Every neighbour has something that we want: more neighbours would send us more. */
  get isHungry(): boolean {
    return (
      this.#downloads.hasRoom &&
      [...this.#state.neighbours.values()].every(({ source }) => source.wanted > 0)
    );
  }

  /** Some neighbour still fetches. */
  get hasLeechers(): boolean {
    return [...this.#state.neighbours.values()].some(({ pieces }) => pieces && !pieces.isFull);
  }

  /** Whether a complete peer may go that has wanted to for so long (see parting.ts). */
  mayLeave(sinceMs: number): boolean {
    return mayLeave(this.#state, sinceMs);
  }

  /** The missing pieces that no neighbour has, ascending; takes time by their number. */
  listUnavailable(): number[] {
    return this.#downloads.missing.listUnknown();
  }

  /** Payload that came for nothing. */
  get duplicateBytes(): number {
    return this.#downloads.duplicateBytes;
  }

  /** When a `tick` is due (on the caller's clock); Infinity when none is. */
  get wakeAt(): number {
    return Math.min(this.#sweepAt, this.#state.outbox.flushAt, this.#uploads.offerAt);
  }

  /** Addresses for hellos from now on. */
  setAddresses(addresses: readonly string[]): void {
    this.#addresses = addresses;
  }

  step(now: number, event: SessionEvent): SessionEffect[] {
    this.#handle(now, event);
    if (now >= this.#state.outbox.flushAt) this.#state.outbox.flushDue(now);
    if (now >= this.#sweepAt) this.#sweep(now);
    this.#downloads.tellInterest(now);
    this.#uploads.offer(now);
    this.#scheduleSweep(now);
    return this.#state.outbox.take();
  }

  #handle(now: number, event: SessionEvent): void {
    switch (event.type) {
      case 'neighbour_joined':
        return this.#handleJoined(event.neighbour, event);
      case 'uplink_capped':
        return this.#uploads.setCap(event.bytesPerSecond);
      case 'downlink_capped':
        this.#downloads.inFlightLimit = inFlightLimit(event.bytesPerSecond, this.#state.geometry);
        return;
      case 'piece_stored':
        return this.#handleStored(event.piece, now);
      case 'piece_refused':
        return this.#handleRefused(event.piece);
      case 'pieces_lost':
        return withdraw(this.#state, event);
      case 'pieces_returned':
        return restore(this.#state, event);
      case 'tick':
        return;
      default:
        return this.#handleFrom(now, event);
    }
  }

  /** Events of a neighbour; those of one that left meanwhile mean nothing. */
  #handleFrom(now: number, event: Extract<SessionEvent, { neighbour: string }>): void {
    const neighbour = this.#state.neighbours.get(event.neighbour);
    if (!neighbour) return;
    switch (event.type) {
      case 'neighbour_left':
        return this.#remove(neighbour);
      case 'violation':
        return this.#ban(neighbour, event.reason);
      case 'upload_finished':
        return this.#uploads.handleFinished(neighbour, event.piece, now);
      case 'upload_failed':
        return this.#uploads.handleFailed(neighbour, event.piece);
      case 'upload_stalled':
        return this.#uploads.handleStalled(neighbour, event.piece, now);
      case 'message': {
        const reason = this.#handleMessage(neighbour, event.message, now);
        if (reason !== undefined) this.#ban(neighbour, reason);
      }
    }
  }

  #handleJoined(id: string, kind: NeighbourKind): void {
    invariant(!this.#state.neighbours.has(id), `${id} joined twice`);
    const neighbour = new Neighbour(id, kind);
    this.#state.neighbours.set(id, neighbour);
    this.#state.outbox.send(neighbour, {
      type: 'hello',
      file: this.#file,
      pieceCount: this.#state.geometry.pieceCount,
      addresses: [...this.#addresses],
      bitfield: this.#state.have.toBytes(),
    });
    tellLosses(this.#state, neighbour);
  }

  /** Returns a violation's reason, if the message is one. */
  #handleMessage(neighbour: Neighbour, message: Message, now: number): string | undefined {
    if (!neighbour.messageBudget.spend(message, now)) {
      this.#ban(neighbour, 'a flood of messages', true);
      return undefined;
    }
    if (message.type === 'hello') return this.#handleHello(neighbour, message, now);
    if (!neighbour.pieces) return `a ${message.type} before hello`;
    switch (message.type) {
      case 'have':
        return this.#handleHaves(neighbour, message.pieces, now);
      case 'interest':
        neighbour.taker.peerInterested = message.interested;
        return undefined;
      case 'grant':
        if (message.hints.some((piece) => piece >= this.#state.geometry.pieceCount)) {
          return 'a hint out of range';
        }
        this.#downloads.handleGrant(neighbour, message.grant, message.hints, now);
        return undefined;
      case 'request':
        return this.#uploads.handleRequest(neighbour, message.grant, message.piece, now);
      case 'decline':
        this.#uploads.handleDecline(neighbour, message.grant, now);
        return undefined;
      case 'revoke':
        this.#downloads.handleRevoke(neighbour, message.grant, now);
        return undefined;
      case 'block':
        if (message.piece >= this.#state.geometry.pieceCount) return 'a block out of range';
        return this.#downloads.handleBlock(neighbour, message, now);
      case 'cancel':
        this.#uploads.handleCancel(neighbour, message.piece, now);
        return undefined;
      case 'peers':
        neighbour.telling.noteNamed(message.addresses);
        this.#state.outbox.push({ ...message, type: 'peers_learned', neighbour: neighbour.id });
        return undefined;
      case 'withdraw':
        return handleWithdraw(this.#state, this.#downloads, neighbour, message);
    }
  }

  #handleHello(
    neighbour: Neighbour,
    hello: Extract<Message, { type: 'hello' }>,
    now: number,
  ): string | undefined {
    const { geometry, outbox } = this.#state;
    if (neighbour.pieces) return 'a second hello';
    if (hello.pieceCount !== geometry.pieceCount) {
      return `a hello of ${hello.pieceCount} pieces, where the file has ${geometry.pieceCount}`;
    }
    neighbour.pieces = Bitfield.tryFrom(hello.bitfield, geometry.pieceCount);
    if (!neighbour.pieces) return 'a hello with spare bits set';
    for (const piece of neighbour.pieces) {
      this.#state.copies.increment(piece);
      this.#downloads.handleHave(neighbour, piece, now);
    }
    neighbour.addresses = hello.addresses;
    outbox.push({ type: 'neighbour_met', neighbour: neighbour.id, pieces: neighbour.pieces.count });
    introduce(this.#state, neighbour, now);
    return undefined;
  }

  #handleHaves(neighbour: Neighbour, pieces: readonly number[], now: number): string | undefined {
    for (const piece of pieces) {
      if (piece >= this.#state.geometry.pieceCount) return 'a have out of range';
      if (neighbour.pieces!.has(piece)) continue;
      if (!this.#uploads.handleHave(neighbour, piece, now)) {
        if (this.isComplete && !this.#choker.tellsSeeds) continue;
        this.#state.copies.increment(piece);
      }
      neighbour.pieces!.add(piece);
      this.#downloads.handleHave(neighbour, piece, now);
    }
    return undefined;
  }

  #handleStored(piece: number, now: number): void {
    const { have, neighbours, outbox } = this.#state;
    const source = this.#downloads.handleStored(piece, now);
    if (!have.add(piece)) return;
    let takers = 0;
    for (const { taker } of neighbours.values()) if (taker.peerInterested) takers++;
    for (const neighbour of neighbours.values()) {
      // The source waits for it: its grant is done.
      if (neighbour === source) outbox.send(neighbour, { type: 'have', pieces: [piece] });
      else if (this.#mustKnow(neighbour, piece)) {
        const isNews = takers < ENOUGH_TAKERS && !neighbour.taker.peerInterested;
        outbox.sendHaveSoon(neighbour, piece, isNews, now);
      }
    }
    if (this.isComplete) outbox.push({ type: 'completed' });
  }

  #mustKnow(neighbour: Neighbour, piece: number): boolean {
    return !neighbour.has(piece) || (this.#choker.tellsSeeds && neighbour.pieces!.isFull);
  }

  #handleRefused(piece: number): void {
    const source = this.#downloads.handleRefused(piece);
    if (!source) return;
    const reason = this.#state.blame.noteBadPiece(source);
    if (reason === undefined) return;
    const neighbour = this.#state.neighbours.get(source);
    // It may have left, or called again, since it sent the piece.
    if (neighbour) this.#ban(neighbour, reason);
    else this.#state.outbox.push({ type: 'ban', neighbour: source, reason, forLoad: false });
  }

  #sweep(now: number): void {
    this.#sweepAt = Number.POSITIVE_INFINITY;
    this.#uploads.sweep(now);
    for (const { neighbour, reason } of this.#downloads.sweep(now)) this.#ban(neighbour, reason);
  }

  #scheduleSweep(now: number): void {
    if (this.#sweepAt === Number.POSITIVE_INFINITY && this.#state.neighbours.size > 0) {
      this.#sweepAt = now + SWEEP_MS;
    }
  }

  #ban(neighbour: Neighbour, reason: string, forLoad = false): void {
    if (!this.#state.neighbours.has(neighbour.id)) return;
    this.#remove(neighbour);
    this.#state.outbox.push({ type: 'ban', neighbour: neighbour.id, reason, forLoad });
  }

  #remove(neighbour: Neighbour): void {
    this.#state.neighbours.delete(neighbour.id);
    this.#state.outbox.forget(neighbour);
    this.#uploads.handleLeft(neighbour);
    this.#downloads.handleLeft(neighbour);
    if (neighbour.pieces) for (const piece of neighbour.pieces) this.#state.copies.decrement(piece);
  }
}
