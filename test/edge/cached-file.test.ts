// The contract of open files, run on an edge's cache: what is read comes from a real hub first.
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CID } from 'multiformats/cid';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HttpClient } from '../../src/client/http/http-client.ts';
import { Cache } from '../../src/edge/cache.ts';
import { Origin } from '../../src/edge/origin.ts';
import { Link } from '../../src/link/link.ts';
import { readWhole } from '../../src/root/opened.ts';
import { openFileContract } from '../contract/root.ts';
import type { Files } from '../contract/root-steps.ts';
import { startHub, tempRoot } from '../server/hub.ts';

const NO_LIMIT = {
  uplinkBytesPerSecond: Number.POSITIVE_INFINITY,
  downlinkBytesPerSecond: Number.POSITIVE_INFINITY,
};

async function cacheOf(files: Files) {
  const hub = await startHub();
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(hub.root, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    await utimes(path, 1000, 1000);
  }
  const http = new HttpClient({ stallMs: 5000 });
  const origin = new Origin({ url: new URL(hub.running.url), http, link: new Link(NO_LIMIT) });
  const { signal } = new AbortController();
  const context = { directory: await tempRoot(), origin, signal, patienceMs: 5000 };
  const cache = await Cache.open({ ...context, emit: () => undefined }, 2 ** 30, new Map());
  onTestFinished(async () => {
    await cache.close();
    http.close();
  });
  const cached = async (path: string) => {
    const { headers } = await hub.ask(`/files/${path}`, { method: 'HEAD' });
    const cid = CID.parse(String(headers['x-ipfs-roots']));
    const url = new URL(`/files/${path}`, hub.running.url);
    return cache.use(cid, (file) => ({
      file,
      opened: file.open(path.split('/'), { modifiedMs: 1000 }, url),
    }));
  };
  return { cached };
}

describe('an open file of a cache', () => {
  openFileContract(async (files) => {
    const { cached } = await cacheOf(files);
    return async (path) => (await cached(path)).opened;
  });

  it('has nothing to open for a digest before it is whole, and all of it then', async () => {
    const bytes = Buffer.alloc(3_000_000, 'x');
    const { cached } = await cacheOf({ f: bytes });
    const { file, opened } = await cached('f');
    expect(await file.entry.open()).toBeUndefined();
    expect((await readWhole(opened)).equals(bytes)).toBe(true);
    await opened.close();
    const again = (await file.entry.open())!;
    expect(file.readers).toBe(1);
    expect((await readWhole(again)).equals(bytes)).toBe(true);
    await again.close();
    expect(file.readers).toBe(0);
  });

  it('ends the reads that wait when it is closed', async () => {
    const { cached } = await cacheOf({ f: Buffer.alloc(3_000_000, 'x') });
    const { opened } = await cached('f');
    const reading = opened.read(Buffer.alloc(10), 2_500_000);
    await opened.close();
    await expect(reading).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });
});
