// Packs entries as a tar file (POSIX pax, whose extended headers hold long names and big sizes),
// gzipped or not. No owner and no modes but that a file can be
// run: the same files make the same archive on every hub.
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Header, Pax } from 'tar';
import type { Version } from '../../root/root.ts';
import { dateOf } from '../../root/version.ts';
import { type ArchiveEntry, modeOf } from './archive-entry.ts';

const BLOCK_BYTES = 512;
/** A tar ends with two empty blocks. */
const END = Buffer.alloc(2 * BLOCK_BYTES);

export async function* tarOf(entries: AsyncIterable<ArchiveEntry>): AsyncGenerator<Uint8Array> {
  for await (const { path, version, chunks } of entries) {
    yield headOf(path, version);
    if (version.kind === 'directory') continue;
    yield* chunks();
    const rest = version.size % BLOCK_BYTES;
    if (rest > 0) yield Buffer.alloc(BLOCK_BYTES - rest);
  }
  yield END;
}

export async function* gzippedTarOf(
  entries: AsyncIterable<ArchiveEntry>,
): AsyncGenerator<Uint8Array> {
  const gzip = createGzip();
  // The pipeline destroys each end with the other's failure, and reading throws that.
  const packing = pipeline(tarOf(entries), gzip).catch(() => undefined);
  try {
    for await (const bytes of gzip) yield bytes as Uint8Array;
  } finally {
    gzip.destroy();
    await packing;
  }
}

function headOf(path: string, version: Version): Buffer {
  const { kind, size } = version;
  const directory = kind === 'directory';
  const fields = {
    path: directory ? `${path}/` : path,
    size: directory ? 0 : size,
    // Whole seconds: a fraction would need an extended header for each file.
    mtime: new Date(Math.floor(dateOf(version).getTime() / 1000) * 1000),
  };
  const header = new Header({
    ...fields,
    type: directory ? 'Directory' : 'File',
    mode: modeOf(version),
    uid: 0,
    gid: 0,
  });
  const needsMore = header.encode();
  return needsMore ? Buffer.concat([new Pax(fields).encode(), header.block!]) : header.block!;
}
