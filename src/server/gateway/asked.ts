// What both forms of a gateway's answer tell of the content.
import type { OutgoingHttpHeaders } from 'node:http';
import { create as formatDisposition } from 'content-disposition';
import type { Block, Resolved } from '../../car/walk.ts';
import type { Blocks } from './blocks.ts';
import type { GatewayWish } from './gateway-wish.ts';

export interface Asked extends Resolved {
  readonly wish: GatewayWish;
  readonly sharing: Blocks['sharing'];
}

/** A CID never names other bytes. Caches take a year for ever (RFC 9111). */
const IMMUTABLE = 'max-age=31536000, immutable';
/** Most characters of a name that a client chose. */
const MOST_NAME = 255;

/** The block that the path leads to. */
export const entityOf = ({ passed }: Resolved): Block => passed.at(-1)!;

/** The fields that a 304 has, too. */
export const cacheHeadersOf = ({ wish, sharing, roots }: Asked, etag: string) => ({
  ETag: etag,
  'Cache-Control': `${sharing}, ${IMMUTABLE}`,
  Vary: 'Accept',
  'X-Ipfs-Path': ['', 'ipfs', wish.root, ...wish.path.map(encodeURIComponent)].join('/'),
  'X-Ipfs-Roots': roots.join(','),
});

/** Names that need no other form. Quoted, as other gateways do, where a token would do. */
const PLAIN = /^[\w.-]+$/;

export function savedAs({ wish }: Asked, name: string): OutgoingHttpHeaders {
  const chosen = wish.filename?.slice(0, MOST_NAME) || name;
  const isPlain = PLAIN.test(chosen);
  const disposition = isPlain ? `attachment; filename="${chosen}"` : formatDisposition(chosen);
  return { 'Content-Disposition': disposition };
}
