// hubswarm/peer: a peer over libp2p, which shares files and fetches them. For Node.js.
import './failures.ts';
import '../runtime/with-resolvers.ts';
import { parseCid } from '../content/cid.ts';
import { LINK_CHOICES, type LinkChoice } from '../disk/import/scan.ts';
import type { Caps } from '../link/link.ts';
import { ProcessLink } from '../link/process-link.ts';
import { parseMultiaddr } from '../peer/address/peer-address.ts';
import { Peer as InnerPeer } from '../peer/peer.ts';
import { parsePeerId } from '../peer/private/allowed-peers.ts';
import { readSwarmKey } from '../peer/private/swarm-key.ts';
import type { Policy } from '../swarm/policy.ts';
import type { Event } from '../telemetry/event.ts';
import { emitTo } from './listener.ts';
import {
  abortSignal,
  callback,
  durationOrNever,
  flag,
  list,
  oneOf,
  pieceLength,
  type Reader,
  record,
  text,
} from './options.ts';
import { caps, policy } from './swarm-options.ts';

export type { LinkChoice } from '../disk/import/scan.ts';
export type { ChokerName } from '../exchange/choker.ts';
export type { PickerName } from '../exchange/picker.ts';
export type { Caps } from '../link/link.ts';
export { type ErrorCode, HubswarmError } from '../runtime/errors.ts';
export type { Policy } from '../swarm/policy.ts';
export type { Event, EventName, Events } from '../telemetry/event.ts';

export interface PeerOptions {
  /** A directory for the peer's identity and what it knows of others; made if it is not there. */
  readonly dataDir: string;
  /** TCP multiaddrs to listen at. By default this machine's, or where `join` and `mdns` lead. */
  readonly listen?: readonly string[];
  /** Multiaddrs of peers to join through, again and again until one is there. */
  readonly join?: readonly string[];
  /** Find peers on the LAN by multicast. */
  readonly mdns?: boolean;
  /** File with the key of a private swarm: only peers that have it can be connected to. */
  readonly swarmKey?: string;
  /** PeerIds of those to whom alone it may be connected. */
  readonly allow?: readonly string[];
  readonly caps?: Caps;
  /** Paces what is sent where more than 100 ms queue in front of the uplink. */
  readonly adaptsUplink?: boolean;
  readonly policy?: Policy;
  /** Told what happens, as `--json` tells it. If it throws, the process is warned. */
  readonly onEvent?: (event: Event) => void;
}

export interface ShareOptions {
  /** Share modes and times of files as well: they are part of the CID, which is another one then. */
  readonly preserve?: boolean;
  /** What becomes of symbolic links inside a directory: they are refused if it is left out. */
  readonly links?: LinkChoice;
  /** Hash all files again; otherwise only those that changed since this `dataDir` shared them. */
  readonly check?: boolean;
  /** Bytes of each piece but the last; by default by the size of the content. */
  readonly pieceLength?: number;
  readonly signal?: AbortSignal;
}

export interface GetOptions {
  /** A directory; made if it is not there. */
  readonly out: string;
  /** Path of a file or directory below the CID, with '/': then only that is fetched. */
  readonly path?: string;
  /** Replace what has that name already and is something else. */
  readonly force?: boolean;
  /** Give up after so long without a new piece, in milliseconds; never if left out. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export class Peer {
  readonly #peer: InnerPeer;
  readonly #link: ProcessLink;

  /** Starts a peer, which listens. @throws HubswarmError ERR_USAGE, ERR_LISTEN, ERR_NOT_PERMITTED */
  static async start(options: PeerOptions): Promise<Peer> {
    const read = readStart('options', options);
    const { dataDir, listen, join = [], onEvent } = read;
    const emit = emitTo(onEvent);
    const link = new ProcessLink(emit, read.caps);
    const inner = await InnerPeer.start({
      dataDir,
      ...(listen && { listen }),
      joins: join,
      mdns: read.mdns ?? false,
      swarmKey: read.swarmKey === undefined ? undefined : await readSwarmKey(read.swarmKey),
      allowed: read.allow,
      link,
      adaptsUplink: read.adaptsUplink ?? false,
      policy: read.policy ?? {},
      emit,
    });
    // It ends with the peer, and with nothing else.
    if (join.length > 0) inner.join(join, whenever()).catch(() => {});
    return new Peer(inner, link);
  }

