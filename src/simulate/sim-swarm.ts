// A swarm of real sessions on a virtual clock: no sockets, no disk, no waiting.
// Links are either ideal (so many bytes per second, block by block, and a latency; see
// carriage.ts) or access lines with a buffer, and TCP over them (line.ts, tcp.ts). A stream
// keeps its order and loses nothing. A run leaves out CPU time and the cost of connecting.
// It is a function of its seed.
import { Bitfield } from '../content/bitfield.ts';
import { Geometry } from '../content/geometry.ts';
import type { SessionEffect } from '../exchange/effect.ts';
import type { SessionEvent } from '../exchange/event.ts';
import { PARTING_LOOK_MS } from '../exchange/parting.ts';
import { Session } from '../exchange/session.ts';
import type { Message } from '../exchange/wire/message.ts';
import { createRng, type Rng } from '../runtime/rng.ts';
import { Agenda } from './agenda.ts';
import { type Carriage, PlainCarriage } from './carriage.ts';
import { PlainSession } from './plain-session.ts';
import { type NodeOptions, SimNode, type SimStream } from './sim-node.ts';
import { SOCKETS, type Sockets, TcpCarriage } from './tcp.ts';
import type { OutgoingBlock } from './uplink.ts';
import { wireBytes } from './wire-bytes.ts';

/** Time from a piece's last block until it is stored: about the time to hash 256 KiB. */
const STORE_MS = 1;
/** The root CID, which all mean. */
const FILE = new Uint8Array(36);

/** Milliseconds one way, for all streams or drawn for each, evenly between two ends. */
export type Latency = number | { readonly least: number; readonly most: number };

export interface SimSwarmInit {
  bytes: number;
  pieceLength: number;
  latencyMs?: Latency;
  seed?: number;
  /** Of nodes behind lines. */
  sockets?: Partial<Sockets>;
}

export class SimSwarm {
  readonly nodes: SimNode[] = [];
  readonly geometry: Geometry;
  now = 0;
  /** Events carried out so far. */
  events = 0;
  /** Payload that a node sent and nobody got, because either end had left. */
  lostBytes = 0;
  /** Payload that has left an uplink and not yet arrived. */
  underWayBytes = 0;
  /** When a block last came in somewhere. */
  movedAt = 0;
  /** Bytes that all nodes have stored, beyond what they started with. */
  storedBytes = 0;
  /** Blocks that are passing an uplink. */
  busyUplinks = 0;
  /** Checked after every event; true ends the run. */
  until: (() => boolean) | undefined;
  /** Called once, when every piece has been stored by a node that did not start with it. */
  onFirstCopy: (() => void) | undefined;
  /** Called when a node has lost a neighbour. */
  onLost: ((node: SimNode) => void) | undefined;
  readonly #byId = new Map<string, SimNode>();
  readonly #latency: Latency;
  readonly #rng: Rng;
  readonly #sockets: Sockets;
  readonly #agenda = new Agenda();
  readonly #passedOn: Bitfield;
  /** Nodes alive that lack something and are waited for. */
  #unfinished = 0;

  constructor({ bytes, pieceLength, latencyMs = 5, seed = 1, sockets }: SimSwarmInit) {
    const pieces = Math.ceil(bytes / pieceLength);
    this.geometry = new Geometry(
      Array.from({ length: pieces }, (_, i) => Math.min(pieceLength, bytes - i * pieceLength)),
    );
    this.#latency = latencyMs;
    this.#sockets = { ...SOCKETS, ...sockets };
    this.#rng = createRng(seed);
    this.#passedOn = new Bitfield(pieces);
  }

  add(options: NodeOptions): SimNode {
    const id = `n${this.nodes.length}`;
    const session = new (options.webSeed ? PlainSession : Session)({
      file: FILE,
      self: id,
      geometry: this.geometry,
      have: this.#held(options.have ?? 'none'),
      rng: createRng(this.#rng.below(2 ** 32)),
      ...(options.down === undefined ? {} : { downlinkBytesPerSecond: options.down }),
      ...options.session,
    });
    const node = new SimNode(id, session, options);
    this.nodes.push(node);
    this.#byId.set(node.id, node);
    if (isAwaited(node)) this.#unfinished++;
    this.#step(node, { type: 'uplink_capped', bytesPerSecond: options.up });
    return node;
  }

  #held(pieces: 'all' | 'none' | Iterable<number>): Bitfield {
    if (pieces === 'all') return Bitfield.full(this.geometry.pieceCount);
    const have = new Bitfield(this.geometry.pieceCount);
    if (pieces !== 'none') for (const piece of pieces) have.add(piece);
    return have;
  }

