import { randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeAtEnd } from '../../../src/disk/file-system/write-at-end.ts';
import { HOLES, needs } from '../../support/needs.ts';

const KIB = 1024;

async function place(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hubswarm-test-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return join(directory, 'f');
}

/** Writes chunks of the given lengths, in that many calls. */
async function write(path: string, bytes: Buffer, lengths: () => number, perCall = 3) {
  const handle = await open(path, 'w+');
  try {
    for (let at = 0; at < bytes.length; ) {
      const chunks: Buffer[] = [];
      const from = at;
      for (let count = 0; count < perCall && at < bytes.length; count++) {
        const chunk = bytes.subarray(at, at + lengths());
        chunks.push(chunk);
        at += chunk.length;
      }
      await writeAtEnd(handle, chunks, from);
      expect((await handle.stat()).size).toBe(at);
    }
  } finally {
    await handle.close();
  }
}

/** Zeros, with some random bytes at these places. */
function sparse(length: number, ...data: [from: number, bytes: number][]): Buffer {
  const all = Buffer.alloc(length);
  for (const [from, bytes] of data) randomBytes(bytes).copy(all, from);
  return all;
}

const usedKib = async (path: string): Promise<number> => ((await stat(path)).blocks * 512) / KIB;

describe('what is written to the end of a file', () => {
  it.each([
    ['nothing but zeros', sparse(1000 * KIB), 0],
    ['zeros before', sparse(1000 * KIB, [900 * KIB, 10]), 64],
    ['zeros behind', sparse(1000 * KIB, [3, 10]), 64],
    ['zeros between', sparse(1000 * KIB, [0, 10], [999 * KIB, KIB]), 128],
    ['short zeros', sparse(10 * KIB), 0],
  ])('leaves holes: %s', needs(HOLES), async (_what, bytes, atMostKib) => {
    const path = await place();
    await write(path, bytes, () => 16 * KIB);
    expect((await readFile(path)).equals(bytes)).toBe(true);
    expect(await usedKib(path)).toBeLessThanOrEqual(atMostKib);
  });

  it('is the same bytes, however they are cut', async () => {
    for (let round = 0; round < 40; round++) {
      const path = await place();
      const length = randomInt(1, 400 * KIB);
      const data = Array.from({ length: randomInt(0, 5) }, (): [number, number] => [
        randomInt(length),
        randomInt(1, 70 * KIB),
      ]);
      const bytes = sparse(length, ...data);
      await write(path, bytes, () => randomInt(1, 100 * KIB), randomInt(1, 6));
      expect((await readFile(path)).equals(bytes)).toBe(true);
    }
  });

  it('replaces what the file has there already', async () => {
    const path = await place();
    await writeFile(path, randomBytes(300 * KIB));
    const handle = await open(path, 'r+');
    await writeAtEnd(handle, [Buffer.alloc(200 * KIB)], 10);
    await handle.close();
    const now = await readFile(path);
    expect(now.length).toBe(300 * KIB);
    expect(now.subarray(10, 10 + 200 * KIB).every((byte) => byte === 0)).toBe(true);
  });
});
