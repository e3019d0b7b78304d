// Finds a hub and its place in the swarm, from any URL of it: the hub's own, or that of a file or a
// directory. What a hub says of addresses is a remote's word: it may name none of a smaller scope
// than its own (runtime/node/scope.ts), only so many, and all of one peer. A hub that names others is
// believed in nothing. Each failure is one line that holds no text of the remote.
import { ABOUT_HUB_PATH, type AboutHub, aboutHubSchema } from '../api/about-hub.ts';
import type { HttpClient } from '../client/http/http-client.ts';
import { SourceFailure } from '../client/http/source-failure.ts';
import { showUrl } from '../client/http/url.ts';
import { tryParseAddress } from '../peer/address/peer-address.ts';
import { believe } from '../peer/address/scope.ts';
import { HubswarmError } from '../runtime/errors.ts';
import type { Scope } from '../runtime/node/scope.ts';

/** Chosen: as many addresses as may be told fit. */
const MAX_BYTES = 48 * 1024;
/** Most addresses that are called. Chosen: a host has a few. */
const MOST_CALLED = 8;

/** A hub's paths in which a URL of a file, a directory or a block goes on. */
const BELOW = /\/(?:files|ipfs|uploads)(?:\/|$)/;

/** A hub as it is found at this moment. */
export interface FoundHub {
  /** Its own address, ends in a slash: redirects may have led there. Credentials stay in it. */
  readonly base: URL;
  /** Where its files are, ends in a slash; below `base`. */
  readonly files: URL;
  /** How to reach it in the swarm; undefined if it runs without --swarm. */
  readonly swarm:
    | {
        readonly peer: string;
        /** Multiaddrs with /p2p/ that may be called; none if all are too near for the teller. */
        readonly addresses: readonly string[];
        /** Whether only peers with its key can connect. */
        readonly isPrivate: boolean;
        /** Whether a peer that shows a token is admitted to what it opens. */
        readonly admits: boolean;
      }
    | undefined;
}

/**
 * Asks the hub that has this URL. Two requests at most.
 *
 * @param url of the hub, or of anything below it
 * @throws HubswarmError ERR_REMOTE, which names the hub; its cause may be a SourceFailure. The
 * signal's reason
 */
export async function findHub(http: HttpClient, url: URL, signal: AbortSignal): Promise<FoundHub> {
  let last: unknown;
  for (const place of placesOf(url)) {
    try {
      const found = await http.getPlaced(place, MAX_BYTES, signal);
      return read(found.url, found.bytes, http.tellers.scopeOf(found.url));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SourceFailure)) throw error;
      last ??= error;
      if (error.status !== 404) break;
    }
  }
  const { status, message } = last as SourceFailure;
  const reason =
    status === 404 ? `has no ${ABOUT_HUB_PATH}: it is no hub, or an older one` : message;
  throw new HubswarmError('ERR_REMOTE', `${showUrl(url)}: ${reason}`, { cause: last });
}

/**
 * The multiaddrs at which a hub can be joined.
 *
 * @throws HubswarmError ERR_NO_SOURCE in one line, for a hub that is in no swarm and the like
 */
export function addressesOf({ base, swarm }: FoundHub): readonly string[] {
  const refused = (reason: string): HubswarmError =>
    new HubswarmError('ERR_NO_SOURCE', `${showUrl(base)}: ${reason}`);
  if (!swarm) throw refused('the hub is in no swarm; it joins one if it is started with --swarm');
  if (swarm.addresses.length > 0) return swarm.addresses;
  throw refused(
    'the hub names no address that can be called from here; its --swarm-listen says where it listens',
  );
}

/** The hub of a URL: the path at which a proxy shows it, which ends in a slash. Credentials stay. */
export function hubOf(url: URL): URL {
  const at = url.pathname.search(BELOW);
  const prefix = `${at < 0 ? url.pathname : url.pathname.slice(0, at)}/`.replace(/\/+/g, '/');
  const hub = new URL(prefix, url);
  hub.hash = '';
  return hub;
}

/** Where a hub may tell of itself: below that path, or at the root. */
function placesOf(url: URL): URL[] {
  const hub = hubOf(url);
  const places = [ABOUT_HUB_PATH, `/${ABOUT_HUB_PATH}`].map((path) => new URL(path, hub));
  return [...new Map(places.map((place) => [place.href, place])).values()];
}

/** @param teller scope at which the hub was met. @throws SourceFailure */
function read(url: URL, bytes: Uint8Array, teller: Scope): FoundHub {
  const { files, swarm } = parse(bytes);
  const base = new URL('..', url);
  const found = URL.canParse(files, url.href) ? new URL(files, url) : undefined;
  // Elsewhere it would be a redirect, to which other rules apply.
  if (!found?.href.startsWith(base.href) || !found.pathname.endsWith('/')) throw noHub();
  const swarmOf = swarm && {
    peer: swarm.peer,
    addresses: callable(swarm, teller),
    isPrivate: swarm.private === true,
    admits: swarm.admits === true,
  };
  return { base, files: found, swarm: swarmOf };
}

function parse(bytes: Uint8Array): AboutHub {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    throw noHub();
  }
  const { data } = aboutHubSchema.safeParse(value);
  if (!data) throw noHub();
  return data;
}

function callable({ peer, addresses }: NonNullable<AboutHub['swarm']>, teller: Scope): string[] {
  const isOfPeer = (address: string): boolean => tryParseAddress(address)?.peerId === peer;
  if (!addresses.every(isOfPeer)) throw liar();
  return believe(addresses, teller)
    .slice(0, MOST_CALLED)
    .map(({ multiaddr }) => multiaddr.toString());
}

const noHub = (): SourceFailure =>
  new SourceFailure('answers as no hub does: it is none, or of another version', { final: true });

const liar = (): SourceFailure =>
  new SourceFailure('names addresses in the swarm that are not those of one peer', { final: true });
