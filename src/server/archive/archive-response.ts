// Answers GET and HEAD of a directory as an archive. The archive is made while it is sent. So it
// takes the memory of a few reads, and for a zip a line for each file, which its directory at the
// end needs. Its length is not known before, so it comes chunked. A file that changes meanwhile
// cuts the connection; a client that leaves ends the walk. An archive is not stored and cannot be
// resumed: the next one may hold other versions. Entries that are left out are told by a list at its
// end, a trailer field, and a line in the hub's log.

import { create as formatDisposition } from 'content-disposition';
import type { Access } from '../../hub/access/access.ts';
import type { DirectoryNames } from '../../hub/catalogue/directory-names.ts';
import type { Link } from '../../link/link.ts';
import { openDirectory } from '../../root/opened.ts';
import type { Root } from '../../root/root.ts';
import { joined } from '../answer/joined.ts';
import { sendBytes } from '../answer/send-body.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { HttpFailure } from '../message/http-failure.ts';
import type { ArchiveEntry } from './archive-entry.ts';
import { walkArchive } from './archive-walk.ts';
import { MissingEntries } from './missing-entries.ts';
import { gzippedTarOf, tarOf } from './tar-of.ts';
import { zipOf } from './zip-of.ts';

type Packer = (entries: AsyncGenerator<ArchiveEntry>) => AsyncIterable<Uint8Array>;

const FORMATS: Readonly<Record<string, { readonly type: string; readonly pack: Packer }>> = {
  zip: { type: 'application/zip', pack: zipOf },
  tar: { type: 'application/x-tar', pack: tarOf },
  'tar.gz': { type: 'application/gzip', pack: gzippedTarOf },
};

/** The trailer field that tells how many entries are left out. */
const MISSING = 'Missing-Entries';

/** The parts of a hub that archives need. */
interface ArchiveHub {
  readonly root: Root;
  readonly link: Link;
  readonly access: Access;
  readonly representations: { readonly directories: DirectoryNames };
}

/** @throws Refusal, HttpFailure 400, 404 */
export async function answerArchive(
  hub: ArchiveHub,
  conversation: Conversation,
  segments: readonly string[],
  format: string,
): Promise<void> {
  const known = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (!known) {
    throw new HttpFailure(400, `archive: give one of ${Object.keys(FORMATS).join(', ')}`);
  }
  const { req, res } = conversation;
  const top = segments.at(-1) ?? 'files';
  await (await openDirectory(hub.root, segments)).close();
  res.writeHead(200, {
    'Content-Type': known.type,
    'Content-Disposition': formatDisposition(`${top}.${format}`),
    'Cache-Control': 'no-store',
    'Accept-Ranges': 'none',
    // HTTP/1.0 has no trailers.
    ...(req.method === 'HEAD' || req.httpVersionMinor === 0 ? {} : { Trailer: MISSING }),
  });
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  const { root, link, access, representations } = hub;
  const { directories } = representations;
  const shows = (entry: readonly string[], isDirectory: boolean): boolean =>
    isDirectory
      ? access.shows(conversation.caller, entry)
      : access.allows(conversation.caller, 'read', entry);
  const missing = new MissingEntries();
  const walk = { root, directories, shows, missing, signal: conversation.signal };
  const entries = missing.with(walkArchive(walk, segments, top), top);
  for await (const bytes of joined(known.pack(entries))) {
    await sendBytes({ conversation, link }, bytes);
  }
  res.addTrailers({ [MISSING]: String(missing.count) });
  if (missing.count > 0) {
    conversation.warn(`missing in the archive: ${missing.count}; the first: ${missing.first}`);
  }
  res.end();
}
