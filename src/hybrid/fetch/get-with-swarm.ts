// `client get --swarm`: the client asks the servers and keeps the file as always, and its pieces come
// from the servers and from a swarm that it is part of until the file is complete. It goes on from
// peers when every server is gone. A swarm that cannot be had changes nothing but its speed.
import type { CID } from 'multiformats/cid';
import type { HubAdmission } from '../../api/hub-admission.ts';
import { getFile } from '../../client/download/get.ts';
import type { GetOptions, PieceWork } from '../../client/download/get-options.ts';
import { HttpClient } from '../../client/http/http-client.ts';
import { showUrl } from '../../client/http/url.ts';
import { isRawCid } from '../../content/cid.ts';
import { ProcessLink } from '../../link/process-link.ts';
import { Peer } from '../../peer/peer.ts';
import type { PeerOptions } from '../../peer/peer-options.ts';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import { tunePeer } from '../../runtime/node/v8-flags.ts';
import type { Event } from '../../telemetry/event.ts';
import { keepAdmitted } from '../admission/admitted.ts';
import { askAdmission } from '../admission/ask-admission.ts';
import { Door } from '../admission/door.ts';
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
  readonly #leaving = new AbortController();
  #joining: Promise<Joined> | undefined;
  /** The CID to which a hub has admitted it; empty for what anybody may have. */
  #circle = '';
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
      joined = await this.#joined(work);
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

  /** @throws HubswarmError for a file that is not anybody's to read, if the hub admits nobody */
  async #joined({ manifest: { root }, signal }: PieceWork): Promise<Joined> {
    const guarded = await guardedUrl(this.#init, root, signal);
    const circle = guarded ? root.toString() : '';
    // What was admitted to one version is not to another.
    if (this.#joining && this.#circle !== circle)
      throw new HubswarmError('ERR_NO_SOURCE', 'the file has changed');
    this.#circle = circle;
    this.#joining ??= guarded ? this.#joinAdmitted(guarded, root) : this.#join();
    return this.#joining;
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
    this.#leaving.abort();
    const joined = await this.#joining?.catch(() => undefined);
    await joined?.peer.stop();
  }

  async #join(): Promise<Joined> {
    const { joins = NOWHERE, swarmKey } = this.#init;
    const hubs = await this.#findHubs();
    const open = hubs.filter(({ swarm }) => !swarm?.isPrivate || swarmKey);
    const found = open.flatMap(({ swarm }) => swarm?.addresses ?? []);
    const through = [...joins.through, ...found];
    const peer = await this.#start([...joins.towards, ...found], {});
    peer.join(through, this.#init.signal).catch(() => undefined);
    return { peer, hubs, expectsPeers: through.length > 0 };
  }

  /** As a peer that the hub has admitted to this file, and that exchanges with such peers alone. */
  async #joinAdmitted(guarded: URL, root: CID): Promise<Joined> {
    const { http, signal } = this.#init;
    const hubs = await this.#findHubs();
    const hub = hubs.find(({ base, swarm }) => swarm?.admits && base.origin === guarded.origin);
    if (!hub?.swarm) {
      const message = `${showUrl(guarded)} gives it to nobody without a token or password, and a swarm would give it to anybody`;
      throw new HubswarmError('ERR_NO_SOURCE', message);
    }
    const { addresses, peer: hubId } = hub.swarm;
    const door = new Door(Date.now);
    const knock: PeerOptions['knock'] = (remote, within) => door.knock(remote, within);
    const peer = await this.#start(addresses, { circle: door.circle, knock });
    try {
      const asker = { peerId: peer.peerId, sign: (bytes: Uint8Array) => peer.sign(bytes) };
      const ask = (): Promise<HubAdmission> =>
        askAdmission(http, { base: hub.base, peer: hubId }, root, asker, signal);
      const admission = await ask();
      door.take(admission);
      await door.open(peer);
      keepAdmitted(peer, door, admission, ask, this.#leaving.signal);
      peer.join(addresses, signal).catch(() => undefined);
      return { peer, hubs: [hub], expectsPeers: addresses.length > 0 };
    } catch (error) {
      await peer.stop();
      throw error;
    }
  }

  #start(joins: readonly string[], closed: Pick<PeerOptions, 'circle' | 'knock'>): Promise<Peer> {
    const { link, dataDir, swarmKey, allowed, emit } = this.#init;
    // That nobody else is there yet is no news: there is a server.
    const tell = (event: Event): void => {
      if (event.event !== 'peers_awaited') emit(event);
    };
    return Peer.start({ dataDir, link, joins, swarmKey, allowed, emit: tell, ...closed });
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
