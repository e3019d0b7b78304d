import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manifestOfLeaves } from '../../../src/content/manifest-of.ts';
import { importPath } from '../../../src/disk/import/import.ts';
import { PieceWriter } from '../../../src/hub/uploads/piece-writer.ts';
import { writeChunks } from '../../../src/root/disk/write-chunks.ts';
import { tempRoot } from '../../server/hub.ts';

const KIB = 1024;

const fileOf = (handle: FileHandle) => ({
  write: (chunks: readonly Uint8Array[], position: number) => writeChunks(handle, chunks, position),
});

async function write(path: string, bytes: Buffer, cuts: readonly number[], pieceLength: number) {
  const handle = await open(path, 'w');
  const hash = createHash('sha256');
  const pieces = { totalLength: bytes.length, pieceLength };
  const writer = new PieceWriter({ file: fileOf(handle), position: 0, pieces, hashes: [hash] });
  let at = 0;
  for (const cut of [...cuts.filter((cut) => cut < bytes.length), bytes.length]) {
    await writer.take(bytes.subarray(at, cut));
    at = cut;
  }
  await writer.finish();
  await handle.close();
  return { leaves: writer.leaves(), digest: hash.digest('hex') };
}

describe('a piece writer', () => {
  it('finds the CID that an import of its file finds, however the bytes are cut', async () => {
    const path = join(await tempRoot(), 'f');
    const all = randomBytes(6 * 1024 * KIB);
    const length = fc.oneof(fc.nat(100), fc.nat(300 * KIB), fc.nat(all.length));
    const cuts = fc.uniqueArray(fc.nat(all.length), { maxLength: 60 });
    const pieceLength = fc.constantFrom(16 * KIB, 17 * KIB, 256 * KIB, 2048 * KIB);
    await fc.assert(
      fc.asyncProperty(length, cuts, pieceLength, async (count, some, piece) => {
        const bytes = all.subarray(0, count);
        const sorted = some.toSorted((a, b) => a - b);
        const { leaves, digest } = await write(path, bytes, sorted, piece);
        const { manifest, dag } = await importPath(path, { pieceLength: piece });
        const described = await manifestOfLeaves(leaves!);
        expect(described.manifest.root.toString()).toBe(manifest.root.toString());
        expect([...described.dag.keys()].sort()).toEqual([...dag.keys()].sort());
        expect((await readFile(path)).equals(bytes)).toBe(true);
        expect(digest).toBe(createHash('sha256').update(bytes).digest('hex'));
      }),
      { numRuns: 40 },
    );
  });

  it('has no pieces to tell of a file that is not whole', async () => {
    const handle = await open(join(await tempRoot(), 'f'), 'w');
    const pieces = { totalLength: 10, pieceLength: 16 * KIB };
    const writer = new PieceWriter({ file: fileOf(handle), position: 0, pieces });
    await writer.take(Buffer.from('short'));
    await writer.finish();
    await handle.close();
    expect(writer.leaves()).toBeUndefined();
  });

  it('throws what the file system said, and writes no more', async () => {
    const path = join(await tempRoot(), 'f');
    await (await open(path, 'w')).close();
    const handle = await open(path, 'r');
    const writer = new PieceWriter({ file: fileOf(handle), position: 0 });
    await writer.take(Buffer.alloc(8 * 1024 * KIB));
    await expect(writer.finish()).rejects.toThrow();
    expect(() => writer.take(Buffer.from('x'))).toThrow();
    await handle.close();
    expect((await readFile(path)).length).toBe(0);
  });
});
