// What a server that asks others says of an answer that it did not get: Proxy-Status (RFC 9209). Its
// members begin with the server that is nearest to the origin. Only tokens of the registry travel, and
// each end has its own words for them. Pure.
import { type Item, parseList, Token } from 'structured-headers';
import type { Upstream } from '../runtime/refusal.ts';

/** The errors that this program tells, and what a person reads. */
const WORDS = {
  connection_limit_reached: 'it has too many connections',
  connection_refused: 'connection refused',
  connection_terminated: 'connection reset',
  connection_timeout: 'connection timed out',
  destination_ip_unroutable: 'host unreachable',
  destination_not_found: 'it knows none for this name',
  destination_unavailable: 'it is taken as gone for a while',
  dns_error: 'host not found',
  dns_timeout: 'host name could not be looked up',
  http_protocol_error: 'it does not answer in HTTP as expected',
  http_response_incomplete: 'connection closed before the end',
  http_response_timeout: 'it did not answer in time',
  proxy_internal_error: 'a failure of the edge itself',
  proxy_loop_detected: 'the caches ask one another in a circle',
  tls_certificate_error: 'its certificate was refused',
  tls_protocol_error: 'it speaks no TLS there',
} as const;

export type ProxyError = keyof typeof WORDS;

/** What an edge calls itself. */
const OWN = 'hubswarm-edge';
/** Longest field that is read. Chosen: a hundred times one member. */
const MAX_FIELD = 4096;
/** Most members that are passed on: as many as there may be edges in a row (edge/edge.ts). */
const MAX_MEMBERS = 8;

/** The field of an answer that stands for these, the nearest to the origin first. */
export function formatProxyStatus(upstreams: readonly Upstream[]): string {
  return upstreams
    .slice(0, MAX_MEMBERS)
    .map(({ error, status }) => {
      const said = error === undefined ? '' : `; error=${error}`;
      return `${OWN}${said}${status === undefined ? '' : `; received-status=${status}`}`;
    })
    .join(', ');
}

/** What is not known, or malformed, is left out. */
export function parseProxyStatus(field: string | undefined): readonly Upstream[] {
  if (field === undefined || field.length > MAX_FIELD) return [];
  let members: readonly (Item | readonly unknown[])[];
  try {
    members = parseList(field) as readonly (Item | readonly unknown[])[];
  } catch {
    return [];
  }
  return members.slice(0, MAX_MEMBERS).flatMap((member) => {
    const parameters = member[1];
    if (!(parameters instanceof Map)) return [];
    const token: unknown = parameters.get('error');
    const error =
      token instanceof Token && isKnown(token.toString()) ? token.toString() : undefined;
    const received: unknown = parameters.get('received-status');
    const isStatus =
      Number.isInteger(received) && Number(received) >= 100 && Number(received) < 600;
    const status = isStatus ? Number(received) : undefined;
    return error === undefined && status === undefined ? [] : [{ error, status }];
  });
}

/** What happened, as a person reads it; undefined if nothing is told. */
export function wordsOf([nearest]: readonly Upstream[]): string | undefined {
  if (nearest === undefined) return undefined;
  const { error, status } = nearest;
  if (error !== undefined && isKnown(error)) return `at its origin: ${WORDS[error]}`;
  return status === undefined ? undefined : `its origin answered ${status}`;
}

const isKnown = (token: string): token is ProxyError => Object.hasOwn(WORDS, token);
