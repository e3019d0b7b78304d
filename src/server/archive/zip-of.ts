// Packs entries as a zip file, stored and not deflated: large files are usually compressed already.
// Sizes beyond 4 GiB and more than 65,535 entries use zip64.
import { makeZip } from 'client-zip';
import type { Version } from '../../root/root.ts';
import { dateOf } from '../../root/version.ts';
import { type ArchiveEntry, modeOf } from './archive-entry.ts';

/** The first and the last moment of a zip's dates, which are those of MS-DOS, in local time. */
const FIRST = new Date(1980, 0, 1);
const LAST = new Date(2107, 11, 31, 23, 59, 58);

export async function* zipOf(entries: AsyncGenerator<ArchiveEntry>): AsyncGenerator<Uint8Array> {
  try {
    for await (const bytes of makeZip(members(entries))) yield bytes;
  } finally {
    // The library ends the generator when it is cancelled, but not when it fails.
    await entries.return(undefined);
  }
}

async function* members(entries: AsyncGenerator<ArchiveEntry>) {
  for await (const { path, version, chunks } of entries) {
    const facts = { lastModified: zipDateOf(version), mode: modeOf(version) };
    if (version.kind === 'directory') yield { name: `${path}/`, ...facts };
    else yield { name: path, ...facts, size: version.size, input: chunks() };
  }
}

function zipDateOf(version: Version): Date {
  const date = dateOf(version);
  if (date < FIRST) return FIRST;
  return date > LAST ? LAST : date;
}
