// `client get --swarm`: the client asks the servers and keeps the file as always, and its pieces come
// from the servers and from a swarm that it is part of until the file is complete. It goes on from
// peers when every server is gone. A swarm that cannot be had changes nothing but its speed.
import { getFile } from '../../client/download/get.ts';
import type { GetOptions, PieceWork } from '../../client/download/get-options.ts';
import { HttpClient } from '../../client/http/http-client.ts';
import { showUrl } from '../../client/http/url.ts';
import { isRawCid } from '../../content/cid.ts';
import { ProcessLink } from '../../link/process-link.ts';
import { Peer } from '../../peer/peer.ts';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import { tunePeer } from '../../runtime/node/v8-flags.ts';
import type { Event } from '../../telemetry/event.ts';
import type { Entry } from '../entry.ts';
import { type FoundHub, findHub } from '../hub-address.ts';
import { type BothSources, fetchFromBoth } from './fetch-from-both.ts';
import { guardedUrl } from './given-to-anybody.ts';

/** Silence of a server after which others take over. Chosen, as in client/download/get.ts. */
const STALL_MS = 10_000;
/** Most time to learn how a hub is found in the swarm: the download waits for it. Chosen. */
const FIND_MS = 3000;

const NOWHERE: Entry['joins'] = { through: [], towards: [] };

export interface SwarmChoice extends Partial<Entry> {
  /** Directory of identities. */
  readonly dataDir: string;
  /** Milliseconds to serve others when it is complete. */
  readonly lingerMs?: number;
}

/** @throws HubswarmError, as getFile() */
export async function getWithSwarm(
  options: Omit<GetOptions, 'shared' | 'fetchPieces'>,
  choice: SwarmChoice,
): Promise<void> {
  const { emit, signal, timeoutMs, minBytesPerSecond, access } = options;
  const link = new ProcessLink(emit, options);
  const http = new HttpClient({
    stallMs: Math.min(STALL_MS, timeoutMs),
    mostStallMs: timeoutMs,
    exacting: true,
    minBytesPerSecond,
    access,
  });
  tunePeer();
  const membership = new Membership({ ...options, ...choice, http, link });
  try {
    await getFile({
      ...options,
      shared: { http, link },
      fetchPieces: (work) => membership.fetch(work),
    });
    await membership.part(signal);
  } finally {
    await membership.leave();
    http.close();
    link.close();
  }
}

interface MembershipInit
  extends Pick<GetOptions, 'urls' | 'access' | 'emit' | 'signal'>,
    SwarmChoice {
  readonly http: HttpClient;
  readonly link: ProcessLink;
}

type Joined = Pick<BothSources, 'peer' | 'hubs' | 'expectsPeers'>;

/** This process as a peer, from the moment on when there are pieces to fetch. */
class Membership {
  readonly #init: MembershipInit;
  #joining: Promise<Joined> | undefined;
  /** What was fetched last. */
  #work: PieceWork | undefined;

  constructor(init: MembershipInit) {
    this.#init = init;
  }

  async fetch(work: PieceWork): Promise<void> {
    // One piece would be here before a peer has started.
    if (isRawCid(work.manifest.root) || work.store.have.isFull) return work.plain();
    let joined: Joined;
    try {
      await this.#checkPublic(work);
      this.#joining ??= this.#join();
      joined = await this.#joining;
    } catch (error) {
      work.signal.throwIfAborted();
      const message = `--swarm: it comes from the server alone: ${describeError(error)}`;
      this.#init.emit({ event: 'warned', message });
      return work.plain();
    }
    this.#work = work;
    const { emit, http } = this.#init;
    await fetchFromBoth({ ...joined, work, http, emit });
  }

  /** @throws HubswarmError for a file that is not anybody's to read */
  async #checkPublic({ manifest, signal }: PieceWork): Promise<void> {
    const guarded = await guardedUrl(this.#init, manifest.root, signal);
    if (!guarded) return;
    throw new HubswarmError(
      'ERR_NO_SOURCE',
      `${showUrl(guarded)} gives it to nobody without a token or password, and a swarm would give it to anybody`,
    );
  }

  /** Serves what others lack (exchange/parting.ts). */
  async part(signal: AbortSignal): Promise<void> {
    if (!this.#work) return;
    const { peer } = await this.#joining!;
    const { lingerMs = 0, emit } = this.#init;
    const { root } = this.#work.manifest;
    if (lingerMs > 0) {
      emit({ event: 'seeding_started', cid: root.toString() });
      await peer.clock.sleep(lingerMs, signal).catch(() => undefined);
    }
    await peer.part(root, signal).catch(() => undefined);
  }

  async leave(): Promise<void> {
    const joined = await this.#joining?.catch(() => undefined);
    await joined?.peer.stop();
  }

  async #join(): Promise<Joined> {
    const { link, dataDir, joins = NOWHERE, swarmKey, allowed, signal, emit } = this.#init;
    const hubs = await this.#findHubs();
    const open = hubs.filter(({ swarm }) => !swarm?.isPrivate || swarmKey);
    const found = open.flatMap(({ swarm }) => swarm?.addresses ?? []);
    const through = [...joins.through, ...found];
    // That nobody else is there yet is no news: there is a server.
    const tell = (event: Event): void => {
      if (event.event !== 'peers_awaited') emit(event);
    };
    const towards = [...joins.towards, ...found];
    const peer = await Peer.start({ dataDir, link, joins: towards, swarmKey, allowed, emit: tell });
    peer.join(through, signal).catch(() => undefined);
    return { peer, hubs, expectsPeers: through.length > 0 };
  }

  async #findHubs(): Promise<FoundHub[]> {
    const { http, urls, signal } = this.#init;
    const hosts = [...new Map(urls.map((url) => [url.origin, url])).values()];
    const within = AbortSignal.any([signal, AbortSignal.timeout(FIND_MS)]);
    const found = await Promise.allSettled(hosts.map((url) => findHub(http, url, within)));
    signal.throwIfAborted();
    return found.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  }
}
