// GET and HEAD of one file: which representation of it a request gets. The ETag of
// the file as it is is the root CID, so it is strong: two answers with one ETag hold
// the same bytes, on any hub, and can be joined. How it is sent: send-representation.ts.
import type { Entry } from './catalogue.ts';
import { type Looked, pickVariant } from './coding/coded-variant.ts';
import type { Exchange } from './exchange.ts';
import type { Hub } from './hub.ts';
import { mirrorLinks } from './mirror-links.ts';
import type { Validators } from './preconditions.ts';
import { wantsDigest } from './repr-digest.ts';
import { type Representation, representationOf, versionValidators } from './representation.ts';
import { targetQuery } from './request-path.ts';
import { readVersion, sendFilePart } from './send-body.ts';
import { sendRepresentation } from './send-representation.ts';
import type { Opened } from './served-root.ts';

export function validatorsOf(file: Opened, { cid }: Entry): Validators {
  return versionValidators({ cid, mtimeMs: file.stats.mtimeMs });
}

/** What a request got. */
export interface Sent {
  readonly representation: Representation;
  /** All of it; undefined when the file has changed. */
  read(): Promise<Uint8Array | undefined>;
  /** The names that the choice depended on beside the file's own. */
  readonly looked: readonly Looked[];
}

/**
 * @param onSent is called while everything is still open.
 * @throws HttpFailure 412, 416, 503
 */
export async function answerFile(
  hub: Hub,
  exchange: Exchange,
  segments: readonly string[],
  file: Opened,
  entry: Entry,
  onSent?: (sent: Sent) => Promise<void>,
): Promise<void> {
  const { req } = exchange;
  const { cacheControl, compress, siblings, digests, mirrors } = hub.representations;
  const sha256 = wantsDigest(req.headers) ? await digests.of(entry) : digests.known(entry);
  const { name, stats } = file;
  const version = { name, cid: entry.cid, size: stats.size, mtimeMs: stats.mtimeMs, sha256 };
  const attachment = targetQuery(req.url ?? '').has('download');
  const duplicates = mirrorLinks(mirrors, segments);
  const codable = compress || siblings !== undefined;
  const presentation = { cacheControl, codable, attachment, duplicates };
  const identity = representationOf(version, presentation);
  const type = identity.headers['Content-Type'];
  const original = { segments, file, entry, version, presentation, type };
  const { variant, looked } = await pickVariant(hub, exchange, original);
  const outlet = { exchange, link: hub.link };
  if (!variant) {
    await sendRepresentation(outlet, identity, (part) => sendFilePart(outlet, file, part));
    const read = () => readVersion(file, entry.stamp);
    return onSent?.({ representation: identity, read, looked });
  }
  try {
    await sendRepresentation(outlet, variant.representation, variant.sendPart);
    const { representation } = variant;
    await onSent?.({ representation, read: () => variant.read(), looked });
  } finally {
    await variant.close();
  }
}
