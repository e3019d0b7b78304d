// Decides whether strangers may write. A hub that takes uploads without tokens must be reached from
// this machine only, and not through a proxy, unless its owner says otherwise.
import { isIP, isIPv4 } from 'node:net';
import { HubswarmError } from '../../runtime/errors.ts';

export interface WriteExposure {
  readonly host: string;
  readonly writable: boolean;
  readonly hasTokenKeys: boolean;
  readonly anonymousWrites: boolean;
  /**
   * Whether the hub trusts proxies. A caller of the proxy may be anywhere, even if the proxy is on
   * this machine.
   */
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

/**
 * Whether the host is this machine's loopback. A name other than localhost may lead anywhere, and
 * does not count.
 */
export function isLoopback(host: string): boolean {
  const bare = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return bare === 'localhost' || bare === '::1' || (isIPv4(bare) && bare.startsWith('127.'));
}

/**
 * Whether a request of a browser comes from a page that is not this hub's own. If anyone may write,
 * a page whose host is the host that it called proves nothing: its owner's name may point at this
 * machine by now (DNS rebinding). An address cannot be pointed elsewhere.
 */
export function isForeignPage(origin: string, ownHost: string): boolean {
  if (!URL.canParse(origin)) return true;
  const host = new URL(origin).hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) === 0 && host !== 'localhost' && host !== ownHost.toLowerCase();
}
