// A store over a file of a hub's root, on a real disk.
import { randomBytes } from 'node:crypto';
import { appendFile, chmod, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Loss } from '../../src/content/store.ts';
import { PIECE_STORE_CASES } from '../contract/piece-store.ts';
import { openHub, PIECE } from './hub.ts';

async function makeStore(bytes = randomBytes(3 * PIECE + 5)) {
  const hub = await openHub();
  const { manifest } = await hub.write('f', bytes);
  const { store } = hub.content.find(manifest.root)!;
  const losses: Loss[] = [];
  store.watchLosses?.((loss) => losses.push(loss));
  return { ...hub, bytes, manifest, store, losses, path: join(hub.dir, 'f') };
}

describe('the contract of stores', () => {
  const cases = Object.entries(PIECE_STORE_CASES).filter(([name]) => name.startsWith('a whole'));
  it.each(cases)('%s', async (_name, holds) => {
    const { bytes, manifest, store } = await makeStore();
    await holds({ whole: async () => store, empty: async () => store }, { manifest, bytes });
  });
  it('has cases', () => expect(cases.length).toBeGreaterThan(3));
});

describe('a file that is served', () => {
  it.each<[string, (path: string) => Promise<unknown>]>([
    ['is overwritten', (path) => writeFile(path, randomBytes(3 * PIECE + 5))],
    ['becomes shorter', (path) => truncate(path, 7)],
    [
      'is overwritten under its old time',
      async (path) => {
        const { mtime, atime } = await stat(path);
        await writeFile(path, randomBytes(3 * PIECE + 5));
        await utimes(path, atime, mtime);
      },
    ],
  ])('%s: its pieces are lost, once', async (_what, change) => {
    const { store, losses, path } = await makeStore();
    await store.read(1, 0, 10);
    await change(path);
    await expect(store.read(1, 0, 10)).rejects.toMatchObject({ code: 'ERR_SOURCE_CHANGED' });
    await expect(store.read(0, 0, 10)).rejects.toMatchObject({ code: 'ERR_SOURCE_CHANGED' });
    expect(losses).toMatchObject([{ first: 0, count: 4, reason: 'changed' }]);
    expect(losses[0]!.message).toBe('f was changed');
    expect(store.have.count).toBe(0);
    await store.close();
  });

  it('is read on through what leaves its bytes alone', async () => {
    const { store, path, bytes, dir, losses } = await makeStore();
    await store.read(1, 0, 10);
    await chmod(path, 0o600);
    expect(Buffer.from(await store.read(1, 0, 10))).toEqual(bytes.subarray(PIECE, PIECE + 10));
    await appendFile(path, 'more');
    expect(Buffer.from(await store.read(3, 0, 5))).toEqual(bytes.subarray(3 * PIECE));
    await rename(path, join(dir, 'g'));
    expect(Buffer.from(await store.read(0, 5, 5))).toEqual(bytes.subarray(5, 10));
    expect(losses).toEqual([]);
    await store.close();
  });

  it('is lost when it is not there, or another is', async () => {
    const { store, losses, path } = await makeStore();
    await rm(path);
    await expect(store.read(0, 0, 10)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    expect(losses).toMatchObject([{ reason: 'removed', message: 'f was removed or replaced' }]);
    const other = await makeStore();
    await rename(other.path, join(other.dir, 'old'));
    await writeFile(other.path, 'new');
    await expect(other.store.read(0, 0, 10)).rejects.toMatchObject({ code: 'ERR_SOURCE_CHANGED' });
  });

  it('is here again when one of its places has it', async () => {
    const { store, losses, path, dir, bytes, content, changes, locate, write } = await makeStore();
    const returns: unknown[] = [];
    store.watchReturns?.((returned) => returns.push(...returned));
    await store.read(0, 0, 5);
    await rename(path, join(dir, '.away'));
    changes.handleChange({ kind: 'deleted', segments: ['f'] });
    await expect(store.read(0, 0, 5)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    expect(store.losses).toEqual(losses);
    await store.seekLost?.();
    expect(returns).toEqual([]);
    await write('g', bytes);
    expect(returns).toEqual([{ first: 0, count: 4, path: 'f' }]);
    expect([store.have.isFull, store.losses]).toEqual([true, []]);
    expect(Buffer.from(await store.read(0, 0, 5))).toEqual(bytes.subarray(0, 5));
    // Before the watch tells: the file is another one, and then the first one again.
    await rename(join(dir, 'g'), join(dir, '.g'));
    await writeFile(join(dir, 'g'), 'other');
    changes.handleChange({ kind: 'changed', segments: ['g'], found: await locate('g') });
    expect(content.has(store.manifest.root.multihash.digest)).toBe(false);
    expect(losses.map(({ reason }) => reason)).toEqual(['removed', 'changed']);
    await store.close();
  });

  it('is sought where it was: a look finds it, and no other version', async () => {
    const { store, path, dir } = await makeStore();
    await rename(path, join(dir, '.away'));
    await expect(store.read(0, 0, 5)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    await writeFile(path, 'other');
    await store.seekLost?.();
    expect(store.have.count).toBe(0);
    await rename(join(dir, '.away'), path);
    await store.seekLost?.();
    // A file that was moved has another stamp: the catalogue must hash it again.
    expect(store.have.isFull).toBe(false);
    await store.close();
  });

  it('is read at another place that has it', async () => {
    const { store, path, bytes, write, losses } = await makeStore();
    await write('copy', bytes);
    await rm(path);
    expect(Buffer.from(await store.read(0, 0, 5))).toEqual(bytes.subarray(0, 5));
    expect(losses).toEqual([]);
    await store.close();
  });
});
