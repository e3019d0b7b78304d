// Which CID a server's answer names, if any: Hubswarm's hub and IPFS gateways say
// it in X-Ipfs-Roots (https://specs.ipfs.tech/http-gateways/path-gateway/) or as
// the ETag. A weak ETag counts as well (proxies weaken what they pass on): each
// piece is hashed against the CID, so a wrong name can only fail.
import type { CID } from 'multiformats/cid';
import { decodeCid, isSupportedCid } from '../../content/cid.ts';

export function namedCid(headers: ReadonlyMap<string, string>): CID | undefined {
  // The roots of a path from its first segment on; the last one is the file's.
  const root = headers.get('x-ipfs-roots')?.split(',').at(-1)?.trim();
  const tag = /^(?:W\/)?"([^"]*)"$/.exec(headers.get('etag') ?? '')?.[1];
  return tryParseCid(root) ?? tryParseCid(tag);
}

/** A hub has not hashed the file yet; it names the CID when it is asked later. */
export function isPending(headers: ReadonlyMap<string, string>): boolean {
  return headers.get('x-hubswarm-cid') === 'pending';
}

function tryParseCid(text: string | undefined): CID | undefined {
  const cid = text === undefined ? undefined : decodeCid(text);
  return cid && isSupportedCid(cid) ? cid : undefined;
}
