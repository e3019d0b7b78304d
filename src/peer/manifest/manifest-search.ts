// Finds the manifest of a CID: asks every connected peer, and every peer that the DHT names, until
// one gives it. The answer hashes up to the CID, so the first good one is enough.
import type { PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { CID } from 'multiformats/cid';
import { isRawCid } from '../../content/cid.ts';
import type { Cancel, Timers } from '../../runtime/clock.ts';
import { hasCode } from '../../runtime/errors.ts';
import { guarded, unawaited } from '../../runtime/guarded.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import { dhtPeers } from '../discovery/dht-peers.ts';
import type { Discovery } from '../discovery/discovery.ts';
import type { Node } from '../node/node.ts';
import { type FetchOptions, fetchManifest, type StreamOpener } from './dag-protocol.ts';
import { LeafTurns } from './leaf-turns.ts';
import type { FetchedManifest } from './manifest-bytes.ts';

/** Most peers asked at the same time, and remembered. Chosen. */
const MOST_AT_ONCE = 8;
const MOST_ASKED = 256;
/**
 * The DHT is asked when all connected peers have answered, or after so long: they usually answer
 * before a walk of the DHT has begun. In a flash crowd each peer's walk made the one peer that all
 * knew busier still. Chosen.
 */
const ASK_DHT_AFTER_MS = 2000;
/**
 * A peer that has not answered by then delays no other: otherwise eight silent ones would hold up
 * the search until each timed out. Chosen.
 */
const SLOW_MS = 1500;
/** Most answers awaited, slow ones included: each may be long. Chosen. */
const MOST_OPEN = 16;
/** A peer that does not know the file is asked again: it may be about to fetch it. */
const ASK_AGAIN_MS = 1000;

/**
 * @throws HubswarmError ERR_MANIFEST when the CID stands for something that is not
 * a file or directory of raw leaves; the signal's reason
 */
export async function searchManifest(
  sources: { node: Node; discovery: Discovery; clock: Timers },
  cid: CID,
  signal: AbortSignal,
  options: Omit<SearchOptions, 'clock'> = {},
): Promise<FetchedManifest> {
  const { node, clock } = sources;
  const search = new ManifestSearch(node, cid, signal, { ...options, clock });
  const onConnect = guarded('asking for a manifest', ({ detail }: CustomEvent<PeerId>) =>
    search.ask(detail.toString(), detail),
  );
  node.addEventListener('peer:connect', onConnect);
  for (const peer of node.getPeers()) search.ask(peer.toString(), peer);
  if (!options.circle) {
    unawaited('asking for a manifest', search.askProviders(sources.discovery));
  }
  try {
    return await search.found;
  } finally {
    node.removeEventListener('peer:connect', onConnect);
    search.stop();
  }
}

type SearchOptions = FetchOptions & {
  readonly clock: Timers;
  /** Called for each peer that had the content and lost it. */
  readonly onLost?: (error: unknown) => void;
  /** A directory that it lies in: the DHT is asked who has that. */
  readonly directory?: CID;
  /** PeerIds of those who alone are asked; the DHT is not. */
  readonly circle?: ReadonlySet<string> | undefined;
};

class ManifestSearch {
  readonly #node: Node;
  readonly #cid: CID;
  readonly #options: SearchOptions;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #leaves: LeafTurns;
  readonly #asked = new Set<string>();
  readonly #lost = new Set<string>();
  /** Ends the timers of peers that are asked again. */
  readonly #later = new Map<string, Cancel>();
  readonly #result = Promise.withResolvers<FetchedManifest>();
  #asking = 0;
  #open = 0;
  #onIdle: (() => void) | undefined;

  constructor(node: Node, cid: CID, signal: AbortSignal, options: SearchOptions) {
    this.#options = options;
    this.#leaves = new LeafTurns(options);
    this.#node = node;
    this.#cid = cid;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
    if (signal.aborted) this.#result.reject(signal.reason);
    const abort = guarded('giving up a search', () => this.#result.reject(signal.reason));
    signal.addEventListener('abort', abort, { once: true });
  }

  get found(): Promise<FetchedManifest> {
    return this.#result.promise;
  }

  stop(): void {
    this.#stop.abort();
    for (const cancel of this.#later.values()) cancel();
    this.#later.clear();
  }

  async askProviders(discovery: Discovery): Promise<void> {
    try {
      // Peers of the routing table are connected, and were asked when they connected.
      await dhtPeers(this.#node, this.#signal);
      if (this.#asked.size > 0) await this.#answered(ASK_DHT_AFTER_MS);
      const told = this.#options.directory ?? this.#cid;
      for await (const { peerId, multiaddrs } of discovery.findProviders(told, this.#signal)) {
        this.ask(peerId.toString(), multiaddrs.length > 0 ? multiaddrs : peerId);
      }
    } catch (error) {
      if (!this.#signal.aborted) this.#result.reject(error);
    }
  }

  /** Resolves when no peer is being asked, or after so long. */
  async #answered(withinMs: number): Promise<void> {
    if (this.#open === 0) return;
    const signal = this.#signal;
    const silent = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    await Promise.race([
      silent,
      this.#options.clock.sleep(withinMs, signal).catch(() => undefined),
    ]);
    this.#signal.throwIfAborted();
  }

  ask(peer: string, dial: Multiaddr[] | PeerId): void {
    if (peer === this.#node.peerId.toString() || this.#asked.has(peer)) return;
    if (this.#options.circle?.has(peer) === false) return;
    if (this.#asking >= MOST_AT_ONCE || this.#open >= MOST_OPEN) return this.#askLater(peer, dial);
    if (this.#asked.size >= MOST_ASKED) return;
    this.#asked.add(peer);
    unawaited('asking for a manifest', this.#ask(peer, dial));
  }

  #askLater(peer: string, dial: Multiaddr[] | PeerId): void {
    if (this.#signal.aborted || this.#later.has(peer) || this.#later.size >= MOST_ASKED) return;
    const cancel = this.#options.clock.after(ASK_AGAIN_MS, 'asking for a manifest', () => {
      this.#later.delete(peer);
      this.ask(peer, dial);
    });
    this.#later.set(peer, cancel);
  }

  async #ask(peer: string, dial: Multiaddr[] | PeerId): Promise<void> {
    this.#asking++;
    this.#open++;
    let prompt = true;
    const giveWay = (): void => {
      if (prompt) this.#asking--;
      prompt = false;
    };
    const cancel = this.#options.clock.after(SLOW_MS, 'asking for a manifest', giveWay);
    try {
      const found = await attempt([this.#signal], undefined, async (signal) =>
        this.#fetch(await this.#node.dial(dial, { signal }), signal),
      );
      this.#result.resolve(found);
    } catch (error) {
      // The DAG itself is not acceptable: no other peer helps.
      if (hasCode(error, 'ERR_MANIFEST')) return this.#result.reject(error);
      if (this.#signal.aborted) return;
      if (hasCode(error, 'ERR_SOURCE_CHANGED')) this.#noteLost(peer, error);
      this.#asked.delete(peer);
      this.#askLater(peer, dial);
    } finally {
      cancel();
      giveWay();
      this.#open--;
      if (this.#open === 0) this.#onIdle?.();
    }
  }

  #noteLost(peer: string, error: unknown): void {
    if (this.#lost.has(peer) || this.#lost.size >= MOST_ASKED) return;
    this.#lost.add(peer);
    this.#options.onLost?.(error);
  }

  #fetch(connection: StreamOpener, signal: AbortSignal): Promise<FetchedManifest> {
    if (isRawCid(this.#cid)) return this.#leaves.fetch(connection, this.#cid, signal);
    return fetchManifest(connection, this.#cid, signal, this.#options);
  }
}
