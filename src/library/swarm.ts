// hubswarm/swarm: takes part in swarms over wires of your own (WebSocket, WebRTC, memory). It loads
// in browsers as well. hubswarm/peer is the same over libp2p.
import '../runtime/with-resolvers.ts';
import { equals } from 'multiformats/bytes';
import type { CID } from 'multiformats/cid';
import { digestKey, parseCid } from '../content/cid.ts';
import { DIGEST_LENGTH } from '../content/manifest.ts';
import { type Caps, Link } from '../link/link.ts';
import { systemClock, type Timers } from '../runtime/clock.ts';
import { createRng } from '../runtime/rng.ts';
import { Bans } from '../swarm/bans.ts';
import { Callees } from '../swarm/callees.ts';
import {
  Download,
  type DownloadHost,
  type DownloadStore,
  type Found,
  type Provider,
} from '../swarm/download.ts';
import type { Network, Standing } from '../swarm/network.ts';
import type { Policy } from '../swarm/policy.ts';
import { Reception } from '../swarm/reception.ts';
import { Swarm } from '../swarm/swarm.ts';
import type { SwarmHooks, SwarmHost } from '../swarm/swarm-host.ts';
import { UploadQueue } from '../swarm/upload-queue.ts';
import type { Wire } from '../swarm/wire.ts';
import type { Event } from '../telemetry/event.ts';
import { emitTo } from './listener.ts';
import { innerManifest, type Manifest } from './manifest.ts';
import {
  abortSignal,
  callback,
  durationOrNever,
  having,
  list,
  number,
  type Reader,
  record,
  text,
} from './options.ts';
import type { PieceStore } from './piece-store.ts';
import { caps, policy } from './swarm-options.ts';

export type { ChokerName } from '../exchange/choker.ts';
export type { PickerName } from '../exchange/picker.ts';
export type { Caps } from '../link/link.ts';
export type { Cancel, Clock, Timers } from '../runtime/clock.ts';
export { type ErrorCode, HubswarmError } from '../runtime/errors.ts';
export { hearFailures } from '../runtime/guarded.ts';
export type { Provider } from '../swarm/download.ts';
export type { NamedAddress, Network, Standing } from '../swarm/network.ts';
export type { Policy } from '../swarm/policy.ts';
export type { Wire } from '../swarm/wire.ts';
export type { Event, EventName, Events } from '../telemetry/event.ts';
export type { Manifest } from './manifest.ts';
export type { PieceStore } from './piece-store.ts';

export interface SwarmsOptions {
  /**
   * How others are called. Without `connected` this peer asks nobody it did not hear of, without
   * `ask` it calls without a question before, without `believe` it learns of nobody from others.
   */
  readonly network: Pick<Network, 'self' | 'call'> & Partial<Network>;
  /** Addresses under which others can call this peer; none by default. */
  readonly addresses?: () => readonly string[];
  /** Bytes per second; Infinity, or left out, for no cap. */
  readonly caps?: Caps;
  readonly policy?: Policy;
  /** Told what happens. If it throws, the process is warned. */
  readonly onEvent?: (event: Event) => void;
  /** Of this machine by default. */
  readonly clock?: Timers;
  /** A random seed, for runs that are to be repeated. */
  readonly seed?: number;
}

export interface DownloadOptions {
  /** Peers to call at once. */
  readonly peers?: readonly Provider[];
  /** Names more of them, while there are few; asked again and again. */
  readonly findPeers?: (signal: AbortSignal) => AsyncIterable<Provider>;
  /** For events; the CID by default. */
  readonly name?: string;
  /** Give up after so long without a new piece, in milliseconds; never if left out. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** One peer's part in the swarms of all files that it shares and fetches. */
export class Swarms {
  readonly #host: SwarmHost;
  readonly #reception: Reception;
  /** By the digest of the root CID. */
  readonly #swarms = new Map<string, Swarm>();

  /** @throws HubswarmError ERR_USAGE */
  constructor(options: SwarmsOptions) {
    const read = readSwarms('options', options);
    const { clock = systemClock, onEvent } = read;
    const { seed = Math.random() * 2 ** 32, addresses = () => [] } = read;
    const bans = new Bans(clock);
    const emit = emitTo(onEvent);
    const link = new Link({ ...read.caps, clock });
    this.#host = {
      network: completed(read.network),
      link,
      uploads: new UploadQueue(link, clock),
      callees: new Callees(),
      clock,
      rng: createRng(seed),
      policy: read.policy ?? {},
      emit,
      addresses,
      uplinkCap: () => link.uplinkBytesPerSecond,
      isBanned: (peer) => bans.has(peer),
      onBan: (remote, reason, forLoad) => {
        const ms = bans.add(remote, forLoad);
        const until = Number.isFinite(ms) ? { ms } : {};
        emit({ event: 'neighbour_banned', remote, reason, ...until });
      },
    };
    this.#reception = new Reception({ ...this.#host, swarmOf: (file) => this.#swarmOf(file) });
  }

  /** A remote opened a stream to this peer. Call it as soon as the stream is there. */
  answer(wire: Wire): void {
    this.#reception.answer(aWire('wire', wire));
  }

