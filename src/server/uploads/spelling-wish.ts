// A client that has files of both Unicode spellings of a name says so (RFC 7240 section 4.4): then a
// name is no other spelling of one that is there.
import type { IncomingMessage } from 'node:http';
import type { UploadsHub } from './uploads-hub.ts';

const STRICT = /(^|[,;\s])handling=strict($|[,;\s])/i;

/** The hub as the request wants names to be taken. */
export function asSpelled(hub: UploadsHub, { headers }: IncomingMessage): UploadsHub {
  const isStrict = STRICT.test(headers.prefer?.toString() ?? '');
  return isStrict ? { ...hub, root: hub.root.asSpelled() } : hub;
}
