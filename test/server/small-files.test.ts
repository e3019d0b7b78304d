import { link, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startHub, tempRoot } from './hub.ts';

async function hubWith(content: string, name = 'page.bin') {
  const root = await tempRoot();
  await writeFile(join(root, name), content);
  const hub = await startHub({ root });
  const first = await hub.ask(`/files/${name}`);
  expect(first.text).toBe(content);
  return { hub, root, first, ask: (headers = {}) => hub.ask(`/files/${name}`, { headers }) };
}

test('the second answer has the head and the body of the first', async () => {
  const { hub, first, ask } = await hubWith('one');
  const second = await ask();
  expect(second.status).toBe(200);
  expect(second.text).toBe('one');
  expect({ ...second.headers, date: '' }).toEqual({ ...first.headers, date: '' });
  const head = await hub.ask('/files/page.bin', { method: 'HEAD' });
  expect(head.text).toBe('');
  expect({ ...head.headers, date: '' }).toEqual({ ...first.headers, date: '' });
  expect(hub.running.link.sentBytes).toBe(6);
});

test('a tag that matches is a 304 with its validators, another one the whole file', async () => {
  const { first, ask } = await hubWith('one');
  const etag = first.headers.etag!;
  const same = await ask({ 'If-None-Match': `"x", W/${etag}` });
  expect(same).toMatchObject({ status: 304, text: '' });
  expect(same.headers).toMatchObject({ etag, 'last-modified': first.headers['last-modified'] });
  expect(await ask({ 'If-None-Match': '"x"' })).toMatchObject({ status: 200, text: 'one' });
});

test('ranges, dates and If-Match are answered as for any file', async () => {
  const { first, ask } = await hubWith('0123456789');
  expect(await ask({ Range: 'bytes=2-3' })).toMatchObject({ status: 206, text: '23' });
  expect(await ask({ 'If-Match': '"x"' })).toMatchObject({ status: 412 });
  const date = first.headers['last-modified']!;
  expect(await ask({ 'If-Modified-Since': date })).toMatchObject({ status: 304 });
  const long = 'Thu, 01 Jan 1970 00:00:00 GMT';
  expect(await ask({ 'If-Unmodified-Since': long })).toMatchObject({ status: 412 });
});

test.each<[string, (path: string, root: string) => Promise<void>]>([
  ['was written to', (path) => writeFile(path, 'two')],
  [
    'was written to, and its old time put back',
    async (path) => {
      const when = new Date('2020-01-01');
      await utimes(path, when, when);
      await writeFile(path, 'two');
      await utimes(path, when, when);
    },
  ],
  [
    'was replaced',
    async (path, root) => {
      await writeFile(join(root, 'other'), 'two');
      await rename(join(root, 'other'), path);
    },
  ],
])('a file that %s is answered anew', async (_what, change) => {
  const { first, root, ask } = await hubWith('one');
  await ask();
  await change(join(root, 'page.bin'), root);
  const second = await ask();
  expect(second).toMatchObject({ status: 200, text: 'two' });
  expect(second.headers.etag).not.toBe(first.headers.etag);
});

test('a file that is gone is not answered from memory', async () => {
  const { root, ask } = await hubWith('one');
  await rm(join(root, 'page.bin'));
  expect(await ask()).toMatchObject({ status: 404 });
});

test('a directory swapped for a link out of the root is refused', async () => {
  const outside = await tempRoot();
  const root = await tempRoot();
  await mkdir(join(root, 'in'));
  await writeFile(join(root, 'in', 'page'), 'one');
  await writeFile(join(outside, 'page'), 'two');
  const hub = await startHub({ root });
  expect(await hub.ask('/files/in/page')).toMatchObject({ text: 'one' });
  await rm(join(root, 'in'), { recursive: true });
  await symlink(outside, join(root, 'in'));
  expect(await hub.ask('/files/in/page')).toMatchObject({ status: 403 });
});

test('another name for the same file changes neither tag nor bytes', async () => {
  const { first, root, ask } = await hubWith('one');
  await link(join(root, 'page.bin'), join(root, 'second'));
  const second = await ask();
  expect(second).toMatchObject({ status: 200, text: 'one' });
  expect(second.headers.etag).toBe(first.headers.etag);
});

test('a thousand askers at once get what was there when they asked', async () => {
  const { ask } = await hubWith('one');
  const answers = await Promise.all(Array.from({ length: 1000 }, () => ask()));
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(
    new Set(['200 one']),
  );
});

test('an answer from memory keeps to the cap', async () => {
  const { hub, ask } = await hubWith('x'.repeat(50_000));
  hub.running.limit({ uplinkBytesPerSecond: 100_000 });
  const startedAt = performance.now();
  await ask();
  await ask();
  expect(performance.now() - startedAt).toBeGreaterThan(700);
});
