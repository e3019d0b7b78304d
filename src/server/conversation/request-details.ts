// Further fields of a request for the access log: header fields of the client, cut to a length, and
// the id that ties the line to the balancer's line. A client's id is used only if it is short and
// plain.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface RequestDetails {
  readonly userAgent?: string;
  readonly referer?: string;
  readonly range?: string;
  readonly httpVersion: string;
  readonly requestId: string;
}

/** Longest field. Chosen: several times what browsers send. */
const MAX_FIELD_LENGTH = 512;
const ID = /^[\w.:/+=-]{1,128}$/;

/** Prefix of this process' ids: random bytes for each request would cost 8 us. */
const ORIGIN = randomBytes(9).toString('base64url');
let count = 0;

const nextId = (): string => `${ORIGIN}-${(++count).toString(36)}`;

/** Call it before the answer begins: it adds the request's id to the answer. */
export function detailsOf(req: IncomingMessage, res: ServerResponse): RequestDetails {
  const given = req.headers['x-request-id'];
  const requestId = typeof given === 'string' && ID.test(given) ? given : nextId();
  res.setHeader('X-Request-Id', requestId);
  const field = <Name extends string>(name: Name, value: string | undefined) =>
    value === undefined ? {} : { [name]: value.slice(0, MAX_FIELD_LENGTH) };
  const { headers, httpVersion } = req;
  return {
    httpVersion,
    requestId,
    ...field('userAgent', headers['user-agent']),
    ...field('referer', headers.referer),
    ...field('range', headers.range),
  };
}
