// A swarm of real sessions on a virtual clock: no sockets, no disk, no waiting.
// Each node has an uplink and a downlink of so many bytes per second, used first
// come, first served, block by block; messages take a fixed latency. A run is a
// function of its seed.
import { Bitfield } from '../../src/content/bitfield.ts';
import { Geometry } from '../../src/content/geometry.ts';
import type { SessionEffect } from '../../src/exchange/effect.ts';
import type { SessionEvent } from '../../src/exchange/event.ts';
import { BLOCK_LENGTH, type Message } from '../../src/exchange/message.ts';
import { Session, type SessionInit } from '../../src/exchange/session.ts';
import { createRng, type Rng } from '../../src/runtime/rng.ts';

export interface NodeOptions extends Pick<SessionInit, 'picker' | 'choker'> {
  up: number;
  down?: number;
  /** Pieces it starts with. */
  have?: 'all' | 'none' | Iterable<number>;
  /** Sends wrong bytes in every piece. */
  poison?: boolean;
  /** Takes and never offers a turn. */
  freeRides?: boolean;
}

interface Job {
  to: SimNode;
  piece: number;
  sent: number;
}

/** Events by time, ties in order of arrival: a binary heap. */
class Agenda {
  readonly #heap: { at: number; order: number; run: () => void }[] = [];
  #order = 0;

  add(at: number, run: () => void): void {
    const heap = this.#heap;
    const entry = { at, order: this.#order++, run };
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  next(): { at: number; run: () => void } | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || heap.length === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last!)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last!;
    return first;
  }
}

function before(a: { at: number; order: number }, b: { at: number; order: number }): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

export class SimNode {
  readonly id: string;
  readonly session: Session;
  readonly options: NodeOptions;
  readonly links = new Map<string, SimNode>();
  readonly banned = new Set<string>();
  sentBytes = 0;
  completedAt: number | undefined;
  alive = true;
  jobs: Job[] = [];
  busy = false;
  downFreeAt = 0;
  wakeAt = Number.POSITIVE_INFINITY;
  storedPieces = 0;
  refusedPieces = 0;

  constructor(id: string, session: Session, options: NodeOptions) {
    this.id = id;
    this.session = session;
    this.options = options;
  }
}

export class SimSwarm {
  readonly nodes: SimNode[] = [];
  readonly geometry: Geometry;
  readonly latencyMs: number;
  now = 0;
  /** Checked after every event; true ends the run. */
  until: (() => boolean) | undefined;
  readonly #rng: Rng;
  readonly #agenda = new Agenda();

  constructor(options: { bytes: number; pieceLength: number; latencyMs?: number; seed?: number }) {
    const pieces = Math.ceil(options.bytes / options.pieceLength);
    this.geometry = new Geometry(
      Array.from({ length: pieces }, (_, i) =>
        Math.min(options.pieceLength, options.bytes - i * options.pieceLength),
      ),
    );
    this.latencyMs = options.latencyMs ?? 5;
    this.#rng = createRng(options.seed ?? 1);
  }

  add(options: NodeOptions): SimNode {
    const have = new Bitfield(this.geometry.pieceCount);
    const held = options.have ?? 'none';
    if (held === 'all') for (let i = 0; i < have.length; i++) have.add(i);
    else if (held !== 'none') for (const piece of held) have.add(piece);
    const session = new Session({
      file: new Uint8Array(36),
      geometry: this.geometry,
      have,
      rng: createRng(this.#rng.below(2 ** 32)),
      ...(options.down === undefined ? {} : { downlinkBytesPerSecond: options.down }),
      ...(options.picker === undefined ? {} : { picker: options.picker }),
      ...(options.choker === undefined ? {} : { choker: options.choker }),
    });
    const node = new SimNode(`n${this.nodes.length}`, session, options);
    this.nodes.push(node);
    this.#step(node, { type: 'uplink_capped', bytesPerSecond: options.up });
    return node;
  }

  connect(a: SimNode, b: SimNode): void {
    if (a === b || a.links.has(b.id) || a.banned.has(b.id) || b.banned.has(a.id)) return;
    a.links.set(b.id, b);
    b.links.set(a.id, a);
    this.#step(a, { type: 'neighbour_joined', neighbour: b.id });
    this.#step(b, { type: 'neighbour_joined', neighbour: a.id });
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
    node.alive = false;
    node.jobs = [];
    for (const other of [...node.links.values()]) this.disconnect(node, other);
  }

  disconnect(a: SimNode, b: SimNode): void {
    if (!a.links.delete(b.id)) return;
    b.links.delete(a.id);
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      from.jobs = from.jobs.filter((job) => job.to !== to);
      if (from.alive) this.#step(from, { type: 'neighbour_left', neighbour: to.id });
    }
  }

