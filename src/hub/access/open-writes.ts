// Whether strangers may write. A hub that takes uploads without tokens must be one
// that only this machine reaches, and not through a proxy, unless its owner says that it is
// meant.
import { isIP, isIPv4 } from 'node:net';
import { HubswarmError } from '../../runtime/errors.ts';

export interface WriteExposure {
  readonly host: string;
  readonly writable: boolean;
  readonly hasTokenKeys: boolean;
  readonly anonymousWrites: boolean;
  /** Whoever reaches the proxy comes from where the proxy is, be it this machine. */
  readonly hasProxies?: boolean;
}

/** @throws HubswarmError ERR_USAGE */
export function refuseOpenWrites(exposure: WriteExposure): void {
  const { host, writable, hasTokenKeys, anonymousWrites, hasProxies = false } = exposure;
  if (!writable || hasTokenKeys || anonymousWrites) return;
  if (isLoopback(host) && !hasProxies) return;
  const who = hasProxies ? 'with --trust-proxy' : `on ${host}`;
  const whom = hasProxies ? 'the proxy' : 'it';
  throw new HubswarmError(
    'ERR_USAGE',
    `--writable ${who} would let anyone who reaches ${whom} write; give --token-key (and make tokens with 'hubswarm token'), or --allow-anonymous-writes if that is meant`,
  );
}

/** A name other than localhost may lead anywhere, and so does not count. */
export function isLoopback(host: string): boolean {
  const bare = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return bare === 'localhost' || bare === '::1' || (isIPv4(bare) && bare.startsWith('127.'));
}

/**
 * Whether a request of a browser comes from a page that is not this hub's own. That a
 * page's origin is the host it called proves nothing where anyone may write: its owner's
 * name may have been pointed at this machine since (DNS rebinding). An address cannot be.
 */
export function isForeignPage(origin: string, ownHost: string): boolean {
  if (!URL.canParse(origin)) return true;
  const host = new URL(origin).hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) === 0 && host !== 'localhost' && host !== ownHost.toLowerCase();
}
