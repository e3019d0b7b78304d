// One file's swarm as this peer sees it: the pump between a session and the
// world. Streams, the disk and the clock give it events; the session's effects go
// back to them. Decides nothing of the exchange itself.
import type { CID } from 'multiformats/cid';
import type { PieceStore } from '../content/store.ts';
import { encodeMessage } from '../exchange/codec.ts';
import type { SessionEffect } from '../exchange/effect.ts';
import type { SessionEvent } from '../exchange/event.ts';
import type { Message } from '../exchange/message.ts';
import { Session } from '../exchange/session.ts';
import type { Link } from '../link/link.ts';
import type { Cancel, Timers } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import { unawaited } from '../runtime/guarded.ts';
import type { Rng } from '../runtime/rng.ts';
import type { Emit } from '../telemetry/event.ts';
import { type Call, Member } from './member.ts';
import type { Policy } from './policy.ts';
import type { UploadQueue } from './upload-queue.ts';

/** What a swarm tells its owner. */
export interface SwarmHooks {
  /** Untrusted addresses of peers that exchange this file. */
  onPeersLearned(addresses: readonly string[], teller: string): void;
  /** Of the addresses that a neighbour gives for itself, those that others may be told. */
  vouchFor(addresses: readonly string[], neighbour: string): string[];
  /** A neighbour said hello. */
  onMet(peer: string): void;
  /** @param refused it did not want to be called now: it reset the stream before its hello */
  onLeft(peer: string, refused: boolean): void;
  /** @param forLoad it was more than this peer can bear, and broke no other rule */
  onBan(peer: string, reason: string, forLoad: boolean): void;
  onPieceStored(piece: number): void;
  onCompleted(): void;
  /** The disk failed: the download cannot go on. */
  onFailed(error: unknown): void;
}

export interface SwarmInit extends SwarmHooks {
  /** This peer's PeerId. */
  readonly self: string;
  readonly cid: CID;
  readonly store: PieceStore;
  readonly link: Link;
  readonly uploads: UploadQueue;
  readonly clock: Timers;
  readonly rng: Rng;
  readonly policy: Policy;
  /** Offers are lost before they leave, as in a simulated swarm (simulate/sim-swarm.ts). */
  readonly freeRides: boolean;
  readonly emit: Emit;
  /** Multiaddrs under which this peer can be reached. */
  addresses(): readonly string[];
  /** The uplink's cap in bytes per second; Infinity when where the queue is is not known. */
  uplinkCap(): number;
}

/** Messages of one neighbour that wait behind blocks for the downlink. Chosen. */
const MOST_WAITING = 16_384;

/** As long as a call may take: two that cross are so far apart at the most. */
const SAME_TIME_MS = 5000;

