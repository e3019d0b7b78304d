// The settings of a balancer, for either program, and the only way to make them from text. Every
// value ends up in a configuration file. So each is checked against what it may hold, not against
// what it may not: a quote, a brace, a semicolon, a dollar or a line end never gets in, and the
// generators (nginx-config.ts, haproxy-config.ts) have nothing to escape.
import { isIP, isIPv6 } from 'node:net';
import { resolve } from 'node:path';
import { HubswarmError } from '../runtime/errors.ts';

export const POLICIES = ['round-robin', 'least-connections', 'ip-hash'] as const;
export type Policy = (typeof POLICIES)[number];

export interface Address {
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface Replica extends Address {
  /** Its share of the requests, relative to the others' weights. */
  readonly weight: number;
}

export interface Balancer {
  readonly listen: Address;
  readonly replicas: readonly Replica[];
  readonly policy: Policy;
  /** Absolute paths; without `key` the key is in the certificate's file. */
  readonly tls?: { readonly certificate: string; readonly key?: string } | undefined;
  /** Path that answers 200 while a replica takes requests. */
  readonly healthPath: string;
}

/** Most replicas. Chosen: more than one balancer's own link can serve. */
const MAX_REPLICAS = 8;
/** HAProxy's highest. */
const MAX_WEIGHT = 256;
const NAME = /^(?!-)[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i;

/** HOST:PORT, with brackets round an IPv6 address, as both programs and URLs have it. */
export function showAddress({ host, port }: Address): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** @param text as in 0.0.0.0:8080 or [::]:443. @throws HubswarmError ERR_USAGE */
export function parseListen(text: string): Address {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  const valid = match?.[1] === undefined ? isHost(host) : isIPv6(host) && !host.includes('%');
  if (match && valid && port >= 1 && port <= 65_535) return { host, port };
  throw usage('--listen', text, 'give HOST:PORT (as in 0.0.0.0:8080 or [::]:8080)');
}

/** @param text as in http://10.0.0.1:8080 or http://10.0.0.1:8080,weight=2. @throws HubswarmError ERR_USAGE */
export function parseReplica(text: string): Replica {
  const accepted = `give http://HOST:PORT, with ,weight=1 to ${MAX_WEIGHT} after it if need be`;
  const [, place = '', weight = '1'] = /^([^,]*)(?:,weight=(\d{1,3}))?$/.exec(text) ?? [];
  const url = place.includes('://') ? place : `http://${place}`;
  // URL leaves out the scheme's default port; here it must be given.
  const port = Number(/^http:\/\/[^/]*:(\d{1,5})\/?$/.exec(url)?.[1]);
  if (!URL.canParse(url) || !(port >= 1)) throw usage('--replica', text, accepted);
  const { hostname, username, password } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const known = (isHost(host) || isIPv6(host)) && username === '' && password === '';
  if (!known || Number(weight) < 1 || Number(weight) > MAX_WEIGHT) {
    throw usage('--replica', text, accepted);
  }
  return { host, port, weight: Number(weight) };
}

/** One to eight, each once. @throws HubswarmError ERR_USAGE */
export function checkReplicas(replicas: readonly Replica[]): readonly Replica[] {
  const shown = replicas.map(showAddress);
  const twice = shown.find((address, index) => shown.indexOf(address) !== index);
  if (twice !== undefined) {
    throw usage('--replica', `http://${twice}`, 'give each replica once, and a weight for more');
  }
  if (replicas.length <= MAX_REPLICAS) return replicas;
  throw usage('--replica', `${replicas.length} of them`, `give 1 to ${MAX_REPLICAS}`);
}

/** @throws HubswarmError ERR_USAGE */
export function checkHealthPath(text: string): string {
  if (/^(\/[\w.~%-]*)+$/.test(text)) return text;
  throw usage('--health-path', text, 'give a path of letters, digits and /._~%- (as in /readyz)');
}

/** Absolute, since the programs look for relative ones elsewhere. @throws HubswarmError ERR_USAGE */
export function checkConfigPath(option: string, text: string): string {
  const path = resolve(text);
  if (text !== '' && /^[\p{L}\p{N}/._@+=:,~ -]+$/u.test(path)) return path;
  throw usage(option, text, 'give a path of letters, digits, spaces and /._@+=:,~-');
}

function isHost(text: string): boolean {
  // A text of digits and dots must be an address: 1.2.3 is no name.
  return /^[\d.]+$/.test(text) ? isIP(text) === 4 : NAME.test(text);
}

function usage(option: string, given: string, accepted: string): HubswarmError {
  return new HubswarmError('ERR_USAGE', `${option}: '${given}' is not accepted; ${accepted}`);
}
