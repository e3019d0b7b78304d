// Which content coding of a file a request gets, if any: a compressed sibling
// (`page.html.br` beside `page.html`) before one made now, for it is smaller and
// costs nothing. A sibling older than its file is passed over as stale. Whoever
// asks for a range gets it of the file as it is: that is what can be resumed and
// verified. RFC 9110 sections 8.4 and 12.5.3.
import type { Exchange } from '../exchange.ts';
import { HttpFailure } from '../http-failure.ts';
import type { Hub } from '../hub.ts';
import {
  codedRepresentation,
  type Presentation,
  type Representation,
  type Version,
} from '../representation.ts';
import { readFully, sendBytes, sendFilePart } from '../send-body.ts';
import type { SendPart } from '../send-representation.ts';
import type { Opened } from '../served-root.ts';
import { acceptedCodings, type Coding } from './accept-encoding.ts';
import { isCompressible } from './compressible.ts';

export interface CodedVariant {
  readonly representation: Representation;
  readonly sendPart: SendPart;
  close(): Promise<void>;
}

/** The file that was asked for, and how its answers look. */
export interface Original {
  readonly segments: readonly string[];
  readonly file: Opened;
  readonly version: Version;
  readonly presentation: Presentation;
  readonly type: string;
}

const SUFFIXES: Readonly<Record<Coding, string>> = { br: '.br', gzip: '.gz' };

/** @throws HttpFailure 503 when the file changes meanwhile */
export async function pickVariant(
  hub: Hub,
  exchange: Exchange,
  original: Original,
): Promise<CodedVariant | undefined> {
  const { method, headers } = exchange.req;
  if (!original.presentation.compress || !isCompressible(original.type)) return undefined;
  if (method === 'GET' && headers.range !== undefined) return undefined;
  const codings = acceptedCodings(headers['accept-encoding']?.toString());
  for (const coding of codings) {
    const sibling = await openSibling(hub, exchange, original, coding);
    if (sibling) return sibling;
  }
  for (const coding of codings) {
    const made = await compressNow(hub, exchange, original, coding);
    if (made) return made;
  }
  return undefined;
}

async function openSibling(
  hub: Hub,
  exchange: Exchange,
  { segments, file, version, presentation }: Original,
  coding: Coding,
): Promise<CodedVariant | undefined> {
  const path = [...segments.slice(0, -1), `${segments.at(-1)}${SUFFIXES[coding]}`];
  // Who may read one file of a directory may not read its sibling for that.
  if (!hub.access.allows(exchange, 'read', path)) return undefined;
  const sibling = await hub.root.open(path).catch((error: unknown) => {
    if (error instanceof HttpFailure) return undefined;
    throw error;
  });
  if (!sibling) return undefined;
  const close = (): Promise<void> => sibling.handle.close();
  const { stats } = sibling;
  if (!stats.isFile() || stats.size === 0 || stats.mtimeMs < file.stats.mtimeMs) {
    await close();
    return undefined;
  }
  try {
    const entry = await hub.catalogue.entryOf(sibling);
    const representation = codedRepresentation(version, presentation, {
      coding,
      size: stats.size,
      etag: `"${entry.cid}${SUFFIXES[coding]}"`,
      sha256: hub.representations.digests.known(entry),
    });
    const outlet = { exchange, link: hub.link };
    return { representation, sendPart: (part) => sendFilePart(outlet, sibling, part), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function compressNow(
  hub: Hub,
  exchange: Exchange,
  { file, version, presentation }: Original,
  coding: Coding,
): Promise<CodedVariant | undefined> {
  const { compressor } = hub.representations;
  if (!compressor.takes(version.size)) return undefined;
  const bytes = await compressor.compress(version.cid, coding, () => readWhole(file));
  if (!bytes) return undefined;
  const representation = codedRepresentation(version, presentation, {
    coding,
    size: bytes.length,
    // Weak: another release of the compressor may make other bytes of the same file.
    etag: `W/"${version.cid}-${coding}"`,
  });
  const outlet = { exchange, link: hub.link };
  const sendPart: SendPart = () => sendBytes(outlet, bytes);
  return { representation, sendPart, close: async () => undefined };
}

/** @throws HttpFailure 503 when it changes meanwhile */
async function readWhole(file: Opened): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(file.stats.size);
  await readFully(file, bytes, 0);
  const now = await file.handle.stat();
  const { size, mtimeMs } = file.stats;
  if (now.size === size && now.mtimeMs === mtimeMs) return bytes;
  throw new HttpFailure(503, 'the file is being changed; try again', { 'Retry-After': '1' });
}