export class Swarm {
  readonly #init: SwarmInit;
  readonly #session: Session;
  readonly #members = new Map<string, Member>();
  readonly #events: SessionEvent[] = [];
  #stepping = false;
  #cancelTick: Cancel | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(init: SwarmInit) {
    this.#init = init;
    this.#session = new Session({
      file: init.cid.bytes,
      geometry: init.store.manifest.geometry,
      have: init.store.have,
      addresses: init.addresses(),
      rng: init.rng,
      downlinkBytesPerSecond: init.link.downlinkBytesPerSecond,
      ...init.policy,
    });
    this.#step({ type: 'uplink_capped', bytesPerSecond: init.uplinkCap() });
  }

  /** Must be called when the caps of the link have changed. */
  handleLimited(): void {
    const { link, uplinkCap } = this.#init;
    this.#step({ type: 'uplink_capped', bytesPerSecond: uplinkCap() });
    this.#step({ type: 'downlink_capped', bytesPerSecond: link.downlinkBytesPerSecond });
  }

  get session(): Session {
    return this.#session;
  }

  /** PeerIds. */
  get neighbours(): Iterable<string> {
    return this.#members.keys();
  }

  has(peer: string): boolean {
    return this.#members.has(peer);
  }

  /**
   * Takes over an open exchange stream; `first` are messages already decoded from
   * it. Of two streams with one peer (both called at the same time) the one that
   * the smaller PeerId opened stays, at either end. Returns where the stream's
   * further chunks go; undefined, the stream closed, when it is not the one to keep.
   */
  join(call: Call, first: readonly Message[] = []): ((chunk: Uint8Array) => void) | undefined {
    const { stream } = call;
    const peer = stream.remote;
    const current = this.#members.get(peer);
    if (this.#closed || (current && this.#outranks(current, call))) {
      stream.close();
      call.onOver?.(false);
      return undefined;
    }
    this.#leave(peer, 'replaced');
    const member = new Member(call, this.#init.clock.now());
    this.#members.set(peer, member);
    this.#session.setAddresses(this.#init.addresses());
    this.#step({ type: 'neighbour_joined', neighbour: peer });
    stream.onEnd((reason) => {
      if (this.#members.get(peer) === member) this.#leave(peer, reason);
    });
    this.#take(member, first);
    return (chunk) => this.#read(member, chunk);
  }

  /**
   * Calls in the same direction, or long after one another: the later one stands, the remote
   * knows the earlier is dead.
   */
  #outranks(current: Member, other: Call): boolean {
    if (current.outbound === other.outbound) return false;
    if (this.#init.clock.now() - current.joinedAt >= SAME_TIME_MS) return false;
    return current.outbound === this.#init.self < current.stream.remote;
  }

  close(): void {
    this.#closed = true;
    this.#cancelTick?.();
    for (const [peer, { stream }] of this.#members) {
      this.#leave(peer, 'stopped');
      stream.close();
    }
  }

  #leave(peer: string, reason: string): void {
    const member = this.#members.get(peer);
    if (!member) return;
    this.#forget(peer, member);
    if (reason === 'replaced') member.stream.close();
    this.#step({ type: 'neighbour_left', neighbour: peer });
    const cid = this.#init.cid.toString();
    this.#init.emit({ event: 'neighbour_left', cid, remote: peer, reason });
    if (reason === 'replaced' || this.#closed) return;
    this.#init.onLeft(peer, member.outbound && !member.met && reason === 'reset');
  }

  #forget(peer: string, member: Member): void {
    this.#members.delete(peer);
    this.#init.uploads.stop(member.stream);
    member.end();
  }

  #read(member: Member, chunk: Uint8Array): void {
    const { messages, violation } = member.decoder.push(chunk);
    this.#take(member, messages);
    if (violation !== undefined) {
      this.#step({ type: 'violation', neighbour: member.stream.remote, reason: violation });
    }
  }

  /** Hands messages on in order, each block when the downlink has let it through. */
  #take(member: Member, messages: readonly Message[]): void {
    const idle = member.waiting.length === 0;
    for (const message of messages) {
      member.waiting.push(message);
      if (message.type === 'block') member.waitingBytes += message.length;
    }
    const cut = (error: unknown): void => member.stream.abort(describeError(error));
    if (idle) unawaited('taking messages', this.#drain(member), cut);
    const { waiting, waitingBytes } = member;
    // What was asked for, and as much again that was cancelled on its way.
    if (waitingBytes <= 2 * this.#session.inFlightLimit && waiting.length <= MOST_WAITING) return;
    const neighbour = member.stream.remote;
    this.#step({ type: 'violation', neighbour, reason: 'sends more than was asked for' });
  }

  async #drain(member: Member): Promise<void> {
    const peer = member.stream.remote;
    while (member.waiting.length > 0) {
      const message = member.waiting[0]!;
      if (message.type === 'block') {
        const wait = this.#init.link.receive(message.length);
        if (wait !== undefined) await wait;
        member.waitingBytes -= message.length;
      }
      if (this.#members.get(peer) !== member) return;
      this.#step({ type: 'message', neighbour: peer, message: this.#checked(message, peer) });
      member.waiting.shift();
    }
  }

  /** A hello's addresses are passed on under this peer's name. */
  #checked(message: Message, neighbour: string): Message {
    if (message.type !== 'hello') return message;
    return { ...message, addresses: this.#init.vouchFor(message.addresses, neighbour) };
  }

  /** One event at a time: effects may cause further events, which wait their turn. */
  #step(event: SessionEvent): void {
    this.#events.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#events.shift(); next; next = this.#events.shift()) {
        this.#carryOut(this.#session.step(this.#init.clock.now(), next));
      }
    } finally {
      this.#stepping = false;
      this.#schedule();
    }
  }

  #schedule(): void {
    const { wakeAt } = this.#session;
    if (this.#closed || wakeAt === this.#timerAt) return;
    this.#cancelTick?.();
    this.#timerAt = wakeAt;
    if (wakeAt === Number.POSITIVE_INFINITY) return;
    const { clock } = this.#init;
    this.#cancelTick = clock.after(Math.max(0, wakeAt - clock.now()), 'waking a swarm', () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#step({ type: 'tick' });
    });
  }

  #carryOut(effects: readonly SessionEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'send') this.#send(effect.neighbour, effect.message);
      else this.#perform(effect);
    }
  }

  /** With whatever else this turn has for the neighbour: each send costs an encryption. */
  #send(neighbour: string, message: Message): void {
    const member = this.#members.get(neighbour);
    if (!member || (this.#init.freeRides && message.type === 'grant')) return;
    if (member.unsent.length === 0) {
      this.#init.clock.soon('sending messages', () => member.stream.send(member.unsent.splice(0)));
    }
    member.unsent.push(...encodeMessage(message));
  }

  #perform(effect: Exclude<SessionEffect, { type: 'send' }>): void {
    switch (effect.type) {
      case 'upload':
        return this.#upload(effect.neighbour, effect.piece);
      case 'stop_upload': {
        const member = this.#members.get(effect.neighbour);
        if (member) this.#init.uploads.stop(member.stream, effect.piece);
        return;
      }
      case 'store':
        return unawaited('storing a piece', this.#store(effect));
      case 'ban':
        return this.#ban(effect.neighbour, effect.reason, effect.forLoad);
      case 'peers_learned':
        return this.#init.onPeersLearned(effect.addresses, effect.neighbour);
      case 'neighbour_met':
        return this.#handleMet(effect.neighbour, effect.pieces);
      case 'completed':
        return this.#init.onCompleted();
    }
  }

  #handleMet(remote: string, pieces: number): void {
    const member = this.#members.get(remote);
    if (member) member.met = true;
    const cid = this.#init.cid.toString();
    this.#init.emit({ event: 'neighbour_joined', cid, remote, pieces });
    this.#init.onMet(remote);
  }

  #upload(neighbour: string, piece: number): void {
    const member = this.#members.get(neighbour);
    if (!member) return;
    const { store, uploads, emit } = this.#init;
    const length = store.manifest.geometry.length(piece);
    uploads.add({
      stream: member.stream,
      piece,
      length,
      read: (into) => store.read(piece, 0, length, into),
      finished: () => {
        member.useful = true;
        this.#step({ type: 'upload_finished', neighbour, piece });
      },
      failed: (error) => {
        emit({ event: 'warned', message: `cannot serve: ${describeError(error)}` });
        this.#step({ type: 'upload_failed', neighbour, piece });
      },
      stalled: () => this.#step({ type: 'upload_stalled', neighbour, piece }),
    });
  }

  async #store(effect: Extract<SessionEffect, { type: 'store' }>): Promise<void> {
    const { piece, parts, neighbour: remote } = effect;
    const { store, emit, onFailed, onPieceStored } = this.#init;
    const cid = this.#init.cid.toString();
    try {
      if (await store.write(piece, parts)) {
        const bytes = store.manifest.geometry.length(piece);
        const member = this.#members.get(remote);
        if (member) member.useful = true;
        emit({ event: 'piece_verified', cid, piece, bytes, remote });
        this.#step({ type: 'piece_stored', piece });
        onPieceStored(piece);
      } else {
        emit({ event: 'piece_rejected', cid, piece, remote });
        this.#step({ type: 'piece_refused', piece });
      }
    } catch (error) {
      if (!this.#closed) onFailed(error);
    }
  }

  #ban(peer: string, reason: string, forLoad: boolean): void {
    const member = this.#members.get(peer);
    if (member) {
      this.#forget(peer, member);
      member.stream.abort(reason);
    }
    this.#init.onBan(peer, reason, forLoad);
  }
}
