// The hubs that a peer is told of by URL: what they say of the swarm, the manifests that they have, and
// their blocks as a source of its downloads. A hub need not be there yet, nor be in a swarm.
import { randomInt } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import type { Access } from '../../client/http/access.ts';
import { HttpClient } from '../../client/http/http-client.ts';
import { routeUrl } from '../../client/http/hub-url.ts';
import { SourceFailure } from '../../client/http/source-failure.ts';
import { showUrl } from '../../client/http/url.ts';
import { isRawCid, matchesCid } from '../../content/cid.ts';
import { MAX_PIECE_LENGTH } from '../../content/geometry.ts';
import { type Resolved, resolveManifest } from '../../content/resolve.ts';
import type { OtherSources } from '../../peer/other-sources.ts';
import { systemClock } from '../../runtime/clock.ts';
import { describeError, hasCode } from '../../runtime/errors.ts';
import { unawaited } from '../../runtime/guarded.ts';
import { createRng } from '../../runtime/rng.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import type { Emit } from '../../telemetry/event.ts';
import { addressesOf, findHub } from '../hub-address.ts';
import { keepSource } from './keep-source.ts';
import { blocksOf } from './piece-places.ts';

/** Silence after which a request is given up. Chosen, as in client/download/get.ts. */
const STALL_MS = 10_000;
/** Most time for what hubs say of the swarm, at the start. Chosen. */
const FIRST_MS = 3000;
/** Time between two questions to a hub: for a manifest, and where it is in the swarm. Chosen. */
const ASK_AGAIN_MS = 2000;
const LOOK_AGAIN_MS = 10_000;

interface HubsInit {
  readonly urls: readonly URL[];
  readonly access: Access;
  readonly emit: Emit;
}

/** The peer, as far as it joins others. */
interface Joiner {
  join(addresses: readonly string[], signal: AbortSignal): Promise<void>;
}

type Found = Resolved & { readonly rawRoot?: Uint8Array };

export class Hubs implements OtherSources {
  readonly #init: HubsInit;
  readonly #http: HttpClient;
  readonly #over = new AbortController();
  /** PeerIds of hubs in the swarm, by URL. */
  readonly #twins = new Map<URL, string>();
  readonly #told = new Set<URL>();

  constructor(init: HubsInit) {
    this.#init = init;
    this.#http = new HttpClient({ stallMs: STALL_MS, exacting: true, access: init.access });
  }

  /** Where the hubs can be joined now; a hub that cannot is told once. */
  async addresses(withinMs = FIRST_MS): Promise<string[]> {
    const { urls } = this.#init;
    const signal = AbortSignal.any([this.#over.signal, AbortSignal.timeout(withinMs)]);
    return (await Promise.all(urls.map((url) => this.#addressesOf(url, signal)))).flat();
  }

  async #addressesOf(url: URL, signal: AbortSignal): Promise<readonly string[]> {
    try {
      const hub = await findHub(this.#http, url, signal);
      if (hub.swarm) this.#twins.set(url, hub.swarm.peer);
      return addressesOf(hub);
    } catch (error) {
      if (this.#over.signal.aborted || this.#told.has(url)) return [];
      this.#told.add(url);
      const message = `--join: ${signal.aborted ? `${showUrl(url)}: no answer yet` : describeError(error)}`;
      this.#init.emit({ event: 'warned', message });
      return [];
    }
  }

  /** Joins where the hubs are, now and when they have moved. */
  async lead(peer: Joiner, joined: readonly string[]): Promise<void> {
    const { signal } = this.#over;
    const known = new Set(joined);
    while (!signal.aborted) {
      await systemClock.sleep(LOOK_AGAIN_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      const fresh = (await this.addresses()).filter((address) => !known.has(address));
      for (const address of fresh) known.add(address);
      if (fresh.length > 0) peer.join(fresh, signal).catch(() => undefined);
    }
  }

  /** Asks every hub until one has the manifest. */
  async find(cid: CID, signal: AbortSignal): Promise<Found> {
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal, this.#over.signal]);
    try {
      return await Promise.race(this.#init.urls.map((url) => this.#findAt(url, cid, either)));
    } finally {
      over.abort();
    }
  }

  async #findAt(url: URL, cid: CID, signal: AbortSignal): Promise<Found> {
    for (;;) {
      try {
        return await this.#ask(url, cid, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (hasCode(error, 'ERR_MANIFEST')) throw error;
        await systemClock.sleep(ASK_AGAIN_MS, signal);
      }
    }
  }

  async #ask(url: URL, root: CID, signal: AbortSignal): Promise<Found> {
    let rawRoot: Uint8Array | undefined;
    const getBlock = async (cid: CID): Promise<Uint8Array> => {
      const place = routeUrl(url, `ipfs/${cid}`);
      place.searchParams.set('format', 'raw');
      const block = await this.#http.getBytes(place, MAX_PIECE_LENGTH, signal);
      if (!matchesCid(cid, block)) throw new SourceFailure(`sent wrong bytes for block ${cid}`);
      if (isRawCid(cid)) rawRoot = block;
      return block;
    };
    const resolved = await resolveManifest(root, getBlock, { signal });
    return rawRoot ? { ...resolved, rawRoot } : resolved;
  }

  join(swarm: Swarm): void {
    const { urls, emit } = this.#init;
    for (const url of urls) {
      const kept = keepSource({
        swarm,
        http: this.#http,
        places: blocksOf(url, swarm.store.manifest),
        webSeed: { twin: this.#twins.get(url) },
        clock: systemClock,
        rng: createRng(randomInt(2 ** 32)),
        emit,
        signal: this.#over.signal,
      });
      unawaited('keeping a source', kept);
    }
  }

  close(): void {
    this.#over.abort();
    this.#http.close();
  }
}
