// What listings cost when nobody reads them.
import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Catalogue } from '../../../src/hub/catalogue/catalogue.ts';
import { DirectoryNames } from '../../../src/hub/catalogue/directory-names.ts';
import { DiskRoot } from '../../../src/root/disk/disk-root.ts';
import { openDirectory, withOpen } from '../../../src/root/opened.ts';
import { listDirectory } from '../../../src/server/listing/listing.ts';
import { ListingReferences } from '../../../src/server/listing/references.ts';
import { startHub, tempRoot } from '../hub.ts';

/** A directory `d` of files with long names, whose whole listing is some 500 bytes a file. */
async function largeRoot(files: number): Promise<string> {
  const root = await tempRoot();
  await mkdir(join(root, 'd'));
  for (let i = 0; i < files; i++) {
    closeSync(openSync(join(root, 'd', `${i}-${'n'.repeat(186)}`), 'w'));
  }
  return root;
}

const QUERY = { sort: 'name', order: 'asc', page: 1, limit: 10_000, q: '' } as const;

describe('a listing that nobody waits for', () => {
  it('is looked at no further', async () => {
    const root = await DiskRoot.at(await largeRoot(1000));
    const leave = new AbortController();
    const { signal } = leave;
    const catalogue = new Catalogue({ root, signal });
    const known = vi.spyOn(catalogue, 'cidOf').mockImplementation(() => {
      if (known.mock.calls.length === 20) leave.abort(new Error('left'));
      return undefined;
    });
    const references = new ListingReferences('/files/d/', QUERY);
    const listing = withOpen(openDirectory(root, ['d']), async (directory) => {
      const names = await new DirectoryNames().of(directory);
      return listDirectory({ catalogue, references, signal }, directory, names, ['d'], QUERY);
    });
    await expect(listing).rejects.toThrow('left');
    // Those that were being looked at when it ended.
    expect(known.mock.calls.length).toBeLessThan(40);
  });

  it('has its names read no further, unless somebody else waits', async () => {
    const root = await DiskRoot.at(await largeRoot(3000));
    const directories = new DirectoryNames();
    await withOpen(openDirectory(root, ['d']), async (directory) => {
      const gone = AbortSignal.abort();
      await expect(directories.of(directory, gone)).rejects.toMatchObject({ code: 'ERR_BUSY' });
      const leave = new AbortController();
      const both = [leave.signal, undefined].map((signal) => directories.of(directory, signal));
      leave.abort();
      for (const names of await Promise.all(both)) expect(names.files).toHaveLength(3000);
    });
  });
});

describe('listings that nobody reads', () => {
  it('give way to others long before they stall', async () => {
    const root = await largeRoot(10_000);
    const hub = await startHub({ root, stallMs: 600_000 });
    // Each 4 MB or more; 32 MiB are held.
    const unread = Array.from({ length: 20 }, (_, i) => {
      const socket = hub.socket();
      socket.pause();
      socket.write(`GET /files/d/?zz=${i} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\r\n`);
      return socket;
    });
    const short = await hub.ask('/files/d/?limit=1', { headers: { accept: 'application/json' } });
    expect(short.status).toBe(200);
    const read = await hub.ask('/files/d/', { headers: { accept: 'application/json' } });
    expect(read.body.length).toBeGreaterThan(4 * 2 ** 20);
    expect(JSON.parse(read.text).entries).toHaveLength(10_000);
    const cut = hub.events.filter(
      (event) => event.event === 'request_completed' && !event.whole && event.status === 200,
    );
    expect(unread.length - cut.length).toBeLessThanOrEqual(8);
  }, 60_000);
});
