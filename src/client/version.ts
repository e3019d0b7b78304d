// What makes the answers of several mirrors parts of one file: a CID, whose pieces
// are hashed one by one, or for want of it one strong ETag (RFC 9110 section 8.8) or
// one digest (RFC 9530) that all of them name, and the same length.
import type { Manifest } from '../content/manifest.ts';
import type { Version } from './download.ts';
import { namedCid } from './names-cid.ts';

export function verifiedVersion(manifest: Manifest): Version {
  const { root, geometry } = manifest;
  return {
    cid: root,
    // Not needed: every piece is hashed.
    validator: () => undefined,
    refuse: ({ headers, totalBytes }) => {
      const named = namedCid(headers);
      if (named && !named.equals(root)) return `has another file: ${named}, not ${root}`;
      if (totalBytes === undefined || totalBytes === geometry.totalLength) return undefined;
      return `has another file: of ${totalBytes} bytes, not ${geometry.totalLength}`;
    },
  };
}
