// GET and HEAD of one file: which representation of it a request gets. The ETag of
// the file as it is is the root CID, so it is strong: two answers with one ETag hold
// the same bytes, on any hub, and can be joined. A file that is not hashed yet is sent all
// the same, as long as it was when it was opened, under a weak tag or none. How it is sent:
// send-representation.ts.
import { hasCode } from '../../runtime/errors.ts';
import { Refusal } from '../../runtime/refusal.ts';
import {
  type Presentation,
  type Representation,
  representationOf,
  unnamedRepresentation,
  versionValidators,
} from '../answer/representation.ts';
import { readVersion, sendFilePart } from '../answer/send-body.ts';
import { sendRepresentation } from '../answer/send-representation.ts';
import { onlyGrowing, unchanged } from '../answer/unmixed.ts';
import type { Exchange } from '../conversation/exchange.ts';
import { mirrorLinks } from '../message/mirror-links.ts';
import type { Validators } from '../message/preconditions.ts';
import { wantsDigest } from '../message/repr-digest.ts';
import { targetQuery } from '../message/request-path.ts';
import type { Entry } from '../root/catalogue.ts';
import type { Opened } from '../root/served-root.ts';
import { type Looked, pickVariant } from './coded-variant.ts';
import type { FilesHub } from './files-hub.ts';

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
 * A version that has a name.
 *
 * @param onSent is called while everything is still open.
 * @throws Refusal ERR_SOURCE_CHANGED, ERR_BUSY; HttpFailure 412, 416
 */
export async function answerVersion(
  hub: FilesHub,
  exchange: Exchange,
  segments: readonly string[],
  file: Opened,
  entry: Entry,
  onSent?: (sent: Sent) => Promise<void>,
): Promise<void> {
  const { digests } = hub.representations;
  const sha256 = wantsDigest(exchange.req.headers)
    ? await digests.soon(entry)
    : digests.known(entry);
  const { name, stats } = file;
  const version = { name, cid: entry.cid, size: stats.size, mtimeMs: stats.mtimeMs, sha256 };
  const presentation = presentationOf(hub, exchange, segments);
  const identity = representationOf(version, presentation);
  const type = identity.headers['Content-Type'];
  const original = { segments, file, entry, version, presentation, type };
  const { variant, looked } = await pickVariant(hub, exchange, original);
  const outlet = { exchange, link: hub.link };
  if (!variant) {
    const source = { file, check: unchanged(file) };
    await sendRepresentation(outlet, identity, (part, begin) =>
      sendFilePart(outlet, source, part, begin),
    );
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

/**
 * A file below the root, under its CID where that is known or found in a moment, else
 * without a name.
 *
 * @param onSent is called with the entry of what was sent under its CID.
 * @throws Refusal ERR_SOURCE_CHANGED, ERR_BUSY; HttpFailure 412, 416
 */
export async function answerFile(
  hub: FilesHub,
  exchange: Exchange,
  segments: readonly string[],
  file: Opened,
  onSent: (entry: Entry, sent: Sent) => Promise<void>,
): Promise<void> {
  const entry = await hub.catalogue.nameOf(file);
  try {
    if (entry) {
      return await answerVersion(hub, exchange, segments, file, entry, (sent) =>
        onSent(entry, sent),
      );
    }
  } catch (error) {
    // It grew since it was opened: its beginning can still be had.
    const isChanging = hasCode(error, 'ERR_SOURCE_CHANGED');
    if (!isChanging || exchange.res.headersSent) throw error;
  }
  await answerUnnamed(hub, exchange, segments, file);
}

async function answerUnnamed(
  hub: FilesHub,
  exchange: Exchange,
  segments: readonly string[],
  file: Opened,
): Promise<void> {
  const ifMatch = exchange.req.headers['if-match']?.trim();
  if (ifMatch !== undefined && ifMatch !== '*') {
    const message = 'which version the file is will be known when it is hashed; try again';
    throw new Refusal('ERR_BUSY', message, { retryAfterMs: 1000 });
  }
  const outlet = { exchange, link: hub.link };
  const source = { file, check: onlyGrowing(file) };
  const representation = unnamedRepresentation(file, presentationOf(hub, exchange, segments));
  await sendRepresentation(outlet, representation, (part, begin) =>
    sendFilePart(outlet, source, part, begin),
  );
}

function presentationOf(
  { representations }: FilesHub,
  { req }: Exchange,
  segments: readonly string[],
): Presentation {
  const { cacheControl, compress, siblings, mirrors } = representations;
  return {
    cacheControl,
    codable: compress || siblings !== undefined,
    attachment: targetQuery(req.url ?? '').has('download'),
    duplicates: mirrorLinks(mirrors, segments),
  };
}
