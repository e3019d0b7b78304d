// Which CID a server's answer names. Hubswarm's hub and IPFS gateways name it in X-Ipfs-Roots
// (https://specs.ipfs.tech/http-gateways/path-gateway/) or as the ETag. A weak ETag counts as well,
// since proxies weaken what they pass on. A wrong name can only fail: each piece is hashed against
// the CID.
import type { CID } from 'multiformats/cid';
import { decodeCid, isSupportedCid } from '../../content/cid.ts';

export function namedCid(headers: ReadonlyMap<string, string>): CID | undefined {
  // The header lists the roots of the path's segments; the last one is the file's.
  const root = headers.get('x-ipfs-roots')?.split(',').at(-1)?.trim();
  const tag = /^(?:W\/)?"([^"]*)"$/.exec(headers.get('etag') ?? '')?.[1];
  return tryParseCid(root) ?? tryParseCid(tag);
}

/** Whether a hub has not hashed the file yet; it names the CID when it is asked later. */
export function isPending(headers: ReadonlyMap<string, string>): boolean {
  return headers.get('x-hubswarm-cid') === 'pending';
}

function tryParseCid(text: string | undefined): CID | undefined {
  const cid = text === undefined ? undefined : decodeCid(text);
  return cid && isSupportedCid(cid) ? cid : undefined;
}
