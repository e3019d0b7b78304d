// The client as another program calls it, and a real hub.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import {
  type Event,
  get,
  getTree,
  type HubEvent,
  list,
  put,
  putTree,
  remove,
  watch,
} from '../../src/library/client.ts';
import { startHub, tempRoot } from '../server/hub.ts';

const BYTES = randomBytes(300_000);

async function startWritable() {
  const hub = await startHub({ writable: true });
  return { hub, files: new URL('files/', hub.running.url) };
}

describe('one file', () => {
  it('is put, got into a file or a stream, and removed', async () => {
    const { hub, files } = await startWritable();
    const place = await tempRoot();
    await writeFile(join(place, 'file'), BYTES);
    const stored = await put(join(place, 'file'), files);
    expect(stored.url).toBe(`${files}file`);

    const events: Event[] = [];
    const onEvent = (event: Event): void => void events.push(event);
    const output = join(place, 'fetched');
    const cid = stored.etag!.replaceAll('"', '');
    const fetched = await get([stored.url], { output, onEvent, cid });
    expect(fetched).toEqual({ path: output, bytes: BYTES.length, cid });
    expect((await readFile(output)).equals(BYTES)).toBe(true);
    expect(events.map(({ event }) => event)).toContain('transfer_completed');

    const stream = new PassThrough();
    const received = buffer(stream);
    expect(await get(stored.url, { output: stream })).toEqual({
      path: '-',
      bytes: BYTES.length,
      cid,
    });
    stream.end();
    expect((await received).equals(BYTES)).toBe(true);

    await remove(stored.url);
    expect((await hub.ask('/files/file')).status).toBe(404);
  });

  it('is refused if the hub has one of that name, and that is not wanted', async () => {
    const { files } = await startWritable();
    const file = join(await tempRoot(), 'file');
    await writeFile(file, BYTES);
    await put(file, files);
    await expect(put(file, files, { ifAbsent: true })).rejects.toMatchObject({
      code: 'ERR_REMOTE',
    });
  });

  it('ends with the reason of the signal', async () => {
    const { files } = await startWritable();
    const signal = AbortSignal.abort(new Error('enough'));
    const output = join(await tempRoot(), 'file');
    await expect(get(new URL('file', files), { output, signal })).rejects.toThrow('enough');
  });
});

describe('a directory', () => {
  it('goes to a hub and back, and only what changed moves', async () => {
    const { files } = await startWritable();
    const place = await tempRoot();
    await mkdir(join(place, 'in/sub'), { recursive: true });
    await writeFile(join(place, 'in/a'), 'a');
    await writeFile(join(place, 'in/sub/b'), 'b');
    const there = new URL('tree/', files);
    const sent = { sent: 2, unchanged: 0, removed: 0 };
    expect(await putTree(join(place, 'in'), there)).toEqual(sent);

    const out = join(place, 'out');
    const fetched = { fetched: 2, unchanged: 0, removed: 0 };
    expect(await getTree(there, out)).toEqual(fetched);
    expect(await readFile(join(out, 'sub/b'), 'utf8')).toBe('b');

    await rm(join(place, 'in/a'));
    const removed = { sent: 0, unchanged: 1, removed: 1 };
    expect(await putTree(join(place, 'in'), there, { remove: true })).toEqual(removed);
    expect(await getTree(there, out, { remove: true })).toMatchObject({ fetched: 0, removed: 1 });
  });

  it('is listed', async () => {
    const { hub, files } = await startWritable();
    await writeFile(join(hub.root, 'file'), BYTES);
    await hub.untilNamed('/files/file');
    const { path, entries } = await list(files);
    expect(path).toBe('/files/');
    expect(entries).toEqual([
      expect.objectContaining({
        name: 'file',
        type: 'file',
        size: BYTES.length,
        url: 'file',
      }),
    ]);
    await expect(list(new URL('file', files))).rejects.toMatchObject({ code: 'ERR_REMOTE' });
  });
});

it('watches until it has seen enough', async () => {
  const { hub, files } = await startWritable();
  const seen: HubEvent[] = [];
  const over = watch(hub.running.url, (event) => {
    seen.push(event);
    return false;
  });
  const file = join(await tempRoot(), 'file');
  await writeFile(file, BYTES);
  // Until the hub has the subscription, an event may pass unseen.
  let isOver = false;
  const end = over.then(() => {
    isOver = true;
  });
  for (let at = 0; !isOver && at < 1000; at++) await put(file, new URL(`${at}`, files));
  await end;
  expect(seen).toEqual([
    expect.objectContaining({ event: expect.stringMatching(/^(file|transfer)_/) }),
  ]);
});

it.each([
  ['a URL', { url: 'ftp://127.0.0.1/' }],
  ['a token', { token: 'two words' }],
  ['a fingerprint', { fingerprints: ['abc'] }],
])(
  'names in its error %s that makes no sense',
  async (_what, { url, ...options }: object & { url?: string }) => {
    await expect(list(url ?? 'http://127.0.0.1:9/', options)).rejects.toMatchObject({
      code: 'ERR_USAGE',
    });
  },
);
