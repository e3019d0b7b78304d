// Temporary directories and deterministic bytes for the tests of this room.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
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
