import { randomBytes } from 'node:crypto';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { startHub } from './hub.ts';

const TEXT = 'The quick brown fox jumps over the lazy dog.\n'.repeat(2000);
const GZIP = { 'accept-encoding': 'gzip' };
const BOTH = { 'accept-encoding': 'gzip, br' };

async function hubWithText(name = 'a.txt', options = {}) {
  const hub = await startHub(options);
  await writeFile(join(hub.root, name), TEXT);
  const ask = (headers = {}, method = 'GET') => hub.ask(`/files/${name}`, { headers, method });
  return { hub, ask };
}

describe('text', () => {
  it('goes compressed to who takes it, and as it is to all others', async () => {
    const { ask } = await hubWithText();
    const identity = await ask();
    expect(identity.text).toBe(TEXT);
    expect(identity.headers).toMatchObject({ vary: 'Accept-Encoding', 'accept-ranges': 'bytes' });
    expect(identity.headers['content-encoding']).toBe(undefined);
    const gzip = await ask(GZIP);
    expect(gunzipSync(gzip.body).toString()).toBe(TEXT);
    const br = await ask(BOTH);
    expect(brotliDecompressSync(br.body).toString()).toBe(TEXT);
    const tags = [identity, gzip, br].map(({ headers }) => headers.etag);
    expect(tags).toEqual([
      tags[0],
      `W/${tags[0]!.slice(0, -1)}-gzip"`,
      `W/${tags[0]!.slice(0, -1)}-br"`,
    ]);
    expect(gzip.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-length': String(gzip.body.length),
      'content-type': 'text/plain; charset=utf-8',
      'accept-ranges': 'none',
      vary: 'Accept-Encoding',
    });
    // The CID and the digest name other bytes.
    for (const name of ['x-ipfs-roots', 'repr-digest', 'digest']) {
      expect(gzip.headers[name]).toBe(undefined);
    }
  });

  it('that a client has in that coding is not sent again', async () => {
    const { ask } = await hubWithText();
    const { etag } = (await ask(GZIP)).headers;
    const again = await ask({ ...GZIP, 'if-none-match': etag });
    expect(again).toMatchObject({
      status: 304,
      text: '',
      headers: { etag, vary: 'Accept-Encoding' },
    });
    // The tag of one coding says nothing of another.
    expect((await ask({ 'if-none-match': etag })).status).toBe(200);
    expect((await ask({ ...BOTH, 'if-none-match': etag })).status).toBe(200);
  });

  it('has the same head for HEAD as for GET', async () => {
    const { ask } = await hubWithText();
    const { date: _, ...expected } = (await ask(GZIP)).headers;
    const head = await ask(GZIP, 'HEAD');
    expect(head.body).toHaveLength(0);
    expect(head.headers).toMatchObject(expected);
  });

  it('is sent as it is where a range is asked, and never joined to a coded part', async () => {
    const { ask } = await hubWithText();
    const { etag } = (await ask(GZIP)).headers;
    const part = await ask({ ...GZIP, range: 'bytes=4-8' });
    expect(part).toMatchObject({ status: 206, text: 'quick' });
    expect(part.headers['content-encoding']).toBe(undefined);
    expect(part.headers.vary).toBe('Accept-Encoding');
    const resumed = await ask({ ...GZIP, range: 'bytes=4-8', 'if-range': etag });
    expect(resumed).toMatchObject({ status: 200, text: TEXT });
  });

  it('is compressed anew when it changed', async () => {
    const { hub, ask } = await hubWithText();
    await ask(GZIP);
    await writeFile(join(hub.root, 'a.txt'), TEXT.toUpperCase());
    expect(gunzipSync((await ask(GZIP)).body).toString()).toBe(TEXT.toUpperCase());
  });

  it('stays as it is with compress off', async () => {
    const { ask } = await hubWithText('a.txt', { representations: { compress: false } });
    const answer = await ask(BOTH);
    expect(answer.text).toBe(TEXT);
    expect(answer.headers.vary).toBe(undefined);
  });

  it('keeps to the cap of the link by the bytes that are sent', async () => {
    const { hub, ask } = await hubWithText('a.txt', { uplinkBytesPerSecond: 2 ** 20 });
    const { body } = await ask(GZIP);
    expect(hub.running.link.sentBytes).toBe(body.length);
  });
});

describe('what gains nothing', () => {
  it.each([
    ['packed.png', TEXT],
    ['short.txt', 'short'],
    ['long.txt', 'x'.repeat(4 * 2 ** 20 + 1)],
  ])('%s is sent as it is', async (name, text) => {
    const hub = await startHub();
    await writeFile(join(hub.root, name), text);
    const answer = await hub.ask(`/files/${name}`, { headers: BOTH });
    expect(answer.headers['content-encoding']).toBe(undefined);
    expect(answer.body.length).toBe(text.length);
  });

  it('a text file of random bytes is sent as it is', async () => {
    const hub = await startHub();
    const noise = randomBytes(2000);
    await writeFile(join(hub.root, 'noise.txt'), noise);
    const answer = await hub.ask('/files/noise.txt', { headers: BOTH });
    expect(answer.headers['content-encoding']).toBe(undefined);
    expect(answer.body.equals(noise)).toBe(true);
  });
});

describe('a compressed sibling', () => {
  it('is sent with a tag and digest of its own, the best one first', async () => {
    const { hub, ask } = await hubWithText('page.html');
    const br = brotliCompressSync(TEXT);
    await writeFile(join(hub.root, 'page.html.br'), br);
    await writeFile(join(hub.root, 'page.html.gz'), gzipSync(TEXT));
    const answer = await ask(BOTH);
    expect(answer.body.equals(br)).toBe(true);
    const own = (await hub.ask('/files/page.html.br')).headers;
    expect(answer.headers).toMatchObject({
      'content-encoding': 'br',
      'content-type': 'text/html; charset=utf-8',
      etag: `${own.etag!.slice(0, -1)}.br"`,
      'repr-digest': own['repr-digest'],
    });
    const gzip = await ask(GZIP);
    expect(gzip.headers['content-encoding']).toBe('gzip');
    expect(gzip.headers.etag).toMatch(/^"baf.*\.gz"$/);
    const again = await ask({ ...BOTH, 'if-none-match': answer.headers.etag });
    expect(again.status).toBe(304);
  });

  it('that is older than its file is stale, and passed over', async () => {
    const { hub, ask } = await hubWithText();
    const sibling = join(hub.root, 'a.txt.gz');
    await writeFile(sibling, gzipSync('old'));
    await utimes(sibling, 1000, 1000);
    expect(gunzipSync((await ask(GZIP)).body).toString()).toBe(TEXT);
  });

  it('that is a file by its own name is never coded twice', async () => {
    const hub = await startHub();
    const gz = gzipSync(TEXT);
    await writeFile(join(hub.root, 'a.txt.gz'), gz);
    const answer = await hub.ask('/files/a.txt.gz', { headers: BOTH });
    expect(answer.body.equals(gz)).toBe(true);
    expect(answer.headers['content-type']).toBe('application/gzip');
    expect(answer.headers['content-encoding']).toBe(undefined);
  });
});
