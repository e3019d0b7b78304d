// Temporary directories and deterministic bytes for the tests of this room.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Imported, importPath } from '../../src/disk/import/import.ts';
import { createRng } from '../../src/runtime/rng.ts';

/** A directory that is removed when the test is over. */
export async function tempDir(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hubswarm-content-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** The same bytes for the same seed, no two chunks alike. */
export function seededBytes(length: number, seed = 1): Buffer {
  const rng = createRng(seed);
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let i = 0; i < words.length; i++) words[i] = rng.next() * 2 ** 32;
  return Buffer.from(words.buffer, 0, length);
}

export async function writeTree(root: string, files: Record<string, Uint8Array>): Promise<void> {
  await mkdir(root, { recursive: true });
  for (const [path, bytes] of Object.entries(files)) {
    const full = join(root, path);
    await mkdir(path.endsWith('/') ? full : dirname(full), { recursive: true });
    if (!path.endsWith('/')) await writeFile(full, bytes);
  }
}

/** A directory of pieces of several lengths, with the bytes in the order of the pieces. */
export async function importedTree(): Promise<Imported & { root: string; bytes: Buffer }> {
  const root = join(await tempDir(), 'tree');
  await writeTree(root, {
    'a/empty': Buffer.alloc(0),
    'a/several': seededBytes(1000, 1),
    'b/one': seededBytes(64, 2),
    'c/none/': Buffer.alloc(0),
    last: seededBytes(65, 3),
  });
  const imported = await importPath(root, { pieceLength: 64 });
  const bytes = Buffer.concat(
    await Promise.all(imported.sources.map(({ path }) => readFile(path))),
  );
  return { ...imported, root, bytes };
}

/** One file of that many bytes, and its bytes. */
export async function importedFile(
  length: number,
  pieceLength: number,
): Promise<Imported & { path: string; bytes: Buffer }> {
  const path = join(await tempDir(), 'file');
  const bytes = seededBytes(length);
  await writeFile(path, bytes);
  return { ...(await importPath(path, { pieceLength })), path, bytes };
}
