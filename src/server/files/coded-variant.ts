// Decides which content coding of a file a request gets, if any. If siblings are enabled, a sibling
// that was found to be the same file (checked-siblings.ts) comes before a text that is compressed
// now: it is smaller and costs nothing. A request for a range gets it of the plain file, which can
// be resumed and verified. RFC 9110 sections 8.4 and 12.5.3.
import type { IncomingMessage } from 'node:http';
import type { Entry } from '../../hub/catalogue/catalogue.ts';
import { openFile, readWhole } from '../../root/opened.ts';
import type { OpenDirectory, OpenFile, Root, Segments } from '../../root/root.ts';
import { fileChanging, Refusal } from '../../runtime/refusal.ts';
import { SUFFIXES } from '../answer/checked-siblings.ts';
import {
  codedRepresentation,
  type NamedVersion,
  type Presentation,
  type Representation,
} from '../answer/representation.ts';
import { readVersion, sendBytes, sendFilePart } from '../answer/send-body.ts';
import type { SendPart } from '../answer/send-representation.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { acceptedCodings, type Coding } from '../message/accept-encoding.ts';
import { isCompressible } from '../message/compressible.ts';
import type { FilesHub } from './files-hub.ts';

interface CodedVariant {
  readonly representation: Representation;
  readonly sendPart: SendPart;
  /** Reads all of it; undefined if its file has changed. */
  read(): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

/** A path that the choice depended on. */
export interface Looked {
  readonly segments: readonly string[];
  /** The place that the path leads to: real names below the root. */
  readonly place: readonly string[];
  /** Stamp of the version there; undefined if the path led to nothing. */
  readonly stamp: string | undefined;
}

export interface Choice {
  /** The coded form; undefined if the plain file is sent. */
  readonly variant: CodedVariant | undefined;
  readonly looked: readonly Looked[];
}

/** The requested file, and how its answers look. */
export interface Original {
  readonly segments: readonly string[];
  readonly file: OpenFile;
  readonly entry: Entry;
  readonly version: NamedVersion;
  readonly presentation: Presentation;
  readonly type: string;
}

/** Codings that a request accepts for a file that can be coded. */
export function codingsFor({ method, headers }: IncomingMessage): readonly Coding[] {
  if (method === 'GET' && headers.range !== undefined) return [];
  return acceptedCodings(headers['accept-encoding']?.toString());
}

/** @throws Refusal ERR_SOURCE_CHANGED */
export async function pickVariant(
  hub: FilesHub,
  conversation: Conversation,
  original: Original,
): Promise<Choice> {
  const looked: Looked[] = [];
  const codable = original.presentation.codable && isCompressible(original.type);
  const codings = codable ? codingsFor(conversation.req) : [];
  for (const coding of codings) {
    const variant = await openSibling(hub, conversation, original, coding, looked);
    if (variant) return { variant, looked };
  }
  for (const coding of codings) {
    const variant = await compressNow(hub, conversation, original, coding);
    if (variant) return { variant, looked };
  }
  return { variant: undefined, looked };
}

async function openSibling(
  hub: FilesHub,
  conversation: Conversation,
  { segments, entry: original, version, presentation }: Original,
  coding: Coding,
  looked: Looked[],
): Promise<CodedVariant | undefined> {
  const { siblings, digests } = hub.representations;
  if (!siblings) return undefined;
  const path = [...segments.slice(0, -1), `${segments.at(-1)}${SUFFIXES[coding]}`];
  // A caller that may read the file need not be allowed to read its sibling.
  const mayRead = hub.access.allows(conversation.caller, 'read', path);
  const sibling = mayRead ? await openIfAny(hub.root, path) : undefined;
  const place = sibling?.place ?? path;
  looked.push({ segments: path, place, stamp: sibling?.version.stamp });
  if (!sibling) return undefined;
  const close = (): Promise<void> => sibling.close();
  if (sibling.kind === 'directory') {
    await close();
    return undefined;
  }
  try {
    const entry = await siblings.entryOf(original, sibling, coding, () => openFile(hub.root, path));
    if (!entry) {
      await close();
      return undefined;
    }
    const representation = codedRepresentation(version, presentation, {
      coding,
      size: sibling.version.size,
      etag: `"${entry.cid}${SUFFIXES[coding]}"`,
      sha256: digests.known(entry),
    });
    const outlet = { conversation, link: hub.link };
    return {
      representation,
      sendPart: (part, begin) => sendFilePart(outlet, { file: sibling }, part, begin),
      read: () => readVersion(sibling),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function compressNow(
  hub: FilesHub,
  conversation: Conversation,
  { file, version, presentation }: Original,
  coding: Coding,
): Promise<CodedVariant | undefined> {
  const { compress, compressor } = hub.representations;
  if (!compress || !compressor.takes(version.size)) return undefined;
  const bytes = await compressor.compress(version.cid, coding, () => readUnchanged(file));
  if (!bytes) return undefined;
  const representation = codedRepresentation(version, presentation, {
    coding,
    size: bytes.length,
    // Weak: another release of the compressor may make other bytes of the same file.
    etag: `W/"${version.cid}-${coding}"`,
  });
  const outlet = { conversation, link: hub.link };
  const sendPart: SendPart = (_whole, begin) => {
    begin();
    return sendBytes(outlet, bytes);
  };
  return { representation, sendPart, read: async () => bytes, close: async () => undefined };
}

async function openIfAny(
  root: Root,
  segments: Segments,
): Promise<OpenFile | OpenDirectory | undefined> {
  try {
    return await root.open(segments);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** @throws Refusal ERR_SOURCE_CHANGED if it changes meanwhile */
async function readUnchanged(file: OpenFile): Promise<Uint8Array> {
  const bytes = await readWhole(file);
  if (await file.isUnchanged()) return bytes;
  throw fileChanging();
}