  /** Runs until everybody alive is complete, `until` says so, or `limitMs` is reached. */
  run(limitMs = 3_600_000): void {
    for (;;) {
      if (this.until?.() || this.nodes.every((n) => !n.alive || n.session.isComplete)) return;
      const next = this.#agenda.next();
      if (!next || next.at > limitMs) return;
      this.now = next.at;
      next.run();
    }
  }

  /** Milliseconds until the last of the nodes that had not everything was done. */
  get makespanMs(): number {
    return Math.max(...this.nodes.map((node) => node.completedAt ?? 0));
  }

  #step(node: SimNode, event: SessionEvent): void {
    if (!node.alive) return;
    for (const effect of node.session.step(this.now, event)) this.#carryOut(node, effect);
    const { wakeAt } = node.session;
    if (wakeAt < node.wakeAt) {
      node.wakeAt = wakeAt;
      this.at(wakeAt, () => {
        if (node.wakeAt !== wakeAt) return;
        node.wakeAt = Number.POSITIVE_INFINITY;
        this.#step(node, { type: 'tick' });
      });
    }
  }

  #carryOut(node: SimNode, effect: SessionEffect): void {
    switch (effect.type) {
      case 'send':
        if (node.options.freeRides && effect.message.type === 'grant') return;
        return this.#deliver(node, effect.neighbour, effect.message, this.latencyMs);
      case 'upload':
        node.jobs.push({ to: node.links.get(effect.neighbour)!, piece: effect.piece, sent: 0 });
        return this.#pump(node);
      case 'stop_upload':
        node.jobs = node.jobs.filter(
          (job) => job.to.id !== effect.neighbour || job.piece !== effect.piece,
        );
        return;
      case 'store':
        return this.#store(node, effect.piece, effect.neighbour);
      case 'ban': {
        node.banned.add(effect.neighbour);
        const other = node.links.get(effect.neighbour);
        if (other) this.disconnect(node, other);
        return;
      }
      case 'completed':
        node.completedAt ??= this.now;
    }
  }

  #deliver(from: SimNode, to: string, message: Message, delayMs: number): void {
    const target = from.links.get(to);
    if (!target) return;
    this.at(this.now + delayMs, () => {
      if (from.links.get(to) !== target) return;
      this.#step(target, { type: 'message', neighbour: from.id, message });
    });
  }

  /** The uplink: one block after the other, the first job's until it is done. */
  #pump(node: SimNode): void {
    const job = node.jobs[0];
    if (node.busy || !job || !node.alive) return;
    node.busy = true;
    const length = Math.min(BLOCK_LENGTH, this.geometry.length(job.piece) - job.sent);
    this.at(this.now + (length / node.options.up) * 1000, () => {
      node.busy = false;
      if (!node.alive) return;
      if (node.links.has(job.to.id)) this.#transmit(node, job, length);
      job.sent += length;
      if (job.sent === this.geometry.length(job.piece) && node.jobs[0] === job) {
        node.jobs.shift();
        this.#step(node, { type: 'upload_finished', neighbour: job.to.id, piece: job.piece });
      }
      this.#pump(node);
    });
  }

  #transmit(node: SimNode, job: Job, length: number): void {
    node.sentBytes += length;
    const down = job.to.options.down ?? Number.POSITIVE_INFINITY;
    const startAt = Math.max(this.now + this.latencyMs, job.to.downFreeAt);
    job.to.downFreeAt = startAt + (length / down) * 1000;
    const block: Message = {
      type: 'block',
      piece: job.piece,
      begin: job.sent,
      parts: [],
      length,
    };
    this.#deliver(node, job.to.id, block, job.to.downFreeAt - this.now);
  }

  #store(node: SimNode, piece: number, from: string): void {
    const bad = this.nodes.find((other) => other.id === from)!.options.poison === true;
    this.at(this.now + 1, () => {
      if (bad) node.refusedPieces++;
      else node.storedPieces++;
      this.#step(node, { type: bad ? 'piece_refused' : 'piece_stored', piece });
    });
  }
}
