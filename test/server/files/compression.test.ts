import { randomBytes } from 'node:crypto';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { startHub } from '../hub.ts';

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
    expect(hub.link.sentBytes).toBe(body.length);
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
  const SIBLINGS = { representations: { precompressed: true } };

  it('is another file unless it is asked for', async () => {
    const { hub, ask } = await hubWithText('page.html');
    await writeFile(join(hub.root, 'page.html.gz'), gzipSync(TEXT));
    await writeFile(join(hub.root, 'page.html.br'), brotliCompressSync(TEXT));
    for (const headers of [GZIP, BOTH]) expect((await ask(headers)).headers.etag).toMatch(/^W/);
  });

  it('is sent with a tag and digest of its own, the best one first', async () => {
    const { hub, ask } = await hubWithText('page.html', SIBLINGS);
    const br = brotliCompressSync(TEXT);
    await writeFile(join(hub.root, 'page.html.br'), br);
    await writeFile(join(hub.root, 'page.html.gz'), gzipSync(TEXT));
    // A second that is not over is no date of a version: two answers would differ.
    await utimes(join(hub.root, 'page.html'), 1000, 1000);
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
    const head = await ask(BOTH, 'HEAD');
    expect({ ...head.headers, date: '' }).toEqual({ ...answer.headers, date: '' });
    expect(await ask({ ...BOTH, range: 'bytes=4-8' })).toMatchObject({
      status: 206,
      text: 'quick',
    });
  });

  it('is sent without compression, too', async () => {
    const options = { representations: { precompressed: true, compress: false } };
    const { hub, ask } = await hubWithText('page.html', options);
    expect((await ask(BOTH)).headers).toMatchObject({ vary: 'Accept-Encoding' });
    await writeFile(join(hub.root, 'page.html.gz'), gzipSync(TEXT));
    expect((await ask(BOTH)).headers).toMatchObject({ 'content-encoding': 'gzip' });
  });

  it('goes by its bytes, not by its date', async () => {
    const { hub, ask } = await hubWithText('a.txt', SIBLINGS);
    const sibling = join(hub.root, 'a.txt.gz');
    await writeFile(sibling, gzipSync(TEXT));
    await utimes(sibling, 1000, 1000);
    expect((await ask(GZIP)).headers.etag).toMatch(/\.gz"$/);
  });

  it('of gzip(1) bears the name of the file, and may bear more', async () => {
    const { hub, ask } = await hubWithText('a.txt', SIBLINGS);
    const plain = gzipSync(TEXT);
    const head = Buffer.from(plain.subarray(0, 10));
    // FEXTRA, FNAME and FCOMMENT of RFC 1952.
    head[3] = 4 | 8 | 16;
    const fields = Buffer.from('\x03\0abca.txt\0of mine\0', 'latin1');
    const named = Buffer.concat([head, fields, plain.subarray(10)]);
    expect(gunzipSync(named).toString()).toBe(TEXT);
    await writeFile(join(hub.root, 'a.txt.gz'), named);
    expect((await ask(GZIP)).body.equals(named)).toBe(true);
  });

  const gzip = gzipSync(TEXT);
  const other = `${TEXT.slice(0, -2)}!\n`;
  it.each<[string, string, Buffer]>([
    ['of another file', '.gz', gzipSync(other)],
    ['of its beginning', '.gz', gzipSync(TEXT.slice(0, 50_000))],
    ['of it and more', '.gz', gzipSync(`${TEXT}more`)],
    ['that is no gzip', '.gz', Buffer.from('not packed at all\n')],
    ['that is cut', '.gz', gzip.subarray(0, -9)],
    ['that is cut in its trailer', '.gz', gzip.subarray(0, -1)],
    ['with a wrong checksum', '.gz', Buffer.from(gzip).fill(7, gzip.length - 8, gzip.length - 4)],
    ['with zeros behind it', '.gz', Buffer.concat([gzip, Buffer.alloc(8)])],
    ['whose first member is empty', '.gz', Buffer.concat([gzipSync(''), gzip])],
    ['whose last member is empty', '.gz', Buffer.concat([gzip, gzipSync('')])],
    ['that is a header alone', '.gz', gzip.subarray(0, 10)],
    [
      'of several members',
      '.gz',
      Buffer.concat([gzipSync(TEXT.slice(0, 100)), gzipSync(TEXT.slice(100))]),
    ],
    ['that holds nothing', '.gz', Buffer.alloc(0)],
    ['that is a bomb', '.gz', gzipSync(Buffer.alloc(64 * 2 ** 20))],
    ['that is a bomb', '.br', brotliCompressSync(Buffer.alloc(16 * 2 ** 20))],
    ['of another file', '.br', brotliCompressSync(other)],
    ['of it and more', '.br', brotliCompressSync(`${TEXT}more`)],
    ['that is no brotli', '.br', Buffer.from('not packed at all\n')],
    ['that is cut', '.br', brotliCompressSync(TEXT).subarray(0, -2)],
    ['with more behind it', '.br', Buffer.concat([brotliCompressSync(TEXT), gzip])],
  ])('%s (%s) is not sent', async (_what, suffix, bytes) => {
    const { hub, ask } = await hubWithText('a.txt', SIBLINGS);
    await writeFile(join(hub.root, `a.txt${suffix}`), bytes);
    for (let round = 0; round < 2; round++) {
      const answer = await ask({ 'accept-encoding': suffix === '.br' ? 'br' : 'gzip' });
      expect(answer.headers.etag).toMatch(/^W/);
      const decode = suffix === '.br' ? brotliDecompressSync : gunzipSync;
      expect(decode(answer.body).toString()).toBe(TEXT);
    }
  });

  it('is looked at again when an upload changes either', async () => {
    const { hub, ask } = await hubWithText('a.txt', { ...SIBLINGS, writable: true });
    const put = (name: string, text: string | Buffer) =>
      hub.ask(`/files/${name}`, { method: 'PUT', body: Buffer.from(text) });
    const decoded = async (): Promise<string> => gunzipSync((await ask(GZIP)).body).toString();
    await put('a.txt.gz', gzip);
    expect((await ask(GZIP)).headers.etag).toMatch(/\.gz"$/);
    await put('a.txt', other);
    expect(await decoded()).toBe(other);
    expect((await ask(GZIP)).headers.etag).toMatch(/^W/);
    await put('a.txt.gz', gzipSync(other));
    expect((await ask(GZIP)).headers.etag).toMatch(/\.gz"$/);
    expect(await decoded()).toBe(other);
    await put('a.txt.gz', gzip);
    expect(await decoded()).toBe(other);
  });

  it('of a long file is checked beside, and sent from then on', async () => {
    const long = TEXT.repeat(100);
    const { hub, ask } = await hubWithText('a.txt', SIBLINGS);
    await writeFile(join(hub.root, 'a.txt'), long);
    await writeFile(join(hub.root, 'a.txt.gz'), gzipSync(long));
    expect((await ask(GZIP)).text).toBe(long);
    await expect
      .poll(async () => (await ask(GZIP)).headers.etag, { timeout: 10_000 })
      .toMatch(/\.gz"$/);
    expect(gunzipSync((await ask(GZIP)).body).equals(Buffer.from(long))).toBe(true);
  });

  it('that is a file by its own name is never coded twice', async () => {
    const hub = await startHub(SIBLINGS);
    const gz = gzipSync(TEXT);
    await writeFile(join(hub.root, 'a.txt.gz'), gz);
    const answer = await hub.ask('/files/a.txt.gz', { headers: BOTH });
    expect(answer.body.equals(gz)).toBe(true);
    expect(answer.headers['content-type']).toBe('application/gzip');
    expect(answer.headers['content-encoding']).toBe(undefined);
  });
});
