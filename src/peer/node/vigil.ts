// Finds connections that died silently: the link went down, a NAT forgot, an address changed. TCP
// notices after a quarter of an hour. So each side sends something every few seconds on every
// connection, and silence means something. A silent peer is called anew beside the old connection.
// The old one is cut only when the new one stands and the old one is still silent: a busy host
// answers slowly, and must not lose what is under way.
import type { Socket } from 'node:net';
import type { Connection, PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Cancel, Timers } from '../../runtime/clock.ts';
import { unawaited } from '../../runtime/guarded.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import { isCircuit } from '../circuit/circuit-address.ts';
import { socketOf } from '../patches/tcp.ts';
import { speak } from '../wire/speak.ts';
import { dialGiven, type Node } from './node.ts';

const LOOK_MS = 1000;
/** Longest time without sending anything. Chosen. */
const WORD_MS = 2500;
/** A connection is silent after so long: two sends and a retransmission are missing. */
const SILENT_MS = 6000;
/**
 * Wait before a peer that did not answer is called again; SYNs are repeated after 1 and 3 s.
 * Chosen.
 */
const CALL_AGAIN_MS = 2000;
const CALL_TIMEOUT_MS = 4000;
const CALLS_AT_ONCE = 4;
/** Most addresses called of one host; a peer listens at one port or two. Chosen. */
const MOST_ADDRESSES = 2;
/** A connection silent for so long is cut: nobody waits for it any more. */
const DEAD_MS = 120_000;

interface Watched {
  readonly connection: Connection;
  readonly socket: Socket;
  /** Byte counts at the last change, and its time. */
  read: number;
  heardAt: number;
  written: number;
  spokeAt: number;
  callAgainAt: number;
}

export class Vigil {
  readonly #node: Node;
  readonly #watched = new Map<string, Watched>();
  readonly #stop = new AbortController();
  readonly #clock: Timers;
  readonly #cancelLooks: Cancel;
  #lookedAt: number;
  #calling = 0;

  constructor(node: Node, clock: Timers) {
    this.#node = node;
    this.#clock = clock;
    this.#lookedAt = clock.now();
    this.#cancelLooks = clock.every(LOOK_MS, 'watching neighbours', () => this.#look());
  }

  close(): void {
    this.#cancelLooks();
    this.#stop.abort();
  }

  #look(): void {
    const now = this.#clock.now();
    // While this process was stopped it could hear nobody.
    const absence = Math.max(0, now - this.#lookedAt - 2 * LOOK_MS);
    this.#lookedAt = now;
    const connections = this.#node.getConnections();
    const open = new Set(connections.map(({ id }) => id));
    for (const id of this.#watched.keys()) if (!open.has(id)) this.#watched.delete(id);
    for (const connection of connections) {
      const watched = this.#watched.get(connection.id) ?? this.#begin(connection, now);
      if (watched) this.#inspect(watched, now, absence);
    }
  }

  #begin(connection: Connection, now: number): Watched | undefined {
    // A connection over a relay ends with the one to the relay, which is watched.
    const socket = connection.direct ? socketOf(connection) : undefined;
    if (!socket) return undefined;
    const at = { heardAt: now, spokeAt: now, callAgainAt: 0 };
    const watched = { connection, socket, read: 0, written: 0, ...at };
    this.#watched.set(connection.id, watched);
    return watched;
  }

  #inspect(watched: Watched, now: number, absence: number): void {
    const { socket, connection } = watched;
    watched.heardAt += absence;
    if (socket.bytesRead !== watched.read) watched.heardAt = now;
    if (socket.bytesWritten !== watched.written) watched.spokeAt = now;
    watched.read = socket.bytesRead;
    watched.written = socket.bytesWritten;
    const silence = now - watched.heardAt;
    if (silence >= WORD_MS || now - watched.spokeAt >= WORD_MS) speak(connection);
    if (silence >= DEAD_MS) return cut(connection);
    if (silence < SILENT_MS) return;
    if (this.#hasOther(watched, now)) return cut(connection);
    if (now < watched.callAgainAt || this.#calling >= CALLS_AT_ONCE) return;
    unawaited('calling a neighbour anew', this.#callAnew(watched));
  }

  /** Whether another connection with the same peer is alive. */
  #hasOther({ connection }: Watched, now: number): boolean {
    return [...this.#watched.values()].some(
      (other) =>
        other.connection !== connection &&
        other.connection.remotePeer.equals(connection.remotePeer) &&
        now - other.heardAt < SILENT_MS,
    );
  }

  /**
   * The address where it was reached, or those that it names on the host that it called from: a
   * peer that falls silent on purpose must not have strangers called.
   */
  async #addressesOf({ remotePeer, remoteAddr, direction }: Connection): Promise<Multiaddr[]> {
    const { addresses } = await this.#node.peerStore.get(remotePeer);
    const told = addresses
      .map(({ multiaddr }) => multiaddr)
      .filter((address) => hostOf(address) === hostOf(remoteAddr))
      .filter((address) => !address.equals(remoteAddr) && !isCircuit(address))
      .map((address) => toPeer(address, remotePeer))
      .slice(0, MOST_ADDRESSES);
    return direction === 'outbound' ? [remoteAddr, ...told] : told;
  }

  async #callAnew(watched: Watched): Promise<void> {
    const { connection, socket, read } = watched;
    this.#calling++;
    watched.callAgainAt = Number.POSITIVE_INFINITY;
    try {
      const addresses = await this.#addressesOf(connection);
      if (addresses.length === 0) return;
      const reached = connection.direction === 'outbound' ? [connection.remoteAddr] : [];
      const call = (signal: AbortSignal) =>
        dialGiven(this.#node, addresses, reached, { force: true, signal });
      const fresh = await attempt([this.#stop.signal], CALL_TIMEOUT_MS, call);
      if (socket.bytesRead === read) cut(connection);
      else await fresh.close();
    } catch {
      // The peer cannot be reached yet, or could never be called: then it calls.
    } finally {
      this.#calling--;
      watched.callAgainAt = this.#clock.now() + CALL_AGAIN_MS;
    }
  }
}

const toPeer = (address: Multiaddr, peer: PeerId): Multiaddr =>
  address.toString().includes('/p2p/') ? address : address.encapsulate(`/p2p/${peer}`);

const hostOf = (address: Multiaddr): string | undefined => address.getComponents()[0]?.value;

function cut(connection: Connection): void {
  try {
    connection.abort(new Error('died silently'));
  } catch {
    // libp2p would say goodbye first, to nobody.
  }
}
