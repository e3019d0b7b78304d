// Finds other peers, and peers that have a file: it joins through addresses, tells the DHT which
// files are here, and asks it for providers. Dials are bounded in number and in time. Answers are
// untrusted: an address is passed on only with the PeerId that must answer there, and the dial
// proves it. The caller decides what to do with a peer that was found.
import { setMaxListeners } from 'node:events';
import type { Connection, PeerId, PeerInfo } from '@libp2p/interface';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import type { CID } from 'multiformats/cid';
import type { Timers } from '../../runtime/clock.ts';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import { guarded, unawaited } from '../../runtime/guarded.ts';
import { attempt, LinkedAbort } from '../../runtime/linked-abort.ts';
import { type PeerAddress, tryParseAddress } from '../address/peer-address.ts';
import { dialGiven, type Node } from '../node/node.ts';
import { dhtPeers } from './dht-peers.ts';
import { Provisions } from './provisions.ts';

export interface Provider {
  readonly peerId: PeerId;
  /** Addresses with /p2p/ and this PeerId; none if only the id is known. */
  readonly multiaddrs: Multiaddr[];
}

/**
 * libp2p's own limit. A host usually answers soon; but of 16 that started at once on two busy
 * cores, some took more than 5 s.
 */
const DIAL_TIMEOUT_MS = 10_000;
/**
 * Attempts of a dial. A host in a flash crowd lets some wait longer than libp2p lets a handshake
 * take, at either end: of 63 that joined one host at once on two cores, 44 (measured).
 */
const DIAL_TRIES = 3;
/**
 * Discovered peers are dialled while fewer are connected. This is enough not to depend on one peer,
 * and few, since each costs 50 ms of CPU and a download calls neighbours of its own.
 */
export const ENOUGH_PEERS = 3;
/** The same for a peer that looks for one among those of a LAN. Chosen. */
export const EVERY_PEER = 64;
/** Most addresses passed on of a provider; a host has a few interfaces. Chosen. */
const MAX_ADDRESSES = 8;
/** Wait between two walks of the DHT for one file; at first new peers appear every second. */
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 10_000;
const WAIT_GROWTH = 1.6;
/** Wait before a returned peer is told again: the DHT knows it once it was identified. */
const TELL_AGAIN_AFTER_MS = 500;
/** A walk over peers that do not answer is given up after so long. */
const WALK_TIMEOUT_MS = 30_000;

export class Discovery {
  readonly #node: Node;
  readonly #clock: Timers;
  readonly #stop = new AbortController();
  readonly #provisions: Provisions;
  /** Functions that end the waits between two walks of the DHT. */
  readonly #wakers = new Set<() => void>();
  readonly #enough: number;
  #dialling = 0;

