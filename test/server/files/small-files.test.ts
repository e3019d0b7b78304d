import { link, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { RepresentationOptions } from '../../../src/server/hall/representations.ts';
import { bearer, keyFile, makeToken } from '../access/keys.ts';
import { type Answer, startHub, tempRoot } from '../hub.ts';

async function hubWith(
  content: string,
  name = 'page.bin',
  representations: RepresentationOptions = {},
) {
  const root = await tempRoot();
  await writeFile(join(root, name), content);
  // Long enough ago to have a date.
  const ago = new Date(Date.now() - 5000);
  await utimes(join(root, name), ago, ago);
  const hub = await startHub({ root, representations });
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
  expect(hub.link.sentBytes).toBe(6);
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
  hub.link.command({ uplinkBytesPerSecond: 100_000 });
  const startedAt = performance.now();
  await ask();
  await ask();
  expect(performance.now() - startedAt).toBeGreaterThan(700);
});

const TEXT = 'as it was written\n'.repeat(500);
const GZIP = { 'Accept-Encoding': 'gzip' };
const BOTH = { 'Accept-Encoding': 'gzip, deflate, br' };

const decoded = ({ headers, body }: Answer): string =>
  ({ gzip: gunzipSync, br: brotliDecompressSync })[headers['content-encoding']!]!(body).toString();

test('each coding of a text is answered from memory as it was the first time', async () => {
  const { hub, ask } = await hubWith(TEXT, 'page.html');
  for (const headers of [GZIP, BOTH]) {
    const [first, second] = [await ask(headers), await ask(headers)];
    expect({ ...second.headers, date: '' }).toEqual({ ...first.headers, date: '' });
    expect(decoded(second)).toBe(TEXT);
    const head = await hub.ask('/files/page.html', { method: 'HEAD', headers });
    expect({ ...head.headers, date: '' }).toEqual({ ...first.headers, date: '' });
    const { etag } = first.headers;
    const same = await ask({ ...headers, 'If-None-Match': etag });
    expect(same).toMatchObject({ status: 304, headers: { etag, vary: 'Accept-Encoding' } });
    // The tag of one coding says nothing of the file as it is.
    expect(await ask({ 'If-None-Match': etag })).toMatchObject({ status: 200, text: TEXT });
  }
  const none = await ask({ ...BOTH, Range: 'bytes=0-1' });
  expect(none).toMatchObject({ status: 206, text: 'as' });
  expect(decoded(await ask(BOTH))).toBe(TEXT);
});

test('what is kept compressed is compared with the file, too', async () => {
  const { root, ask } = await hubWith(TEXT, 'page.html');
  await ask(GZIP);
  await writeFile(join(root, 'page.html'), TEXT.toUpperCase());
  expect(decoded(await ask(GZIP))).toBe(TEXT.toUpperCase());
  await rm(join(root, 'page.html'));
  expect(await ask(GZIP)).toMatchObject({ status: 404 });
});

test('a compressed sibling that comes, changes or goes is seen', async () => {
  const { root, ask } = await hubWith(TEXT, 'page.html', { precompressed: true });
  const sibling = join(root, 'page.html.gz');
  const made = await ask(GZIP);
  expect(made.headers.etag).toMatch(/^W/);
  await ask(GZIP);
  const tags = [];
  for (const level of [1, 9]) {
    await writeFile(sibling, gzipSync(TEXT, { level }));
    const [first, second] = [await ask(GZIP), await ask(GZIP)];
    expect(first.headers.etag).toMatch(/^"\w+\.gz"$/);
    expect(second.headers.etag).toBe(first.headers.etag);
    expect(decoded(second)).toBe(TEXT);
    tags.push(first.headers.etag);
  }
  expect(tags[0]).not.toBe(tags[1]);
  // The better one was looked for before the one that is there.
  expect((await ask(BOTH)).headers['content-encoding']).toBe('gzip');
  await writeFile(join(root, 'page.html.br'), brotliCompressSync(TEXT));
  expect((await ask(BOTH)).headers['content-encoding']).toBe('br');
  await writeFile(sibling, gzipSync('another file'));
  expect((await ask(GZIP)).headers.etag).toBe(made.headers.etag);
  await rm(sibling);
  expect((await ask(GZIP)).headers.etag).toBe(made.headers.etag);
});

test('a sibling is kept for those alone who may read it', async () => {
  const own = await keyFile();
  const root = await tempRoot();
  await writeFile(join(root, 'page.html'), TEXT);
  await writeFile(join(root, 'page.html.gz'), gzipSync(TEXT));
  const hub = await startHub({
    root,
    access: { tokenKeyFiles: [own.file] },
    representations: { precompressed: true },
  });
  const all = { ...GZIP, ...bearer(await makeToken(own)) };
  const one = { ...GZIP, ...bearer(await makeToken(own, { paths: ['page.html'] })) };
  const ask = async (headers: Record<string, string>) =>
    (await hub.ask('/files/page.html', { headers })).headers.etag;
  for (let round = 0; round < 2; round++) {
    expect(await ask(all)).toMatch(/^"\w+\.gz"$/);
    expect(await ask(one)).toMatch(/^W/);
    expect(await ask(one)).toMatch(/^W/);
  }
  expect((await hub.ask('/files/page.html', { headers: GZIP })).status).toBe(401);
});