  private constructor(peer: InnerPeer, link: ProcessLink) {
    this.#peer = peer;
    this.#link = link;
  }

  get peerId(): string {
    return this.#peer.peerId;
  }

  /** Multiaddrs at which this peer listens, with its PeerId. */
  get addresses(): string[] {
    return this.#peer.addresses;
  }

  /**
   * Joins through more peers. Resolves with the first connection.
   *
   * @throws HubswarmError ERR_USAGE; the signal's reason
   */
  async join(addresses: readonly string[], signal: AbortSignal = whenever()): Promise<void> {
    await this.#peer.join(readAddresses('addresses', addresses), abortSignal('signal', signal));
  }

  /**
   * Serves a file or directory, which stays where it is, and resolves to its CID. An entry that cannot
   * be shared refuses the whole directory.
   *
   * @throws HubswarmError ERR_USAGE (a link, and no choice), ERR_MANIFEST (a special file), ERR_NOT_FOUND, ERR_NOT_PERMITTED, ERR_SOURCE_CHANGED
   */
  async share(path: string, options: ShareOptions = {}): Promise<string> {
    const { signal = whenever(), ...how } = readShare('options', options);
    const { cid } = await this.#peer.share(text('path', path), { ...how, signal });
    return cid.toString();
  }

  /**
   * Fetches a file or directory, and serves it meanwhile and from then on. Resolves to its path. Pieces
   * that are on this machine are not fetched: in what `force` replaces, and in what this `dataDir`
   * shared or fetched.
   *
   * @throws HubswarmError ERR_USAGE, ERR_NOT_FOUND (no such `path`), ERR_TIMEOUT, ERR_MANIFEST, ERR_EXISTS, ERR_DISK_FULL ...
   */
  async get(cid: string, options: GetOptions): Promise<string> {
    const root = parseCid('cid', text('cid', cid));
    const { out, path, force = false, ...limits } = readGet('options', options);
    const { timeoutMs = Number.POSITIVE_INFINITY, signal = whenever() } = limits;
    return this.#peer.get(root, { out, path, force, timeoutMs, signal });
  }

  /**
   * Resolves when the peers that still fetch this file have every piece among them, after 30 s at the
   * latest: then this peer may stop.
   */
  async part(cid: string, signal: AbortSignal = whenever()): Promise<void> {
    await this.#peer.part(parseCid('cid', text('cid', cid)), abortSignal('signal', signal));
  }

  /** Changes the caps of the link, at once, for all files. @throws HubswarmError ERR_USAGE */
  limit(given: Caps): void {
    this.#peer.limit(caps('caps', given));
  }

  /** Ends everything. Partial downloads stay, and a later `get` into the same directory goes on. */
  async stop(): Promise<void> {
    await this.#peer.stop();
    this.#link.close();
  }
}

/** A signal that never aborts. */
const whenever = (): AbortSignal => new AbortController().signal;

const address: Reader<string> = (name, given) => {
  parseMultiaddr(name, text(name, given));
  return given as string;
};
const readAddresses = list(address);
const peerId: Reader<string> = (name, given) => parsePeerId(name, text(name, given));

const readStart = record<PeerOptions>(
  {
    dataDir: text,
    listen: readAddresses,
    join: readAddresses,
    mdns: flag,
    swarmKey: text,
    allow: list(peerId),
    caps,
    adaptsUplink: flag,
    policy,
    onEvent: callback,
  },
  'dataDir',
);

const readShare = record<ShareOptions>({
  preserve: flag,
  links: oneOf(LINK_CHOICES),
  check: flag,
  pieceLength,
  signal: abortSignal,
});

const readGet = record<GetOptions>(
  { out: text, path: text, force: flag, timeoutMs: durationOrNever, signal: abortSignal },
  'out',
);