  connect(a: SimNode, b: SimNode): void {
    if (a === b || !a.alive || !b.alive || a.links.has(b.id)) return;
    if (a.banned.has(b.id) || b.banned.has(a.id)) return;
    const latencyMs = this.#drawLatency();
    a.links.set(b.id, this.#open(a, b, latencyMs));
    b.links.set(a.id, this.#open(b, a, latencyMs));
    for (const [node, { id, options }] of [
      [a, b],
      [b, a],
    ] as const) {
      this.#step(node, { type: 'neighbour_joined', neighbour: id, webSeed: options.webSeed });
    }
  }

  #open(from: SimNode, to: SimNode, delayMs: number): SimStream {
    const carriage = this.#carriage(from, to, delayMs);
    carriage.onDrain = () => this.#pump(from);
    return { from, to, carriage, isOpen: true };
  }

  #carriage(from: SimNode, to: SimNode, delayMs: number): Carriage {
    if (!from.lines || !to.lines) return new PlainCarriage(this, delayMs, to.downlink);
    return new TcpCarriage(this, {
      up: from.lines.up,
      down: to.lines.down,
      backUp: to.lines.up,
      backDown: from.lines.down,
      delayMs,
      ...this.#sockets,
    });
  }

  #drawLatency(): number {
    if (typeof this.#latency === 'number') return this.#latency;
    const { least, most } = this.#latency;
    return least + this.#rng.next() * (most - least);
  }

  /** Everybody with everybody, or each with `degree` others drawn at random. */
  connectAll(degree = Number.POSITIVE_INFINITY): void {
    for (const a of this.nodes) {
      if (degree >= this.nodes.length - 1) {
        for (const b of this.nodes) this.connect(a, b);
        continue;
      }
      let tries = 20 * degree;
      while (a.links.size < degree && tries-- > 0) {
        const b = this.nodes[this.#rng.below(this.nodes.length)]!;
        if (b.links.size < 2 * degree) this.connect(a, b);
      }
    }
  }

  at(ms: number, run: () => void): void {
    this.#agenda.add(ms, run);
  }

  /** SIGKILL: gone at once, with what it was sending. */
  kill(node: SimNode): void {
    if (!node.alive) return;
    if (isAwaited(node)) this.#unfinished--;
    node.diedAt = this.now;
    for (const { to } of [...node.links.values()]) this.disconnect(node, to);
  }

  disconnect(a: SimNode, b: SimNode): void {
    this.#leave(a, b);
    this.#leave(b, a);
  }

  #leave(node: SimNode, other: SimNode): void {
    const stream = node.links.get(other.id);
    if (!stream) return;
    stream.isOpen = false;
    stream.carriage.close();
    node.links.delete(other.id);
    node.uplink.stop(stream);
    if (!node.alive) return;
    this.#step(node, { type: 'neighbour_left', neighbour: other.id });
    this.onLost?.(node);
  }

  /** Runs until everybody alive is complete, `until` says so, or `limitMs` is reached. */
  run(limitMs = 3_600_000): void {
    while (this.advance(Number.POSITIVE_INFINITY, limitMs));
  }

  /** Carries out so many events at the most. Returns false when the run has ended. */
  advance(events: number, limitMs: number): boolean {
    for (let left = events; left > 0; left--) {
      if (this.#unfinished === 0 || this.until?.() || this.#agenda.nextAt > limitMs) return false;
      this.now = this.#agenda.nextAt;
      const run = this.#agenda.next();
      if (!run) return false;
      this.events++;
      run();
    }
    return true;
  }

  /** Whether nothing will ever happen any more. */
  get isQuiet(): boolean {
    return this.#agenda.size === 0;
  }

  /** Milliseconds until the last of the nodes that had not everything was done. */
  get makespanMs(): number {
    return this.nodes.reduce((latest, node) => Math.max(latest, node.completedAt ?? 0), 0);
  }

  #step(node: SimNode, event: SessionEvent): void {
    if (!node.alive) return;
    for (const effect of node.session.step(this.now, event)) this.#carryOut(node, effect);
    this.#wake(node);
  }

