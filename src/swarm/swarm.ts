// One file's swarm as this peer sees it: the pump between a session and the world. Wires, store and
// clock give it events; the session's effects go back to them. It decides nothing of the exchange.
import type { CID } from 'multiformats/cid';
import { EqualPieces } from '../content/equal-pieces.ts';
import { pathsOf } from '../content/manifest.ts';
import type { PieceStore } from '../content/store.ts';
import type { SessionEffect } from '../exchange/effect.ts';
import type { SessionEvent } from '../exchange/event.ts';
import { Session } from '../exchange/session.ts';
import { encodeMessage, FrameDecoder } from '../exchange/wire/codec.ts';
import type { Message } from '../exchange/wire/message.ts';
import { describeError } from '../runtime/errors.ts';
import { unawaited } from '../runtime/guarded.ts';
import { Contacts, type Neighbourhood } from './contacts.ts';
import { Intake } from './intake.ts';
import { everHere, Losses } from './losses.ts';
import { type Call, Member } from './member.ts';
import { PieceCopies } from './piece-copies.ts';
import { SessionLoop } from './session-loop.ts';
import type { SessionView } from './session-view.ts';
import type { SwarmHooks, SwarmHost } from './swarm-host.ts';
import { toldTo } from './told-to.ts';
import { Withdrawals } from './withdrawals.ts';

export interface SwarmInit extends SwarmHost {
  readonly cid: CID;
  /** What a person calls the content. */
  readonly name?: string;
  /** The content that it is a part of, if that is what is shared. */
  readonly whole?: CID | undefined;
  readonly store: PieceStore;
  readonly hooks: SwarmHooks;
}

/** Most time between two calls that cross. */
const SAME_TIME_MS = 5000;

export class Swarm implements Neighbourhood {
  readonly cid: CID;
  readonly store: PieceStore;
  /** Decides which peers this swarm calls. */
  readonly contacts: Contacts;
  /** What its store has lost. */
  readonly losses: Losses;
  readonly #withdrawals: Withdrawals;
  readonly #init: SwarmInit;
  readonly #session: Session;
  readonly #loop: SessionLoop;
  /** Undefined if no two pieces are equal. */
  readonly #copies: PieceCopies | undefined;
  readonly #members = new Map<string, Member>();
  #closed = false;

