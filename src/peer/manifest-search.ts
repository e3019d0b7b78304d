// Finds out what a CID stands for: asks everybody who is connected, and everybody
// the DHT names, until one gives a manifest. The answer hashes up to the CID, so
// the first good one is as good as any.
import { setTimeout as delay } from 'node:timers/promises';
import type { PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { CID } from 'multiformats/cid';
import { hasCode } from '../runtime/errors.ts';
import { guarded, unawaited } from '../runtime/guarded.ts';
import { attempt } from '../runtime/linked-abort.ts';
import { type FetchOptions, fetchManifest } from './dag-protocol.ts';
import { dhtPeers } from './dht-peers.ts';
import type { Discovery } from './discovery.ts';
import type { FetchedManifest } from './manifest-bytes.ts';
import type { Node } from './node.ts';

/** Sources asked at the same time, and remembered. Chosen. */
const MOST_AT_ONCE = 8;
const MOST_ASKED = 256;
/**
 * Peers that are connected answer sooner than a walk of the DHT begins to cost: it is
 * asked once they have, or when they take so long. Each of a flash crowd that asked it
 * while the one peer they all knew was busy made that one busier still. Chosen.
 */
const ASK_DHT_AFTER_MS = 2000;
/**
 * One that has not answered by then keeps no other waiting: eight that say nothing
 * would hold up the search until each timed out. Chosen.
 */
const SLOW_MS = 1500;
/** Sources whose answers are waited for, the slow ones included: each may send much. Chosen. */
const MOST_OPEN = 16;
/** Who does not know the file now may be about to fetch it. */
const ASK_AGAIN_MS = 1000;

/**
 * @throws HubswarmError ERR_MANIFEST when the CID stands for something that is not
 * a file or directory of raw leaves; the signal's reason
 */
export async function searchManifest(
  sources: { node: Node; discovery: Discovery },
  cid: CID,
  signal: AbortSignal,
  options: FetchOptions = {},
): Promise<FetchedManifest> {
  const search = new ManifestSearch(sources.node, cid, signal, options);
  const onConnect = guarded('asking for a manifest', ({ detail }: CustomEvent<PeerId>) =>
    search.ask(detail.toString(), detail),
  );
  sources.node.addEventListener('peer:connect', onConnect);
  for (const peer of sources.node.getPeers()) search.ask(peer.toString(), peer);
  unawaited('asking for a manifest', search.askProviders(sources.discovery));
  try {
    return await search.found;
  } finally {
    sources.node.removeEventListener('peer:connect', onConnect);
    search.stop();
  }
}

class ManifestSearch {
  readonly #node: Node;
  readonly #cid: CID;
  readonly #options: FetchOptions;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #asked = new Set<string>();
  /** Who is asked again, and when: one wait for each. */
  readonly #later = new Map<string, NodeJS.Timeout>();
  readonly #result = Promise.withResolvers<FetchedManifest>();
  #asking = 0;
  #open = 0;
  #onIdle: (() => void) | undefined;

  constructor(node: Node, cid: CID, signal: AbortSignal, options: FetchOptions) {
    this.#options = options;
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
    for (const timer of this.#later.values()) clearTimeout(timer);
    this.#later.clear();
  }

  async askProviders(discovery: Discovery): Promise<void> {
    try {
      // Whoever is in the DHT is connected, and was asked when it connected.
      await dhtPeers(this.#node, this.#signal);
      if (this.#asked.size > 0) await this.#answered(ASK_DHT_AFTER_MS);
      for await (const { peerId, multiaddrs } of discovery.findProviders(this.#cid, this.#signal)) {
        this.ask(peerId.toString(), multiaddrs.length > 0 ? multiaddrs : peerId);
      }
    } catch (error) {
      if (!this.#signal.aborted) this.#result.reject(error);
    }
  }

  /** Resolves once nobody is being asked, or after so long. */
  async #answered(withinMs: number): Promise<void> {
    if (this.#open === 0) return;
    const signal = this.#signal;
    const silent = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    await Promise.race([silent, delay(withinMs, undefined, { signal }).catch(() => undefined)]);
    this.#signal.throwIfAborted();
  }

  ask(peer: string, dial: Multiaddr[] | PeerId): void {
    if (peer === this.#node.peerId.toString() || this.#asked.has(peer)) return;
    if (this.#asking >= MOST_AT_ONCE || this.#open >= MOST_OPEN) return this.#askLater(peer, dial);
    if (this.#asked.size >= MOST_ASKED) return;
    this.#asked.add(peer);
    unawaited('asking for a manifest', this.#ask(peer, dial));
  }

  #askLater(peer: string, dial: Multiaddr[] | PeerId): void {
    if (this.#signal.aborted || this.#later.has(peer) || this.#later.size >= MOST_ASKED) return;
    const again = guarded('asking for a manifest', () => {
      this.#later.delete(peer);
      this.ask(peer, dial);
    });
    this.#later.set(peer, setTimeout(again, ASK_AGAIN_MS));
  }

  async #ask(peer: string, dial: Multiaddr[] | PeerId): Promise<void> {
    this.#asking++;
    this.#open++;
    let prompt = true;
    const giveWay = guarded('asking for a manifest', () => {
      if (prompt) this.#asking--;
      prompt = false;
    });
    const timer = setTimeout(giveWay, SLOW_MS);
    try {
      const found = await attempt([this.#signal], undefined, async (signal) =>
        fetchManifest(await this.#node.dial(dial, { signal }), this.#cid, signal, this.#options),
      );
      this.#result.resolve(found);
    } catch (error) {
      // What the CID itself stands for is nobody's fault, and no other source helps.
      if (hasCode(error, 'ERR_MANIFEST')) return this.#result.reject(error);
      if (this.#signal.aborted) return;
      this.#asked.delete(peer);
      this.#askLater(peer, dial);
    } finally {
      clearTimeout(timer);
      giveWay();
      this.#open--;
      if (this.#open === 0) this.#onIdle?.();
    }
  }
}
