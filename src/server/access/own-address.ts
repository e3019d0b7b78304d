// Makes the absolute URLs of the hub that Location holds (RFC 9110 section 10.2.2): some clients
// cannot follow a relative one. Scheme, host and prefix are those that the client used: they stand
// in Host, or, behind a trusted proxy, in what that proxy says; --base-path gives the prefix where
// no proxy tells it. All of them may be forged, so what is no plain host or path is not believed.
// Several proxies in a row may each have appended to a list. As many elements from its end count as
// there are trusted proxies (forwarded.ts): the first of these saw what the client used. Each of
// their prefixes was taken off the path, one after the other.
//
// A proxy that is not trusted may have changed scheme, host and path. Then the hub does not know its
// URL, and the reference is relative to the request, which holds everywhere. Pure.
import type { IncomingMessage } from 'node:http';
import { AddressSet, normalAddress } from '../../hub/access/address-rules.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { targetPath } from '../message/request-path.ts';
import { ROUTES } from '../message/routes.ts';
import { forwardedWay, type ProxyHeader } from './forwarded.ts';

export interface OwnAddressOptions {
  /** As checkBasePath() gives it; none by default. */
  readonly basePath?: string | undefined;
  readonly trustedProxies?: readonly string[] | undefined;
  readonly proxyHeader?: ProxyHeader | undefined;
}

/** Where a client sees the hub. */
interface Place {
  readonly scheme: string | undefined;
  readonly host: string | undefined;
  readonly prefix: string | undefined;
}

type Asked = Pick<IncomingMessage, 'headers' | 'socket'>;

/** A request with the target as it came, without the base path. */
interface Request {
  readonly req: Asked;
  readonly target: string;
  readonly caller: { readonly isPassedOn: boolean };
}

const NOWHERE: Place = { scheme: undefined, host: undefined, prefix: undefined };
/** Of a target in absolute form. */
const ORIGIN = /^https?:\/\/[^/?#]*/i;
const HOST = /^(?:[a-z\d._~-]{1,253}|\[[a-f\d:.]{2,45}\])(?::\d{1,5})?$/i;
/** Names without a meaning of their own: no escape, no parent, no second slash. */
const PREFIX = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~!$&'()*+,;=:@-]{1,255}){1,16}\/?$/;

export class OwnAddress {
  /** Begins with a slash and ends in none, or is ''. */
  readonly #basePath: string;
  readonly #proxies: AddressSet;
  readonly #proxyHeader: ProxyHeader;

  constructor({ basePath = '', trustedProxies = [], proxyHeader }: OwnAddressOptions) {
    this.#basePath = basePath;
    this.#proxies = new AddressSet(trustedProxies);
    this.#proxyHeader = proxyHeader ?? 'x-forwarded-for';
  }

  /** A request target without the base path, which some proxies keep in it. */
  inner(target: string): string {
    const basePath = this.#basePath;
    if (basePath === '') return target;
    const [origin = ''] = ORIGIN.exec(target) ?? [];
    if (!target.startsWith(basePath, origin.length)) return target;
    const rest = target.slice(origin.length + basePath.length);
    if (rest.startsWith('/')) return origin + rest;
    return rest === '' || /^[?#]/.test(rest) ? `${origin}/${rest}` : target;
  }

  /** @param path on the hub, escaped, as in `/files/name` */
  locate({ req, target, caller }: Request, path: string): string {
    const basePath = this.#basePath;
    const peer = normalAddress(req.socket.remoteAddress ?? '');
    const isTrusted = this.#proxies.has(peer);
    if (caller.isPassedOn && !isTrusted && basePath === '') return fromRequest(target, path);
    const told = isTrusted ? this.#told(req.headers, peer) : NOWHERE;
    const scheme = told.scheme ?? ('encrypted' in req.socket ? 'https' : 'http');
    const below = (basePath || (told.prefix ?? '')) + path;
    for (const host of [told.host, authorityOf(target) ?? req.headers.host]) {
      const origin = `${scheme}://${host}`;
      if (host !== undefined && HOST.test(host) && URL.canParse(origin)) return origin + below;
    }
    return below;
  }

  #told(headers: Asked['headers'], peer: string): Place {
    const header = this.#proxyHeader;
    const { hops } = forwardedWay(header, String(headers[header] ?? ''), peer, this.#proxies);
    const listed = (name: string): string[] => elementsOf(headers[name]).slice(-hops);
    if (header === 'forwarded') return forwardedPlace(listed('forwarded'));
    return {
      scheme: schemeOf(listed('x-forwarded-proto')[0]),
      host: hostOf(listed('x-forwarded-host')[0]),
      prefix: prefixOf(listed('x-forwarded-prefix')),
    };
  }
}

/** RFC 7239 section 4: a hop need not say all; it knows no prefix. */
function forwardedPlace(elements: readonly string[]): Place {
  const value = (name: string): string | undefined => {
    const pair = new RegExp(`(?:^|;)\\s*${name}="?([^";]*)"?`, 'i');
    return elements.map((element) => pair.exec(element)?.[1]).find((told) => told !== undefined);
  };
  return { scheme: schemeOf(value('proto')), host: hostOf(value('host')), prefix: undefined };
}

/** Undefined if one of them is no plain path. */
function prefixOf(prefixes: readonly string[]): string | undefined {
  if (prefixes.length === 0 || !prefixes.every((prefix) => PREFIX.test(prefix))) return undefined;
  return prefixes.map((prefix) => prefix.replace(/\/$/, '')).join('');
}

const schemeOf = (text = ''): string | undefined =>
  /^https?$/i.test(text) ? text.toLowerCase() : undefined;

const hostOf = (text = ''): string | undefined => (HOST.test(text) ? text : undefined);

/** RFC 9110 section 5.6.1: empty elements say nothing. */
const elementsOf = (header: string | string[] | undefined): string[] =>
  (header?.toString() ?? '')
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '');

/** RFC 9112 section 3.2.2: it counts more than Host. */
const authorityOf = (target: string): string | undefined =>
  ORIGIN.exec(target)?.[0].replace(/^.*\//, '');

/** The path as a reference from the target's. */
function fromRequest(target: string, path: string): string {
  const levels = targetPath(target).split('/').length - 2;
  return '../'.repeat(levels) + path.slice(1);
}

/** A value of --base-path, without a slash at its end. @throws HubswarmError ERR_USAGE */
export function checkBasePath(option: string, text: string): string {
  const path = `/${text}/`.replace(/^\/+|\/+$/g, '/').replace(/\/$/, '');
  const first = path.split('/')[1];
  const isRoute = Object.values(ROUTES).some((route) => route.path === `/${first}`);
  // A path below a route of the hub would have two readings.
  if ((path === '' || PREFIX.test(path)) && (first === undefined || !isRoute)) return path;
  const message = isRoute
    ? `${option}: '/${first}' is a path of the hub itself; give another`
    : `${option}: '${text}' is not accepted; give a path of plain names, as in /hub`;
  throw new HubswarmError('ERR_USAGE', message);
}