  constructor(init: SwarmInit) {
    this.#init = init;
    this.cid = init.cid;
    this.store = init.store;
    const have = everHere(this.store);
    const equals = have.isFull ? undefined : EqualPieces.in(this.store.manifest);
    this.#session = new Session({
      file: init.cid.bytes,
      geometry: init.store.manifest.geometry,
      have,
      equals: equals?.groups,
      addresses: init.addresses(),
      rng: init.rng,
      self: init.network.self,
      downlinkBytesPerSecond: init.link.downlinkBytesPerSecond,
      ...init.policy,
    });
    this.#loop = new SessionLoop({
      session: this.#session,
      clock: init.clock,
      carryOut: (effect) => this.#carryOut(effect),
    });
    const { digest } = init.cid.multihash;
    this.contacts = new Contacts({ ...init, swarm: this, digest });
    this.#step({ type: 'uplink_capped', bytesPerSecond: init.uplinkCap() });
    this.losses = new Losses({ ...init, step: (event) => this.#step(event) });
    this.#withdrawals = new Withdrawals(init);
    this.#copies = equals && this.#copiesOf(equals);
    this.#copies?.start();
  }

  #copiesOf(equals: EqualPieces): PieceCopies {
    const { store, hooks } = this.#init;
    return new PieceCopies({
      equals,
      store,
      onCopied: (piece) => {
        this.#step({ type: 'piece_stored', piece });
        hooks.onPieceCopied?.(piece);
      },
      onRefused: (piece) => this.#step({ type: 'piece_refused', piece }),
      onFailed: (error) => {
        if (!this.#closed) hooks.onFailed?.(error);
      },
    });
  }

  /** Must be called when the caps of the link have changed. */
  handleLimited(): void {
    const { link, uplinkCap } = this.#init;
    this.#step({ type: 'uplink_capped', bytesPerSecond: uplinkCap() });
    this.#step({ type: 'downlink_capped', bytesPerSecond: link.downlinkBytesPerSecond });
  }

  get view(): SessionView {
    return this.#session;
  }

  /** PeerIds of the neighbours. */
  get neighbours(): Iterable<string> {
    return this.#members.keys();
  }

  has(peer: string): boolean {
    return this.#members.has(peer);
  }

  /**
   * Takes over an open exchange stream; `first` are messages already decoded from it. Of two
   * streams with one peer (both called at the same time) the one that the smaller PeerId opened
   * stays, at either end. Returns the function that takes the stream's further chunks; undefined,
   * with the stream closed, if it is not the one to keep.
   */
  join(call: Call, first: readonly Message[] = []): ((chunk: Uint8Array) => void) | undefined {
    const { wire } = call;
    const peer = wire.remote;
    const current = this.#members.get(peer);
    if (this.#closed || (current && this.#outranks(current, call))) {
      wire.close();
      call.onOver?.(false);
      return undefined;
    }
    this.#leave(peer, 'replaced');
    const intake = this.#intakeOf(call);
    const member = new Member(call, intake, this.#init.clock.now());
    this.#members.set(peer, member);
    this.#session.setAddresses(this.#init.addresses());
    this.#step({ type: 'neighbour_joined', neighbour: peer, ...member.kind });
    this.losses.seekSoon();
    wire.onEnd((reason) => {
      if (this.#members.get(peer) === member) this.#leave(peer, reason);
    });
    intake.take(first);
    return (chunk) => intake.read(chunk);
  }

  /**
   * Of two calls in the same direction, or long after one another, the later one stays: the remote
   * knows that the earlier one is dead.
   */
  #outranks(current: Member, other: Call): boolean {
    if (current.outbound === other.outbound) return false;
    if (this.#init.clock.now() - current.joinedAt >= SAME_TIME_MS) return false;
    return current.outbound === this.#init.network.self < current.wire.remote;
  }

  #intakeOf({ wire, decoder }: Call): Intake {
    const neighbour = wire.remote;
    return new Intake({
      link: this.#init.link,
      decoder: decoder ?? new FrameDecoder(),
      // The bytes that were asked for, and as many that were cancelled on their way.
      mostWaitingBytes: () => 2 * this.#session.inFlightLimit,
      onMessage: (message) =>
        this.#step({ type: 'message', neighbour, message: this.#checked(message, neighbour) }),
      onViolation: (reason) => this.#step({ type: 'violation', neighbour, reason }),
      onFailed: (error) => wire.abort(describeError(error)),
    });
  }

  /** A hello's addresses are passed on under this peer's name. */
  #checked(message: Message, neighbour: string): Message {
    if (message.type !== 'hello') return message;
    return { ...message, addresses: this.contacts.vouchFor(message.addresses, neighbour) };
  }

  close(): void {
    this.#closed = true;
    this.contacts.close();
    this.losses.close();
    this.#withdrawals.close();
    this.#copies?.close();
    this.#loop.close();
    for (const [peer, { wire }] of this.#members) {
      this.#leave(peer, 'stopped');
      wire.close();
    }
  }

  #leave(peer: string, reason: string): void {
    const member = this.#members.get(peer);
    if (!member) return;
    this.#forget(peer, member);
    if (reason === 'replaced') member.wire.close();
    this.#step({ type: 'neighbour_left', neighbour: peer });
    this.#init.emit({ event: 'neighbour_left', cid: this.cid.toString(), remote: peer, reason });
    if (reason === 'replaced' || this.#closed) return;
    // The peer refused the call: it reset the stream before its hello.
    const refused = member.outbound && !member.met && reason === 'reset';
    this.contacts.lost(peer, refused);
  }

  #forget(peer: string, member: Member): void {
    this.#members.delete(peer);
    this.#init.uploads.stop(member.wire);
    member.end();
  }

  #step(event: SessionEvent): void {
    this.#loop.step(event);
  }

  #carryOut(effect: SessionEffect): void {
    if (effect.type === 'send') this.#send(effect.neighbour, effect.message);
    else this.#perform(effect);
  }

  /** Sends it with others of this round of the event loop, since each send costs an encryption. */
  #send(neighbour: string, message: Message): void {
    const member = this.#members.get(neighbour);
    if (!member || this.#init.maySend?.(message) === false) return;
    const told = toldTo(neighbour, message, this.#init.network);
    if (!told) return;
    if (member.unsent.length === 0) {
      this.#init.clock.soon('sending messages', () => member.wire.send(member.unsent.splice(0)));
    }
    member.unsent.push(...encodeMessage(told));
  }

  #perform(effect: Exclude<SessionEffect, { type: 'send' }>): void {
    switch (effect.type) {
      case 'upload':
        return this.#upload(effect.neighbour, effect.piece);
      case 'stop_upload': {
        const member = this.#members.get(effect.neighbour);
        if (member) this.#init.uploads.stop(member.wire, effect.piece);
        return;
      }
      case 'store':
        return unawaited('storing a piece', this.#store(effect));
      case 'ban':
        return this.#ban(effect.neighbour, effect.reason, effect.forLoad);
      case 'peers_learned':
        return this.contacts.hear(effect.addresses, effect.neighbour);
      case 'neighbour_met':
        return this.#handleMet(effect.neighbour, effect.pieces);
      case 'withdrawn':
        return this.#handleWithdrawn(effect);
      case 'completed':
        return this.#init.hooks.onCompleted?.();
    }
  }

  #handleMet(remote: string, pieces: number): void {
    const member = this.#members.get(remote);
    if (member) member.met = true;
    this.#init.emit({ event: 'neighbour_joined', cid: this.cid.toString(), remote, pieces });
    this.contacts.handleMet(remote);
  }

  #upload(neighbour: string, piece: number): void {
    const member = this.#members.get(neighbour);
    if (!member) return;
    const { store, uploads, emit, onSent, whole = this.cid } = this.#init;
    const length = store.manifest.geometry.length(piece);
    uploads.add({
      wire: member.wire,
      piece,
      length,
      read: (into) => store.read(piece, 0, length, into),
      finished: () => {
        member.useful = true;
        onSent?.(whole, length);
        this.#step({ type: 'upload_finished', neighbour, piece });
      },
      failed: (error) => {
        // That a file's pieces are lost was said once.
        if (store.have.has(piece)) {
          emit({ event: 'warned', message: `cannot serve: ${describeError(error)}` });
        }
        this.#step({ type: 'upload_failed', neighbour, piece });
      },
      stalled: () => this.#step({ type: 'upload_stalled', neighbour, piece }),
    });
  }

  #handleWithdrawn({ neighbour, pieces, reason }: Extract<SessionEffect, { type: 'withdrawn' }>) {
    const { store, hooks } = this.#init;
    const paths = pathsOf(store.manifest, pieces);
    this.#withdrawals.handle({ neighbour, pieces: pieces.length, paths, reason });
    hooks.onWithdrawn?.(paths, reason);
  }

  async #store(effect: Extract<SessionEffect, { type: 'store' }>): Promise<void> {
    const { piece, parts, neighbour: remote } = effect;
    const { store, emit, hooks } = this.#init;
    const cid = this.cid.toString();
    try {
      if (await store.write(piece, parts)) {
        const bytes = store.manifest.geometry.length(piece);
        const member = this.#members.get(remote);
        if (member) member.useful = true;
        emit({ event: 'piece_verified', cid, piece, bytes, remote });
        this.#step({ type: 'piece_stored', piece });
        hooks.onPieceStored?.(piece);
        this.#copies?.note(piece);
      } else {
        emit({ event: 'piece_rejected', cid, piece, remote });
        this.#step({ type: 'piece_refused', piece });
      }
    } catch (error) {
      if (!this.#closed) hooks.onFailed?.(error);
    }
  }

  #ban(peer: string, reason: string, forLoad: boolean): void {
    const member = this.#members.get(peer);
    if (member) {
      this.#forget(peer, member);
      member.wire.abort(reason);
    }
    this.#init.onBan(peer, reason, forLoad);
  }
}
