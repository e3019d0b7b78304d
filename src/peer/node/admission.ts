// Decides which peers may be connected to this one: bans, and limits of what one remote may hold. A
// ban is of the PeerId, for all files. A ban for a broken rule lasts as long as this process. A ban
// for load ends by itself, and is longer each time: a peer that was only too busy may come back.
// New PeerIds cost a remote nothing, so the connections of all strangers together are bounded too:
// if room is short, connections without an exchange are cut. Otherwise a few hundred idle ones
// would lock all others out.
import type { Connection, PeerId } from '@libp2p/interface';
import { EXCHANGE_PROTOCOLS } from '../../exchange/wire/message.ts';
import type { Cancel, Timers } from '../../runtime/clock.ts';
import { guarded } from '../../runtime/guarded.ts';
import { Bans } from '../../swarm/bans.ts';
import type { Node } from './node.ts';

/** Connections with one peer: two that both ends opened, and two that replace them. Chosen. */
const CONNECTIONS_PER_PEER = 4;
/** Share of libp2p's limit beyond which idle connections are cut. Chosen. */
const CROWDED = 0.75;
/** A connection without an exchange is idle after so long. Chosen. */
const IDLE_AFTER_MS = 5000;

/** libp2p's own limit of connections, if none is given. */
const MAX_CONNECTIONS = 300;

export interface AdmissionLimits {
  /** Most connections; libp2p's own limit if left out. */
  readonly maxConnections?: number;
  /** PeerIds of those who alone may be connected to. */
  readonly allowed?: readonly string[] | undefined;
  /** PeerIds of those with whom alone content is exchanged, as the set is at each moment. */
  readonly circle?: ReadonlySet<string> | undefined;
  /** Brings a peer into the circle; if left out, nobody outside it is called. */
  readonly knock?: unknown;
}

export class Admission {
  readonly #bans: Bans;
  /** Of the next look for idle connections, if there is to be one. */
  #cancelLook: Cancel | undefined;
  /** When each connection opened. */
  readonly #openedAt = new WeakMap<Connection, number>();
  readonly #clock: Timers;
  readonly #most: number;
  /** PeerIds; all are allowed where it is missing. */
  readonly #allowed: ReadonlySet<string> | undefined;
  readonly #circle: ReadonlySet<string> | undefined;
  readonly #knocks: boolean;
  #node: Node | undefined;

  constructor(
    clock: Timers,
    { maxConnections = MAX_CONNECTIONS, allowed, circle, knock }: AdmissionLimits = {},
  ) {
    this.#knocks = knock !== undefined;
    this.#bans = new Bans(clock);
    this.#clock = clock;
    this.#most = Math.floor(maxConnections * CROWDED);
    this.#allowed = allowed && new Set(allowed);
    this.#circle = circle;
  }

  /** Starts to watch connections. Call once, as soon as the node exists. */
  watch(node: Node): void {
    this.#node = node;
    const handleOpen = guarded('admitting a connection', ({ detail }: CustomEvent<Connection>) =>
      this.#handleOpen(detail),
    );
    node.addEventListener('connection:open', handleOpen);
    const stop = guarded('leaving connections', () => this.#cancelLook?.());
    node.addEventListener('stop', stop);
  }

  /** Whether this peer may not be connected to. */
  refuses(peer: string): boolean {
    return this.#bans.has(peer) || this.#allowed?.has(peer) === false;
  }

  /** Whether this peer may ask for content, be asked for it, and learn what is here. */
  exchangesWith(peer: string): boolean {
    return !this.refuses(peer) && this.#circle?.has(peer) !== false;
  }

  /** Whether this peer may be called: what is said first tells a stranger nothing. */
  mayCall(peer: string): boolean {
    return this.#knocks ? !this.refuses(peer) : this.exchangesWith(peer);
  }

  /** Ends the connections with the peer; it may come back. */
  hangUp(peer: string, reason: string): void {
    for (const connection of this.#node?.getConnections() ?? []) {
      if (connection.remotePeer.toString() === peer) cut(connection, reason);
    }
  }

  /**
   * Cuts the peer off, now and whenever it comes back. Returns for how many milliseconds: for ever,
   * or for a time after a flood.
   */
  ban(peer: string, forLoad: boolean): number {
    const ms = this.#bans.add(peer, forLoad);
    this.hangUp(peer, 'banned');
    return ms;
  }

  #handleOpen(opened: Connection): void {
    if (!this.#node) return;
    const now = this.#clock.now();
    this.#openedAt.set(opened, now);
    const connections = this.#node.getConnections();
    if (countOf(connections, opened.remotePeer) > CONNECTIONS_PER_PEER) {
      return cut(opened, 'too many connections');
    }
    this.#makeRoom();
  }

  /**
   * Cuts the oldest idle connections, so that newcomers find room. As long as too few are idle it looks
   * again: who is refused for want of room opens no connection, so nothing else would end this.
   */
  #makeRoom(): void {
    const now = this.#clock.now();
    const connections = this.#node?.getConnections() ?? [];
    const over = Math.max(0, connections.length - this.#most);
    const idle = connections
      .map((connection) => ({ connection, openedAt: this.#openedAt.get(connection) ?? now }))
      .filter(
        ({ connection, openedAt }) => now - openedAt >= IDLE_AFTER_MS && !hasExchange(connection),
      )
      .sort((a, b) => a.openedAt - b.openedAt);
    for (const { connection } of idle.slice(0, over)) cut(connection, 'makes way for others');
    if (idle.length >= over) return;
    this.#cancelLook ??= this.#clock.after(IDLE_AFTER_MS, 'making room for newcomers', () => {
      this.#cancelLook = undefined;
      this.#makeRoom();
    });
  }
}

function countOf(connections: readonly Connection[], peer: PeerId): number {
  return connections.filter(({ remotePeer }) => remotePeer.equals(peer)).length;
}

const hasExchange = ({ streams }: Connection): boolean =>
  streams.some(({ protocol }) => EXCHANGE_PROTOCOLS.includes(protocol));

function cut(connection: Connection, reason: string): void {
  connection.abort(new Error(reason));
}
