// Answers GET and HEAD of one file: decides which representation a request gets. The ETag of the
// plain file is its root CID, so it is strong: two answers with one ETag hold the same bytes, on
// any hub, and can be joined. A file that is not hashed yet is sent as it was when it was opened,
// under a weak tag or none. send-representation.ts sends it.

import type { Entry } from '../../hub/catalogue/catalogue.ts';
import type { OpenFile, Segments } from '../../root/root.ts';
import { hasCode } from '../../runtime/errors.ts';
import { Refusal } from '../../runtime/refusal.ts';
import {
  type Presentation,
  type Representation,
  representationOf,
  unnamedRepresentation,
} from '../answer/representation.ts';
import { readVersion, sendFilePart } from '../answer/send-body.ts';
import { sendRepresentation } from '../answer/send-representation.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { mirrorLinks } from '../message/mirror-links.ts';
import { wantsDigest } from '../message/repr-digest.ts';
import { targetQuery } from '../message/request-path.ts';
import { type Looked, pickVariant } from './coded-variant.ts';
import type { FilesHub } from './files-hub.ts';

/** The representation that a request got. */
export interface Sent {
  readonly representation: Representation;
  /** Reads all of it; undefined if the file has changed. */
  read(): Promise<Uint8Array | undefined>;
  /** The paths that the choice depended on, beside the file's own. */
  readonly looked: readonly Looked[];
}

/**
 * Answers with a version whose CID is known.
 *
 * @param onSent called while all files are still open.
 * @throws Refusal ERR_SOURCE_CHANGED, ERR_BUSY; HttpFailure 412, 416
 */
export async function answerVersion(
  hub: FilesHub,
  conversation: Conversation,
  segments: readonly string[],
  file: OpenFile,
  entry: Entry,
  onSent?: (sent: Sent) => Promise<void>,
): Promise<void> {
  const { digests } = hub.representations;
  const sha256 = wantsDigest(conversation.req.headers)
    ? await digests.soon(entry)
    : digests.known(entry);
  const { size, modifiedMs, executable } = file.version;
  const facts = { size, modifiedMs, executable, sha256 };
  const version = { name: nameOf(segments), cid: entry.cid, ...facts };
  const presentation = presentationOf(hub, conversation, segments);
  const identity = representationOf(version, presentation);
  const type = identity.headers['Content-Type'];
  const original = { segments, file, entry, version, presentation, type };
  const { variant, looked } = await pickVariant(hub, conversation, original);
  const outlet = { conversation, link: hub.link };
  if (!variant) {
    await sendRepresentation(outlet, identity, (part, begin) =>
      sendFilePart(outlet, { file }, part, begin),
    );
    const read = () => readVersion(file);
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
 * Answers with a file below the root: under its CID if that is known or found in a moment, else
 * without.
 *
 * @param onSent called with the representation that was sent under its CID.
 * @throws Refusal ERR_SOURCE_CHANGED, ERR_BUSY; HttpFailure 412, 416
 */
export async function answerFile(
  hub: FilesHub,
  conversation: Conversation,
  segments: readonly string[],
  file: OpenFile,
  onSent?: (sent: Sent) => Promise<void>,
): Promise<void> {
  const entry = await hub.catalogue.nameOf(file);
  try {
    if (entry) {
      return await answerVersion(hub, conversation, segments, file, entry, onSent);
    }
  } catch (error) {
    // The file grew since it was opened: the bytes that it had then can still be sent.
    if (!hasCode(error, 'ERR_SOURCE_CHANGED') || conversation.res.headersSent) throw error;
  }
  await answerUnnamed(hub, conversation, segments, file);
}

async function answerUnnamed(
  hub: FilesHub,
  conversation: Conversation,
  segments: readonly string[],
  file: OpenFile,
): Promise<void> {
  const ifMatch = conversation.req.headers['if-match']?.trim();
  if (ifMatch !== undefined && ifMatch !== '*') {
    const message = 'which version the file is will be known when it is hashed; try again';
    throw new Refusal('ERR_BUSY', message, { retryAfterMs: 1000 });
  }
  const outlet = { conversation, link: hub.link };
  const source = { file, mayGrow: true };
  const presentation = presentationOf(hub, conversation, segments);
  const representation = unnamedRepresentation(nameOf(segments), file.version, presentation);
  await sendRepresentation(outlet, representation, (part, begin) =>
    sendFilePart(outlet, source, part, begin),
  );
}

/** Name of a place; '' for the root, which has none. */
const nameOf = (segments: Segments): string => segments.at(-1) ?? '';

function presentationOf(
  { representations }: FilesHub,
  { req }: Conversation,
  segments: readonly string[],
): Presentation {
  const { cacheControl, compress, siblings, mirrors } = representations;
  return {
    cacheControl,
    codable: compress || siblings !== undefined,
    attachment: targetQuery(req.url ?? '').has('download'),
    depth: segments.length,
    duplicates: mirrorLinks(mirrors, segments),
  };
}
