// What makes the answers of several mirrors parts of one file: a CID, whose pieces are hashed one
// by one; or, without a CID, one strong ETag (RFC 9110 section 8.8.1) or one digest (RFC 9530) that
// all of them name, and the same length. A date is not enough: two servers may have different files
// of the same second.
import type { CID } from 'multiformats/cid';
import type { Manifest } from '../../content/manifest.ts';
import { reprDigest } from '../http/digest.ts';
import { parseContentLength } from '../http/http-head.ts';
import { namedCid } from '../http/names-cid.ts';
import { contentCoding, strongTag } from '../http/validator.ts';
import type { RangeResponse } from './fetch-range.ts';
import type { Probed } from './probe.ts';

export interface Version {
  /** The CID, if each piece is verified. */
  readonly cid?: CID;
  /** The validator for If-Range. */
  validator(url: URL): string | undefined;
  /** Why an answer belongs to another file; undefined if it does not. */
  refuse(response: RangeResponse, url: URL): string | undefined;
}

export function verifiedVersion(manifest: Manifest): Version {
  const { root, geometry } = manifest;
  return {
    cid: root,
    // Not needed: every piece is hashed.
    validator: () => undefined,
    refuse: ({ headers, totalBytes }) => {
      const named = namedCid(headers);
      if (named && !named.equals(root)) return `has another file: ${named}, not ${root}`;
      return otherLength(totalBytes, geometry.totalLength);
    },
  };
}

export interface SharedVersion extends Version {
  readonly bytes: number;
  /** The content coding that all mirrors gave it. */
  readonly coding: string | undefined;
  /** The whole file's digest, if a mirror names it. */
  readonly digest: string | undefined;
}

/**
 * The version that all answers share; undefined if they may be different files, or give no parts.
 */
export function sharedVersion(probed: readonly Probed[]): SharedVersion | undefined {
  const [first] = probed;
  const bytes = lengthOf(first!);
  if (bytes === undefined || bytes === 0) return undefined;
  if (!probed.every((each) => isSameFile(each, first!) && hasRanges(each))) return undefined;
  const coding = contentCoding(first!.headers);
  const tags = new Map(probed.map(({ url, headers }) => [url, strongTag(headers)]));
  const digest = probed.map(({ headers }) => reprDigest(headers)).find((each) => each);
  return {
    bytes,
    coding,
    digest,
    validator: (url) => tags.get(url),
    refuse: ({ headers, totalBytes }, url) => {
      // An answer without the tag may be of any version.
      const isSame = strongTag(headers) === tags.get(url) && contentCoding(headers) === coding;
      const named = digest === undefined ? undefined : reprDigest(headers);
      if (!isSame || (named !== undefined && named !== digest)) {
        return 'has another version of the file by now';
      }
      return otherLength(totalBytes, bytes);
    },
  };
}

/** Whether a server's later answer is of another version, by what both answers name. */
export function hasChanged(
  before: Pick<Probed, 'headers'>,
  after: Pick<Probed, 'headers'>,
): boolean {
  return ['etag', 'last-modified'].some((name) => {
    const [one, other] = [before.headers.get(name), after.headers.get(name)];
    return one !== undefined && other !== undefined && one !== other;
  });
}

/** Whether two answers without a CID are of the same file, by what both name. */
export function isSameFile(a: Probed, b: Probed): boolean {
  if (lengthOf(a) === undefined || lengthOf(a) !== lengthOf(b)) return false;
  if (contentCoding(a.headers) !== contentCoding(b.headers)) return false;
  const digests = [reprDigest(a.headers), reprDigest(b.headers)];
  if (digests.every((each) => each !== undefined)) return digests[0] === digests[1];
  const tag = strongTag(a.headers);
  return tag !== undefined && tag === strongTag(b.headers);
}

const hasRanges = ({ headers }: Probed): boolean =>
  headers.get('accept-ranges')?.toLowerCase() === 'bytes';

const lengthOf = ({ headers }: Probed): number | undefined =>
  parseContentLength(headers.get('content-length'));

function otherLength(totalBytes: number | undefined, wanted: number): string | undefined {
  if (totalBytes === undefined || totalBytes === wanted) return undefined;
  return `has another file: of ${totalBytes} bytes, not ${wanted}`;
}