  #wake(node: SimNode): void {
    const { wakeAt } = node.session;
    if (wakeAt >= node.wakeAt) return;
    node.wakeAt = wakeAt;
    this.at(wakeAt, () => {
      if (node.wakeAt !== wakeAt) return;
      node.wakeAt = Number.POSITIVE_INFINITY;
      this.#step(node, { type: 'tick' });
    });
  }

  #carryOut(node: SimNode, effect: SessionEffect): void {
    switch (effect.type) {
      case 'send':
        return this.#send(node, effect.neighbour, effect.message);
      case 'upload': {
        const stream = node.links.get(effect.neighbour);
        if (!stream || node.options.silent) return;
        node.uplink.add(stream, effect.piece, this.geometry.length(effect.piece));
        return this.#pump(node);
      }
      case 'stop_upload': {
        const stream = node.links.get(effect.neighbour);
        if (stream) node.uplink.stop(stream, effect.piece);
        return;
      }
      case 'store':
        return this.#store(node, effect.piece, this.#byId.get(effect.neighbour)!);
      case 'ban': {
        node.banned.add(effect.neighbour);
        return this.disconnect(node, this.#byId.get(effect.neighbour)!);
      }
      case 'completed':
        return this.#complete(node);
    }
  }

  #complete(node: SimNode): void {
    if (!node.options.poison) this.#unfinished--;
    node.completedAt = this.now;
    const { lingerMs } = node.options;
    if (lingerMs === undefined) return;
    const from = this.now + lingerMs;
    this.at(from, () => this.#part(node, from));
  }

  /** Does what Peer.part does. */
  #part(node: SimNode, since: number): void {
    if (node.session.mayLeave(this.now - since)) return this.kill(node);
    this.at(this.now + PARTING_LOOK_MS, () => this.#part(node, since));
  }

  #send(node: SimNode, to: string, message: Message): void {
    const stream = node.links.get(to);
    if (!stream || (node.options.freeRides && message.type === 'grant')) return;
    stream.carriage.send(wireBytes(message), () => this.#deliver(stream, message));
  }

  #deliver(stream: SimStream, message: Message): void {
    if (message.type === 'block') this.#count(stream, message.length);
    if (!stream.isOpen) return;
    this.#step(stream.to, { type: 'message', neighbour: stream.from.id, message });
  }

  #count(stream: SimStream, bytes: number): void {
    this.underWayBytes -= bytes;
    this.movedAt = this.now;
    if (stream.isOpen) stream.to.receivedBytes += bytes;
    else this.lostBytes += bytes;
  }

  #pump(node: SimNode): void {
    const block = node.uplink.start(node.options.up, ({ carriage }) => !carriage.congested);
    if (!block) return;
    this.busyUplinks++;
    const passesMs = (block.length / node.options.up) * 1000;
    this.at(this.now + passesMs, () => {
      this.busyUplinks--;
      this.#transmitted(node, block, passesMs);
    });
  }

  #transmitted(node: SimNode, block: OutgoingBlock<SimStream>, passesMs: number): void {
    const { stream, piece } = block.upload;
    const isLast = node.uplink.finish(block);
    if (stream.isOpen) this.#transmit(block, passesMs);
    if (isLast) this.#step(node, { type: 'upload_finished', neighbour: stream.to.id, piece });
    if (node.sentBytes >= (node.options.diesAfterBytes ?? Number.POSITIVE_INFINITY)) {
      this.kill(node);
    }
    this.#pump(node);
  }

  #transmit({ upload, begin, length }: OutgoingBlock<SimStream>, passesMs: number): void {
    const { stream, piece } = upload;
    stream.from.sentBytes += length;
    this.underWayBytes += length;
    const message: Message = { type: 'block', piece, begin, parts: [], length };
    stream.carriage.sendBlock(wireBytes(message), passesMs, () => this.#deliver(stream, message));
  }

  #store(node: SimNode, piece: number, from: SimNode): void {
    this.at(this.now + STORE_MS, () => {
      if (from.options.poison) {
        node.refusedPieces++;
        return this.#step(node, { type: 'piece_refused', piece });
      }
      const bytes = this.geometry.length(piece);
      node.storedBytes += bytes;
      node.firstPieceAt ??= this.now;
      this.storedBytes += bytes;
      if (this.#passedOn.add(piece) && this.#passedOn.isFull) this.onFirstCopy?.();
      this.#step(node, { type: 'piece_stored', piece });
      if (node.storedBytes >= (node.options.diesAtBytes ?? Number.POSITIVE_INFINITY)) {
        this.kill(node);
      }
    });
  }
}

/** False for a poisoner: once all nodes have banned it, it never completes. */
function isAwaited({ session, options }: SimNode): boolean {
  return !session.isComplete && !options.poison;
}