  /** How much of the file with this digest (of its root CID) is here: the answer to `Network.ask`. */
  standingOf(digest: Uint8Array): Standing {
    const swarm = this.#swarms.get(digestKey(digest));
    if (!swarm) return 'none';
    return swarm.view.isComplete ? 'whole' : 'part';
  }

  /** Serves what the store holds, until `leave` or `close`. */
  share(manifest: Manifest, store: PieceStore): void {
    this.#join(innerStore(manifest, store));
  }

  /**
   * Fetches what the store lacks, and serves all of it meanwhile and from then on, until `leave` or
   * `close`.
   *
   * @throws HubswarmError ERR_USAGE, ERR_TIMEOUT; what the store throws; the signal's reason
   */
  async download(
    manifest: Manifest,
    store: PieceStore,
    options: DownloadOptions = {},
  ): Promise<void> {
    const inner = innerStore(manifest, store);
    const read = readDownload('options', options);
    const { name = manifest.cid, timeoutMs = Number.POSITIVE_INFINITY } = read;
    const { signal = new AbortController().signal } = read;
    const { clock, emit } = this.#host;
    const host: DownloadHost<Found> = {
      clock,
      emit,
      find: async () => ({ name, manifest: inner.manifest, kept: true }),
      open: async () => inner,
      join: (_found, _store, hooks) => {
        const swarm = this.#join(inner, hooks);
        for (const { peer, addresses } of read.peers ?? []) swarm.contacts.add(peer, addresses);
        return swarm;
      },
      findProviders: (until) => read.findPeers?.(until) ?? nobody(),
      handlePublished: async () => {},
    };
    try {
      await new Download(host, inner.manifest.root, { timeoutMs, signal }).run();
    } catch (error) {
      this.leave(manifest.cid);
      throw error;
    }
  }

  /** Changes the caps of the link, at once, for all files. @throws HubswarmError ERR_USAGE */
  limit(given: Caps): void {
    this.#host.link.limit(caps('caps', given));
    for (const swarm of this.#swarms.values()) swarm.handleLimited();
  }

  /** Ends the exchange of one file. */
  leave(cid: string): void {
    this.#end(keyOf(parseCid('cid', text('cid', cid))));
  }

  close(): void {
    for (const key of [...this.#swarms.keys()]) this.#end(key);
  }

  #join(store: DownloadStore, hooks: SwarmHooks = {}): Swarm {
    const cid = store.manifest.root;
    this.#end(keyOf(cid));
    const swarm = new Swarm({ ...this.#host, cid, store, hooks });
    this.#swarms.set(keyOf(cid), swarm);
    return swarm;
  }

  #end(key: string): void {
    this.#swarms.get(key)?.close();
    this.#swarms.delete(key);
  }

  /** @param file a CID's bytes as a stranger sent them */
  #swarmOf(file: Uint8Array): Swarm | undefined {
    const swarm = this.#swarms.get(digestKey(file.subarray(-DIGEST_LENGTH)));
    return swarm && equals(swarm.cid.bytes, file) ? swarm : undefined;
  }
}

const keyOf = (cid: CID): string => digestKey(cid.multihash.digest);

async function* nobody(): AsyncGenerator<Provider> {}

function completed(network: SwarmsOptions['network']): Network {
  return {
    self: network.self,
    call: (...what) => network.call(...what),
    connected: () => network.connected?.() ?? [],
    ask: async (...what) => network.ask?.(...what),
    believe: (...what) => network.believe?.(...what) ?? [],
  };
}

function innerStore(manifest: Manifest, store: PieceStore): DownloadStore {
  aManifest('manifest', manifest);
  aStore('store', store);
  return {
    manifest: innerManifest(manifest),
    isPublished: false,
    get have() {
      return store.have;
    },
    read: (...what) => store.read(...what),
    write: (...what) => store.write(...what),
    publish: async () => undefined,
    close: async () => {},
  };
}

const aWire = having<Wire>(
  'a Wire',
  ['onData', 'onEnd', 'send', 'drained', 'close', 'abort'],
  ({ remote }) => typeof remote === 'string',
);

const aStore = having<PieceStore>('a PieceStore', ['read', 'write'], ({ have }) => isObject(have));

const aManifest = having<Manifest>(
  'a Manifest',
  [],
  ({ cid, geometry, digests }) =>
    typeof cid === 'string' && isObject(geometry) && digests instanceof Uint8Array,
);

const isObject = (given: unknown): boolean => typeof given === 'object' && given !== null;

const provider: Reader<Provider> = (name, given) => {
  const { peer, addresses } = aProvider(name, given);
  return {
    peer: text(`${name}.peer`, peer),
    addresses: list(text)(`${name}.addresses`, addresses),
  };
};
const aProvider = having<Provider>('a peer and its addresses', []);

const readSwarms = record<SwarmsOptions>(
  {
    network: having('a Network', ['call'], ({ self }) => typeof self === 'string'),
    addresses: callback,
    caps,
    policy,
    onEvent: callback,
    clock: having('a clock', ['now', 'sleep', 'after', 'every', 'soon']),
    seed: number,
  },
  'network',
);

const readDownload = record<DownloadOptions>({
  peers: list(provider),
  findPeers: callback,
  name: text,
  timeoutMs: durationOrNever,
  signal: abortSignal,
});