  /**
   * Dials what the node discovers (mDNS, and peers that others name) until stopped, while fewer than
   * `enough` are connected.
   */
  constructor(node: Node, clock: Timers, enough = ENOUGH_PEERS) {
    this.#enough = enough;
    this.#node = node;
    this.#clock = clock;
    this.#provisions = new Provisions(node, clock, this.#stop.signal);
    setMaxListeners(0, this.#stop.signal);
    node.addEventListener('peer:discovery', this.#handleDiscovered);
  }

  /**
   * Dials all addresses at once, several of one peer as one; resolves with the first
   * connection. Own addresses are passed over.
   *
   * @param addresses multiaddrs, with or without /p2p/
   * @param onFailed told of every address that did not answer, as soon as it is known
   * @param areGiven whether this peer's user named them: then they are outside the dial budget
   * @throws HubswarmError ERR_NO_SOURCE when none answers; the signal's reason
   */
  async join(
    addresses: readonly string[],
    signal: AbortSignal,
    onFailed: (address: string, reason: string) => void = () => {},
    areGiven = true,
  ): Promise<void> {
    const targets = this.targetsOf(addresses);
    if (targets.length === 0) {
      throw new HubswarmError('ERR_NO_SOURCE', 'cannot join: no address of another peer was given');
    }
    const dials = targets.map(async (target) => {
      try {
        await this.#dial(target, signal, areGiven);
      } catch (error) {
        const reason = dialReason(error);
        if (!signal.aborted) for (const address of target) onFailed(address.toString(), reason);
        throw new Error(`${target[0]}: ${reason}`, { cause: error });
      }
    });
    try {
      await Promise.any(dials);
    } catch (error) {
      signal.throwIfAborted();
      const reasons = (error as AggregateError).errors.map(describeError).join('; ');
      throw new HubswarmError('ERR_NO_SOURCE', `cannot join: ${reasons}`, { cause: error });
    }
  }

  /** Makes one call. @throws the dial's error, for `dialReason` */
  call(target: readonly Multiaddr[], signal: AbortSignal, isGiven = true): Promise<Connection> {
    return attempt([signal, this.#stop.signal], DIAL_TIMEOUT_MS, (limit) =>
      dialGiven(this.#node, target, isGiven ? target : [], { signal: limit }),
    );
  }

  /** Resolves when no connection with that peer is left; rejects with the signal's reason. */
  async lost(peer: PeerId, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const handle = guarded('losing a peer', ({ detail }: CustomEvent<PeerId>) => {
      if (detail.equals(peer)) resolve();
    });
    const stop = (): void => reject(signal.reason);
    this.#node.addEventListener('peer:disconnect', handle);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    if (this.#node.getConnections(peer).length === 0) resolve();
    try {
      await promise;
    } finally {
      this.#node.removeEventListener('peer:disconnect', handle);
      signal.removeEventListener('abort', stop);
    }
  }

  /**
   * Call when a peer that was to be joined is connected. It may know peers that nobody else knew;
   * and if it was restarted, it has forgotten what it was told.
   */
  handleJoined(peer: PeerId, isBack: boolean): void {
    for (const wake of this.#wakers) wake();
    if (isBack) unawaited('providing files again', this.#tellAgain(peer));
  }

  /** Call when this peer can be called elsewhere than before: records in the DHT name addresses. */
  handleMoved(): void {
    this.#provisions.tellAllAgain();
  }

  async #tellAgain(peer: PeerId): Promise<void> {
    const { signal } = this.#stop;
    await this.#clock.sleep(TELL_AGAIN_AFTER_MS, signal).catch(() => undefined);
    if (signal.aborted || this.#node.getConnections(peer).length === 0) return;
    await this.#provisions.tellAgain(peer);
  }

  /** Dials again if there was no answer in time; a refused connection is final. */
  async #dial(target: readonly Multiaddr[], signal: AbortSignal, isGiven: boolean): Promise<void> {
    for (let left = DIAL_TRIES - 1; ; left--) {
      try {
        await this.call(target, signal, isGiven);
        return;
      } catch (error) {
        if (left === 0 || signal.aborted || dialReason(error) !== NO_ANSWER) throw error;
      }
    }
  }

  /** Tells the DHT that this peer has the content, again and again, until it is withdrawn. */
  announce(cid: CID, onTold: () => void): void {
    this.#provisions.add(cid, onTold);
  }

  withdraw(cid: CID): void {
    this.#provisions.remove(cid);
  }

  /** Announces it until the signal aborts. Resolves when another peer has been told, however late. */
  async provide(cid: CID, signal: AbortSignal): Promise<void> {
    const told = Promise.withResolvers<void>();
    const either = AbortSignal.any([signal, this.#stop.signal]);
    const stop = guarded('ending a provision', () => {
      this.withdraw(cid);
      told.reject(either.reason);
    });
    either.throwIfAborted();
    either.addEventListener('abort', stop, { once: true });
    this.announce(cid, told.resolve);
    await told.promise;
  }

  /**
   * Providers as the DHT names them, walk after walk, each once a walk, until the
   * signal aborts or stop(); then it ends quietly. Never this peer itself.
   *
   * The first walk ends with the first peer that names nobody new, for each one asked
   * is one more to dial: asking all took 16 peers on two cores ten seconds. Walks begin
   * with the same peers, the closest, so each goes on for one such peer more.
   */
  async *findProviders(cid: CID, signal: AbortSignal): AsyncGenerator<Provider, void, undefined> {
    const linked = new LinkedAbort([signal, this.#stop.signal]);
    const either = linked.signal;
    try {
      let echoes = 1;
      for (let waitMs = FIRST_WAIT_MS; !either.aborted; waitMs = grown(waitMs)) {
        yield* this.#walk(cid, either, echoes++);
        if (await this.#pause(waitMs, either)) waitMs = FIRST_WAIT_MS;
      }
    } finally {
      linked.release();
    }
  }

  /** Waits. Resolves to true if a peer that joined ended the wait early. */
  async #pause(ms: number, signal: AbortSignal): Promise<boolean> {
    const joined = new AbortController();
    const wake = (): void => joined.abort();
    this.#wakers.add(wake);
    const stop = new LinkedAbort([signal, joined.signal]);
    await this.#clock.sleep(ms, stop.signal).catch(() => undefined);
    stop.release();
    this.#wakers.delete(wake);
    return joined.signal.aborted;
  }

  /** Ends everything that was begun. Must be called before the node is stopped. */
  async stop(): Promise<void> {
    this.#node.removeEventListener('peer:discovery', this.#handleDiscovered);
    this.#stop.abort(new HubswarmError('ERR_ABORTED', 'the peer was stopped'));
    await this.#provisions.ended();
  }

  /** @param echoes how many peers may name nobody new before the walk ends */
  async *#walk(
    cid: CID,
    signal: AbortSignal,
    echoes: number,
  ): AsyncGenerator<Provider, void, undefined> {
    const seen = new Set([this.#node.peerId.toString()]);
    let limit: LinkedAbort | undefined;
    try {
      await dhtPeers(this.#node, signal);
      limit = new LinkedAbort([signal], WALK_TIMEOUT_MS);
      const walk = this.#node.services.dht.findProviders(cid, { signal: limit.signal });
      for await (const event of walk) {
        if (event.name !== 'PEER_RESPONSE') continue;
        const fresh = event.providers.filter(({ id }) => !seen.has(id.toString()));
        for (const info of fresh) {
          seen.add(info.id.toString());
          yield toProvider(info);
        }
        if (event.providers.length > 0 && fresh.length === 0 && --echoes === 0) return;
      }
    } catch {
      // A walk that fails, or takes too long, is followed by another.
    } finally {
      limit?.release();
    }
  }

  /** What to dial: the addresses that name one peer together, the others alone; never own ones. */
  targetsOf(addresses: readonly string[]): Multiaddr[][] {
    const self = this.#node.peerId.toString();
    const own = this.#ownAddresses();
    const targets = new Map<string, Multiaddr[]>();
    for (const text of addresses) {
      const parsed = tryParseAddress(text);
      if (!parsed || parsed.peerId === self || own.has(withoutPeer(parsed.multiaddr))) continue;
      const key = parsed.peerId ?? text;
      targets.set(key, [...(targets.get(key) ?? []), parsed.multiaddr]);
    }
    return [...targets.values()];
  }

  /** An address of this very peer at which it does not listen: of another process, if of any. */
  twinOf(addresses: readonly string[]): string | undefined {
    const self = this.#node.peerId.toString();
    const own = this.#ownAddresses();
    return addresses.find((text) => {
      const parsed = tryParseAddress(text);
      return parsed?.peerId === self && !own.has(withoutPeer(parsed.multiaddr));
    });
  }

  #ownAddresses(): ReadonlySet<string> {
    return new Set(this.#node.getMultiaddrs().map((address) => withoutPeer(address)));
  }

  readonly #handleDiscovered = guarded('discovering a peer', (event: CustomEvent<PeerInfo>) =>
    this.#meet(event.detail),
  );

  #meet({ id }: PeerInfo): void {
    if (this.#node.getPeers().length + this.#dialling >= this.#enough) return;
    if (this.#node.getConnections(id).length > 0) return;
    this.#dialling++;
    const dialled = attempt([this.#stop.signal], DIAL_TIMEOUT_MS, (signal) =>
      this.#node.dial(id, { signal }),
    )
      // The peer left or cannot be reached: mDNS and the DHT will name others.
      .catch(() => undefined)
      .finally(() => this.#dialling--);
    unawaited('discovering a peer', dialled);
  }
}

const NO_ANSWER = 'no answer in time';
const NO_HANDSHAKE = 'no handshake with it; it may be of another swarm (--swarm-key), or no peer';

const grown = (waitMs: number): number => Math.min(waitMs * WAIT_GROWTH, LONGEST_WAIT_MS);

const withoutPeer = (address: Multiaddr): string => address.toString().replace(/\/p2p\/\w+$/, '');

/** An address with another peer's id, or without an id, must not be dialled as this peer. */
function toProvider({ id, multiaddrs }: PeerInfo): Provider {
  const peerId = id.toString();
  const hosts = multiaddrs
    .map((address) => tryParseAddress(address.toString()))
    .filter((parsed): parsed is PeerAddress => parsed !== undefined)
    .filter((parsed) => parsed.peerId === undefined || parsed.peerId === peerId)
    .map((parsed) => withoutPeer(parsed.multiaddr));
  // The peer store may hold one address both with and without the id.
  const unique = [...new Set(hosts)].slice(0, MAX_ADDRESSES);
  return { peerId: id, multiaddrs: unique.map((host) => multiaddr(`${host}/p2p/${peerId}`)) };
}

/** The cause of a dial's failure in words; libp2p's own texts name classes. */
export function dialReason(error: unknown): string {
  const text = describeError(error);
  if (/ECONNREFUSED/.test(text)) return 'nobody listens there';
  if (/EHOSTUNREACH|ENETUNREACH/.test(text)) return 'cannot be reached';
  if (/ENOTFOUND|EAI_AGAIN/.test(text)) return 'no such host';
  // Of libp2p's Noise.
  const [, answers] = /identity key (\w+) does not match expected/.exec(text) ?? [];
  if (answers !== undefined)
    return `another peer answers there; if it is the one that is meant, the address ends with /p2p/${answers}`;
  if (/ECONNRESET|EPIPE|message length|newline|protocol selection|unexpected EOF/i.test(text))
    return NO_HANDSHAKE;
  if (/timeout|timed out|aborted/i.test(text)) return NO_ANSWER;
  return text;
}
