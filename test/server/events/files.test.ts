// What is told of files that come, change and go, whoever does it.
import { mkdir, open, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startHub, tempRoot } from '../hub.ts';
import { openStream } from './subscribers.ts';

const SOON = { timeout: 8000 };

describe('events of files', () => {
  it('tell of uploads at once, once each, and of what others do on the disk', async () => {
    const hub = await startHub({ writable: true });
    await writeFile(join(hub.root, 'before'), 'x');
    const stream = await openStream(hub);
    expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    await hub.ask('/files/a/b%20c', { method: 'PUT', body: Buffer.from('12345') });
    await expect.poll(stream.files, SOON).toEqual(['file_added /a/b c']);
    expect(stream.told()[0]).toMatchObject({ url: 'files/a/b%20c', bytes: 5 });
    await hub.ask('/files/a/b%20c', { method: 'PUT', body: Buffer.from('1') });
    await writeFile(join(hub.root, 'other'), 'y');
    await expect.poll(stream.files, SOON).toHaveLength(3);
    await unlink(join(hub.root, 'before'));
    await expect
      .poll(stream.files, SOON)
      .toEqual([
        'file_added /a/b c',
        'file_changed /a/b c',
        'file_added /other',
        'file_deleted /before',
      ]);
  });

  it('wait until a file that is written stays the same', async () => {
    const hub = await startHub({ events: { settleMs: 400 } });
    const stream = await openStream(hub);
    const path = join(hub.root, 'growing');
    const file = await open(path, 'w');
    for (let i = 0; i < 10; i++) {
      await file.write(Buffer.alloc(1000));
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    await file.close();
    await expect.poll(stream.files, SOON).toEqual(['file_added /growing']);
    expect(stream.told()[0]!.bytes).toBe((await readFile(path)).length);
  });

  it('follow directories that are made, moved and removed', async () => {
    const hub = await startHub({ events: { settleMs: 100 } });
    const stream = await openStream(hub);
    const at = (path: string): string => join(hub.root, path);
    await mkdir(at('a/b'), { recursive: true });
    await writeFile(at('a/b/f'), 'x');
    await expect.poll(stream.files, SOON).toEqual(['file_added /a/b/f']);
    await rename(at('a'), at('c'));
    await expect
      .poll(() => stream.files().sort(), SOON)
      .toEqual(['file_added /a/b/f', 'file_added /c/b/f', 'file_deleted /a/b/f']);
    await writeFile(at('c/b/g'), 'x');
    await expect.poll(stream.files, SOON).toContain('file_added /c/b/g');
    await rm(at('c'), { recursive: true });
    await expect.poll(stream.files, SOON).toContain('file_deleted /c/b/g');
    expect(stream.files().filter((line) => line === 'file_deleted /c/b/f')).toHaveLength(1);
  });

  it('know nothing that is hidden or outside', async () => {
    const outside = join(await tempRoot(), 'secret');
    await writeFile(outside, 'x');
    const hub = await startHub({ events: { settleMs: 50 } });
    const stream = await openStream(hub);
    await writeFile(join(hub.root, '.hidden'), 'x');
    await mkdir(join(hub.root, '.dir'));
    await writeFile(join(hub.root, '.dir/f'), 'x');
    await symlink(outside, join(hub.root, 'link'));
    await writeFile(join(hub.root, 'last'), 'x');
    await symlink('last', join(hub.root, 'inner'));
    await expect
      .poll(() => stream.files().sort(), SOON)
      .toEqual(['file_added /inner', 'file_added /last']);
  });

  it('are of one path where one is given', async () => {
    const hub = await startHub({ writable: true });
    const below = await openStream(hub, '?path=/a%20b/');
    const exact = await openStream(hub, '?path=/a%20b/f');
    const transfers = await openStream(hub, '?only=transfers');
    const all = await openStream(hub, '?only=files');
    for (const name of ['a%20b/f', 'a%20b/g', 'a%20bc']) {
      await hub.ask(`/files/${name}`, { method: 'PUT', body: Buffer.from('x') });
    }
    await expect.poll(all.files, SOON).toHaveLength(3);
    await expect.poll(below.files, SOON).toEqual(['file_added /a b/f', 'file_added /a b/g']);
    expect(exact.files()).toEqual(['file_added /a b/f']);
    expect(transfers.told()).toEqual([]);
  });
});

describe('the watch over files', () => {
  it('sees by walking what the system is not asked to watch', async () => {
    const hub = await startHub({ events: { settleMs: 50, maxWatches: 0 } });
    await mkdir(join(hub.root, 'a/b'), { recursive: true });
    await writeFile(join(hub.root, 'before'), 'x');
    const stream = await openStream(hub);
    await writeFile(join(hub.root, 'a/b/f'), 'x');
    await unlink(join(hub.root, 'before'));
    await expect
      .poll(() => stream.files().sort(), SOON)
      .toEqual(['file_added /a/b/f', 'file_deleted /before']);
  });

  it('goes on for a while after the last subscriber', async () => {
    const hub = await startHub({ events: { settleMs: 50 } });
    const first = await openStream(hub);
    await expect.poll(first.position, SOON).toBeDefined();
    first.close();
    await hub.until('request_completed', ({ path }) => path === '/events');
    await writeFile(join(hub.root, 'f'), 'x');
    const second = await openStream(hub, `?after=${first.position()}`);
    await expect.poll(second.files, SOON).toEqual(['file_added /f']);
  });

  it('is a new one after that, and nobody resumes', async () => {
    const hub = await startHub({ events: { settleMs: 50, lingerMs: 0 } });
    const first = await openStream(hub);
    await expect.poll(first.position, SOON).toBeDefined();
    const id = first.position()!;
    first.close();
    const resume = async (): Promise<string> =>
      (await hub.ask(`/events?wait=0&after=${id}`, { headers: { accept: 'application/json' } }))
        .text;
    await expect.poll(resume, SOON).toContain('"event":"reset"');
    expect(JSON.parse(await resume()).next.split('-')[0]).not.toBe(id.split('-')[0]);
  });
});
