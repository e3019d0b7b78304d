// tus 1.0 by raw requests: each status that the protocol names, and what is left.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bearer, keyFile, makeToken } from '../access/keys.ts';
import { type Answer, type Hub, startHub, tempRoot } from '../hub.ts';

const TUS = { 'tus-resumable': '1.0.0' };
const CHUNK = { ...TUS, 'content-type': 'application/offset+octet-stream' };
const HELLO = Buffer.from('hello world');

const named = (name: string) => `filename ${Buffer.from(name).toString('base64')}`;
const create = (hub: Hub, headers: OutgoingHttpHeaders, body?: Buffer | string) =>
  hub.ask('/uploads/', {
    method: 'POST',
    headers: { ...TUS, ...headers },
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
  });
const head = (hub: Hub, url: string) => hub.ask(url, { method: 'HEAD', headers: TUS });
const patch = (hub: Hub, url: string, offset: number | string, body: Buffer | string, more = {}) =>
  hub.ask(url, {
    method: 'PATCH',
    headers: { ...CHUNK, 'upload-offset': offset, ...more },
    body: Buffer.from(body),
  });

async function begun(hub: Hub, headers: OutgoingHttpHeaders): Promise<string> {
  const made = await create(hub, headers);
  expect(made.status).toBe(201);
  return made.headers.location!;
}

const digest = (algorithm: string, bytes: Buffer) =>
  `${algorithm} ${createHash(algorithm).update(bytes).digest('base64')}`;

const visible = async (hub: Hub): Promise<string[]> =>
  (await readdir(hub.root)).filter((name) => !name.startsWith('.')).sort();

const unfinished = (hub: Hub): Promise<string[]> =>
  readdir(join(hub.root, '.hubswarm/uploads')).catch(() => []);

describe('tus', () => {
  it('says what it can', async () => {
    const hub = await startHub({ writable: true, uploads: { maxBytes: 1000 } });
    const { status, headers, body } = await hub.ask('/uploads/', { method: 'OPTIONS' });
    expect([status, body.length]).toEqual([200, 0]);
    expect(headers).toMatchObject({
      'tus-version': '1.0.0',
      'tus-max-size': '1000',
      'tus-checksum-algorithm': 'sha256,sha1,md5',
      'accept-patch': 'application/offset+octet-stream',
    });
    const expected = ['creation', 'termination', 'concatenation', 'checksum', 'checksum-trailer'];
    for (const extension of expected) {
      expect(String(headers['tus-extension']).split(',')).toContain(extension);
    }
    const reading = await startHub();
    const silent = await reading.ask('/uploads/', { method: 'OPTIONS' });
    expect(silent.headers['tus-version']).toBeUndefined();
    expect((await create(reading, { 'upload-length': 1 })).status).toBe(403);
  });

  it('stores a file that comes in chunks, under the name that its metadata gives', async () => {
    const hub = await startHub({ writable: true });
    const bytes = randomBytes(3 * 2 ** 20 + 17);
    const metadata = named('dir/a b.bin');
    const url = await begun(hub, { 'upload-length': bytes.length, 'upload-metadata': metadata });
    let at = 0;
    for (const end of [1, 2 ** 20, bytes.length]) {
      const { headers } = await head(hub, url);
      expect(headers).toMatchObject({
        'upload-offset': String(at),
        'upload-length': String(bytes.length),
        'upload-metadata': metadata,
        'cache-control': 'no-store',
        'tus-resumable': '1.0.0',
      });
      expect(Date.parse(headers['upload-expires'] as string)).toBeGreaterThan(Date.now());
      expect(await visible(hub)).toEqual([]);
      const sent = await patch(hub, url, at, bytes.subarray(at, end));
      expect(sent).toMatchObject({ status: 204, headers: { 'upload-offset': String(end) } });
      expect(sent.body.length).toBe(0);
      at = end;
      if (end === bytes.length) {
        const got = await hub.ask('/files/dir/a%20b.bin');
        expect(got.body.equals(bytes)).toBe(true);
        expect(sent.headers.etag).toBe(got.headers.etag);
      }
    }
    // The answer may have been lost: the client asks again.
    const after = await head(hub, url);
    expect(after).toMatchObject({ status: 200, headers: { 'upload-offset': String(at) } });
    expect((await patch(hub, url, at, '')).status).toBe(204);
    expect((await patch(hub, url, at, 'more')).status).toBe(413);
    expect(hub.events.filter(({ event }) => event === 'file_stored')).toHaveLength(1);
  });

  it('takes the bytes with the creation, and knows their CID without reading them again', async () => {
    const hub = await startHub({ writable: true, pieceLength: 16_384 });
    const bytes = randomBytes(100_000);
    const made = await create(
      hub,
      { ...CHUNK, 'upload-length': bytes.length, 'upload-metadata': named('f') },
      bytes,
    );
    expect(made).toMatchObject({ status: 201, headers: { 'upload-offset': '100000' } });
    await writeFile(join(hub.root, 'copy'), bytes);
    expect((await hub.ask('/files/copy')).headers.etag).toBe(made.headers.etag);
    const part = await create(hub, { ...CHUNK, 'upload-length': 20 }, 'some');
    expect(part).toMatchObject({ status: 201, headers: { 'upload-offset': '4' } });
  });

  it('stores an empty file at once, and a nameless one under its id', async () => {
    const hub = await startHub({ writable: true });
    const url = await begun(hub, { 'upload-length': 0 });
    const id = url.split('/').at(-1)!;
    expect(await visible(hub)).toEqual([id]);
    expect((await hub.ask(`/files/${id}`)).text).toBe('');
  });

  it('learns the length later', async () => {
    const hub = await startHub({ writable: true });
    const url = await begun(hub, { 'upload-defer-length': 1, 'upload-metadata': named('f') });
    expect((await head(hub, url)).headers).toMatchObject({ 'upload-defer-length': '1' });
    expect((await patch(hub, url, 0, 'hello ')).status).toBe(204);
    expect((await patch(hub, url, 6, 'x', { 'upload-length': 3 })).status).toBe(400);
    expect((await patch(hub, url, 6, 'wo', { 'upload-length': 11 })).status).toBe(204);
    expect((await patch(hub, url, 8, 'r', { 'upload-length': 12 })).status).toBe(400);
    const { headers } = await head(hub, url);
    expect(headers['upload-defer-length']).toBeUndefined();
    expect(headers['upload-length']).toBe('11');
    expect((await patch(hub, url, 8, 'rld')).status).toBe(204);
    expect((await hub.ask('/files/f')).text).toBe('hello world');
  });

  it.each([
    [{}, 400],
    [{ 'upload-length': '-1' }, 400],
    [{ 'upload-length': 'NaN' }, 400],
    [{ 'upload-length': '1.5' }, 400],
    [{ 'upload-length': '0x10' }, 400],
    [{ 'upload-length': '99999999999999999999' }, 400],
    [{ 'upload-length': '1', 'upload-defer-length': '1' }, 400],
    [{ 'upload-defer-length': '2' }, 400],
    [{ 'upload-length': '2000001' }, 413],
    [{ 'upload-length': '1', 'upload-metadata': 'filename !' }, 400],
    [{ 'upload-length': '1', 'upload-metadata': 'a YQ==,a YQ==' }, 400],
    [{ 'upload-length': '1', 'upload-metadata': 'a  YQ==' }, 400],
    [{ 'upload-length': '1', 'upload-metadata': named('../f') }, 400],
    [{ 'upload-length': '1', 'upload-metadata': named('a\\b') }, 400],
    [{ 'upload-length': '1', 'upload-metadata': named('.hidden') }, 403],
    [{ 'upload-length': '1', 'upload-metadata': named('.hubswarm/uploads/x') }, 403],
    [{ 'upload-length': '1', 'upload-metadata': 'filename //4=' }, 400],
    [{ 'upload-length': '1', 'upload-metadata': named('dir') }, 409],
    [{ 'upload-length': '1', 'upload-metadata': named('dir/') }, 400],
    [{ 'upload-length': '1', 'upload-metadata': named('old'), 'if-none-match': '*' }, 412],
    [{ 'upload-length': '1', 'upload-metadata': named('new'), 'if-match': '*' }, 412],
    [{ 'upload-length': '1', 'upload-concat': 'some' }, 400],
    [{ 'upload-concat': 'final;' }, 400],
    [{ 'upload-concat': 'final;/uploads/nothing' }, 400],
    [{ 'upload-concat': `final;/uploads/${'0'.repeat(32)}` }, 400],
    [{ 'upload-length': '3', 'upload-checksum': 'crc32 AAAA' }, 400],
    [{ 'upload-length': '3', 'upload-checksum': 'nonsense' }, 400],
    [{ 'upload-length': '1', 'tus-resumable': '0.2.2' }, 412],
    // Refused before any route.
    [{ 'upload-length': '1', expect: 'something' }, 417],
    [{ 'upload-length': '1', 'transfer-encoding': 'gzip' }, 501],
  ] as [OutgoingHttpHeaders, number][])(
    'refuses a creation with %o by %i',
    async (headers, status) => {
      const hub = await startHub({ writable: true, uploads: { maxBytes: 2_000_000 } });
      await mkdir(join(hub.root, 'dir'));
      await writeFile(join(hub.root, 'old'), 'old');
      const answer = await create(hub, headers);
      expect(answer.status).toBe(status);
      expect(answer.headers['tus-resumable']).toBe('1.0.0');
      if (headers['tus-resumable']) expect(answer.headers['tus-version']).toBe('1.0.0');
      expect(await unfinished(hub)).toEqual([]);
      expect(await visible(hub)).toEqual(['dir', 'old']);
    },
  );

  it('refuses metadata without end', async () => {
    const hub = await startHub({ writable: true });
    const long = { 'upload-length': 1, 'upload-metadata': `a ${'YWFh'.repeat(2200)}` };
    expect((await create(hub, long)).status).toBe(431);
    expect(await unfinished(hub)).toEqual([]);
  });

  it('refuses bytes that come with a creation as another type, or to its end and beyond', async () => {
    const hub = await startHub({ writable: true });
    const typed = { 'upload-length': 5, 'content-type': 'text/plain' };
    const refused = await create(hub, typed, 'hello');
    expect(refused.status).toBe(415);
    expect(refused.headers.accept).toBe(CHUNK['content-type']);
    expect((await create(hub, { ...CHUNK, 'upload-length': 4 }, 'hello')).status).toBe(413);
    expect(await unfinished(hub)).toEqual([]);
  });

  it.each([
    ['PATCH', { ...TUS, 'upload-offset': 0 }, 415],
    ['PATCH', { ...CHUNK, 'content-type': 'text/plain', 'upload-offset': 0 }, 415],
    ['PATCH', CHUNK, 400],
    ['PATCH', { ...CHUNK, 'upload-offset': '-1' }, 400],
    ['PATCH', { ...CHUNK, 'upload-offset': 'a' }, 400],
    ['PATCH', { ...CHUNK, 'upload-offset': 1 }, 409],
    ['PATCH', { ...CHUNK, 'upload-offset': 0, 'upload-length': 12 }, 400],
    ['PATCH', { ...CHUNK, 'upload-offset': 0, 'upload-checksum': 'crc32 AAAA' }, 400],
    ['PATCH', { ...CHUNK, 'upload-offset': 0, 'upload-checksum': 'sha256' }, 400],
    ['PATCH', { ...CHUNK, 'upload-offset': 0, 'upload-checksum': 'md5 AAAA' }, 460],
    ['PATCH', { ...CHUNK, 'upload-offset': 0, 'tus-resumable': '2' }, 412],
    ['PATCH', { 'content-type': CHUNK['content-type'], 'upload-offset': 0 }, 412],
    ['HEAD', {}, 412],
    ['GET', TUS, 405],
    ['PUT', TUS, 405],
  ] as [string, OutgoingHttpHeaders, number][])(
    'refuses %s %o by %i',
    async (method, headers, status) => {
      const hub = await startHub({ writable: true });
      const url = await begun(hub, { 'upload-length': HELLO.length });
      const body = method === 'PATCH' ? { body: HELLO } : {};
      const answer = await hub.ask(url, { method, headers, ...body });
      expect(answer.status).toBe(status);
      // Where to go on from.
      if (status === 409) expect(answer.headers['upload-offset']).toBe('0');
      expect(answer.headers['tus-resumable']).toBe('1.0.0');
      expect((await head(hub, url)).headers['upload-offset']).toBe('0');
      expect((await patch(hub, url, 0, HELLO)).status).toBe(204);
    },
  );

  it('refuses more than the length, declared or not, and keeps what was there', async () => {
    const hub = await startHub({ writable: true });
    const url = await begun(hub, { 'upload-length': 5 });
    expect((await patch(hub, url, 0, 'hel')).status).toBe(204);
    expect((await patch(hub, url, 3, 'lo!')).status).toBe(413);
    const chunked = { 'transfer-encoding': 'chunked' };
    expect((await patch(hub, url, 3, 'lo!', chunked)).status).toBe(413);
    expect((await head(hub, url)).headers['upload-offset']).toBe('3');
    expect((await patch(hub, url, 3, 'lo', chunked)).status).toBe(204);
  });

  it.each(['sha256', 'sha1', 'md5'])('compares a chunk with its %s', async (algorithm) => {
    const hub = await startHub({ writable: true });
    const url = await begun(hub, { 'upload-length': 11, 'upload-metadata': named('f') });
    const right = { 'upload-checksum': digest(algorithm, HELLO.subarray(0, 5)) };
    expect((await patch(hub, url, 0, 'jello', right)).status).toBe(460);
    expect((await head(hub, url)).headers['upload-offset']).toBe('0');
    expect((await patch(hub, url, 0, 'hello', right)).status).toBe(204);
    const rest = { 'upload-checksum': digest(algorithm, HELLO.subarray(5)) };
    expect((await patch(hub, url, 5, ' world', rest)).status).toBe(204);
    expect((await hub.ask('/files/f')).text).toBe('hello world');
  });

  it('takes nothing once it is whole', async () => {
    const hub = await startHub({ writable: true });
    const url = await begun(hub, { 'upload-length': 0, 'upload-metadata': named('f') });
    const chunked = { 'transfer-encoding': 'chunked' };
    expect((await patch(hub, url, 0, '')).status).toBe(204);
    expect((await patch(hub, url, 0, 'x')).status).toBe(413);
    expect((await patch(hub, url, 0, 'x', chunked)).status).toBe(413);
    expect((await patch(hub, url, 0, '', chunked)).status).toBe(204);
  });

  it('reads the type of the bytes as a media type', async () => {
    const hub = await startHub({ writable: true });
    const url = await begun(hub, { 'upload-length': 5 });
    const type = (value: string) => ({ 'content-type': value });
    expect((await patch(hub, url, 0, 'he', type('Application/Offset+Octet-Stream'))).status).toBe(
      204,
    );
    const parameter = type('application/offset+octet-stream; charset=utf-8');
    expect((await patch(hub, url, 2, 'll', parameter)).status).toBe(204);
    const other = await patch(hub, url, 4, 'o', type('application/octet-stream'));
    expect(other.status).toBe(415);
    expect(other.headers['accept-patch']).toBe(CHUNK['content-type']);
  });

  it('takes the method from X-HTTP-Method-Override', async () => {
    const hub = await startHub({ writable: true });
    const url = await begun(hub, { 'upload-length': 11, 'upload-metadata': named('f') });
    const headers = { ...CHUNK, 'upload-offset': 0, 'x-http-method-override': 'PATCH' };
    expect((await hub.ask(url, { method: 'POST', headers, body: HELLO })).status).toBe(204);
    expect((await hub.ask('/files/f')).text).toBe('hello world');
  });

  it('gives an upload up when told, and knows no others', async () => {
    const hub = await startHub({ writable: true });
    const url = await begun(hub, { 'upload-length': 5 });
    expect((await hub.ask(url, { method: 'DELETE', headers: TUS })).status).toBe(204);
    expect(await unfinished(hub)).toEqual([]);
    for (const gone of [url, `/uploads/${'0'.repeat(32)}`, '/uploads/nothing', '/uploads/a/b']) {
      const statuses: Answer[] = [
        await head(hub, gone),
        await patch(hub, gone, 0, 'x'),
        await hub.ask(gone, { method: 'DELETE', headers: TUS }),
      ];
      expect(statuses.map(({ status }) => status)).toEqual([404, 404, 404]);
    }
  });

  it('goes although others leave files in it meanwhile', async () => {
    const hub = await startHub({ writable: true });
    for (let round = 0; round < 10; round++) {
      const url = await begun(hub, { 'upload-length': 5 });
      const directory = join(hub.root, '.hubswarm', url);
      const gone = hub.ask(url, { method: 'DELETE', headers: TUS });
      // As tries for the lock do.
      for (let i = 0; i < 40; i++) {
        await writeFile(join(directory, `.try-${i}`), '').catch(() => undefined);
      }
      expect((await gone).status).toBe(204);
    }
  });

  it('sweeps away what was left for too long', async () => {
    const hub = await startHub({ writable: true, uploads: { expireMs: 150 } });
    const url = await begun(hub, { 'upload-length': 5 });
    await hub.until('upload_expired');
    await expect.poll(() => unfinished(hub)).toEqual([]);
    expect([404, 410]).toContain((await head(hub, url)).status);
  });

  it('joins finished parts, and only those', async () => {
    const hub = await startHub({ writable: true });
    const part = { 'upload-concat': 'partial' };
    const one = await begun(hub, { ...part, 'upload-length': 6 });
    const two = await begun(hub, { ...part, 'upload-length': 5 });
    const plain = await begun(hub, { 'upload-length': 0 });
    expect((await head(hub, one)).headers['upload-concat']).toBe('partial');
    const before = await visible(hub);
    const concat = `final;${hub.running.url}${one.slice(1)} ${two}`;
    const final = { 'upload-concat': concat, 'upload-metadata': named('joined') };
    await patch(hub, one, 0, 'hello ');
    expect((await create(hub, final)).status).toBe(409);
    await patch(hub, two, 0, 'world');
    expect(await visible(hub)).toEqual(before);
    expect((await create(hub, { ...final, 'upload-length': 11 })).status).toBe(400);
    expect((await create(hub, { ...final, 'upload-defer-length': 1 })).status).toBe(400);
    expect((await create(hub, { ...CHUNK, ...final }, 'more')).status).toBe(400);
    expect((await create(hub, { 'upload-concat': `final;${plain}` })).status).toBe(400);
    const made = await create(hub, final);
    expect(made.status).toBe(201);
    expect((await hub.ask('/files/joined')).text).toBe('hello world');
    const url = made.headers.location!;
    expect((await head(hub, url)).headers).toMatchObject({
      'upload-concat': concat,
      'upload-length': '11',
      'upload-offset': '11',
    });
    expect((await patch(hub, url, 11, '')).status).toBe(403);
    // The parts are not needed any longer, but may be asked for once more.
    const soon = Date.now() + 3_600_000;
    const { status, headers } = await head(hub, one);
    expect(status).toBe(200);
    expect(Date.parse(headers['upload-expires'] as string)).toBeLessThan(soon);
  });

  it('joins no parts for a client that has left', async () => {
    const hub = await startHub({ writable: true });
    const part = await begun(hub, { 'upload-concat': 'partial', 'upload-length': 2 ** 23 });
    await patch(hub, part, 0, Buffer.alloc(2 ** 23, 1));
    const left = [await unfinished(hub), await visible(hub)];
    const socket = hub.socket();
    const concat = Array(250).fill(part).join(' ');
    socket.write(
      `POST /uploads/ HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nUpload-Concat: final;${concat}\r\n\r\n`,
    );
    await expect.poll(async () => (await unfinished(hub)).length).toBe(2);
    socket.destroy();
    await expect
      .poll(async () => [await unfinished(hub), await visible(hub)], { timeout: 20_000 })
      .toEqual(left);
    const { status } = await hub.until(
      'request_completed',
      ({ method, whole }) => method === 'POST' && !whole,
    );
    expect(status).not.toBe(201);
  }, 30_000);

  it("lets nobody read, delete or join a part of another's token", async () => {
    const key = await keyFile();
    const hub = await startHub({ writable: true, access: { tokenKeyFiles: [key.file] } });
    const own = bearer(await makeToken(key, { scopes: ['write'], subject: 'ann' }));
    const again = bearer(await makeToken(key, { scopes: ['write'], subject: 'ann' }));
    const other = bearer(await makeToken(key, { scopes: ['write'], subject: 'bob' }));
    const part = await begun(hub, { ...own, 'upload-concat': 'partial', 'upload-length': 5 });
    for (const method of ['HEAD', 'DELETE', 'PATCH']) {
      const headers = { ...CHUNK, ...other, 'upload-offset': 0 };
      expect((await hub.ask(part, { method, headers })).status).toBe(404);
    }
    expect((await patch(hub, part, 0, 'hello', again)).status).toBe(204);
    const final = { 'upload-concat': `final;${part}`, 'upload-metadata': named('joined') };
    expect((await create(hub, { ...other, ...final })).status).toBe(400);
    expect((await create(hub, { ...again, ...final })).status).toBe(201);
  });

  it('holds the preconditions of its creation against what is there at the end', async () => {
    const hub = await startHub({ writable: true });
    const facts = { 'upload-length': 3, 'upload-metadata': named('f') };
    const [first, second] = [
      await begun(hub, { ...facts, 'if-none-match': '*' }),
      await begun(hub, { ...facts, 'if-none-match': '*' }),
    ];
    expect((await patch(hub, first, 0, 'one')).status).toBe(204);
    expect((await patch(hub, second, 0, 'two')).status).toBe(412);
    expect((await hub.ask('/files/f')).text).toBe('one');
    expect((await head(hub, second)).status).toBe(404);
    const { etag } = (await hub.ask('/files/f')).headers;
    const third = await begun(hub, { ...facts, 'if-match': etag! });
    expect((await patch(hub, third, 0, 'six')).status).toBe(204);
    expect((await hub.ask('/files/f')).text).toBe('six');
  });

  it('keeps what came of a request that was cut, and lets one at a time write', async () => {
    const hub = await startHub({ writable: true });
    const bytes = randomBytes(4 * 2 ** 20);
    const url = await begun(hub, { 'upload-length': bytes.length, 'upload-metadata': named('f') });
    const offset = async () => Number((await head(hub, url)).headers['upload-offset']);
    const socket = hub.socket();
    socket.write(
      `PATCH ${url} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n` +
        `Content-Type: application/offset+octet-stream\r\nContent-Length: ${bytes.length}\r\n\r\n`,
    );
    socket.write(bytes.subarray(0, 3 * 2 ** 20));
    await expect.poll(offset, { timeout: 5000 }).toBeGreaterThanOrEqual(2 ** 20);
    expect((await patch(hub, url, await offset(), 'x')).status).toBe(423);
    expect((await hub.ask(url, { method: 'DELETE', headers: TUS })).status).toBe(423);
    socket.destroy();
    // The lock is given back when what came is on the disk.
    const astray = async () => (await patch(hub, url, bytes.length + 1, 'x')).status;
    await expect.poll(astray, { timeout: 5000 }).toBe(409);
    const at = await offset();
    expect(at).toBeLessThanOrEqual(3 * 2 ** 20);
    expect((await patch(hub, url, at, bytes.subarray(at))).status).toBe(204);
    expect((await hub.ask('/files/f')).body.equals(bytes)).toBe(true);
  });

  it('goes on with another hub over the same root, and serves nothing hidden', async () => {
    const root = await tempRoot();
    const hub = await startHub({ root, writable: true });
    const url = await begun(hub, { 'upload-length': 11, 'upload-metadata': named('f') });
    expect((await patch(hub, url, 0, 'hello')).status).toBe(204);
    const id = url.split('/').at(-1)!;
    expect((await hub.ask(`/files/.hubswarm/uploads/${id}/data`)).status).toBe(404);
    await hub.running.stop();
    const next = await startHub({ root, writable: true });
    expect((await head(next, url)).headers['upload-offset']).toBe('5');
    expect((await patch(next, url, 5, ' world')).status).toBe(204);
    expect(await readFile(join(root, 'f'), 'utf8')).toBe('hello world');
  });

  it('publishes what a crash left whole, takes a dead writer for dead, and trusts what was synced', async () => {
    const root = await tempRoot();
    const hub = await startHub({ root, writable: true });
    const url = await begun(hub, { 'upload-length': 11, 'upload-metadata': named('f') });
    await patch(hub, url, 0, 'hello');
    await hub.running.stop();
    const directory = join(root, '.hubswarm/uploads', url.split('/').at(-1)!);
    // As after a power cut: bytes that nobody synced, of another run of the machine.
    const record = JSON.parse(await readFile(join(directory, 'record.json'), 'utf8'));
    await writeFile(join(directory, 'record.json'), JSON.stringify({ ...record, boot: 'other' }));
    await writeFile(join(directory, 'data'), 'helloXXXXXX');
    const locks = (await readdir(directory)).filter((name) => name.startsWith('lock-'));
    const [last] = locks;
    const holder = JSON.parse(await readFile(join(directory, last!), 'utf8'));
    const dead = { ...holder, free: false, started: 'never' };
    await writeFile(join(directory, 'lock-99'), JSON.stringify(dead));
    const next = await startHub({ root, writable: true });
    expect((await head(next, url)).headers['upload-offset']).toBe('5');
    expect((await patch(next, url, 5, ' wor')).status).toBe(204);
    await next.running.stop();
    await writeFile(join(directory, 'data'), 'hello world');
    const last2 = await startHub({ root, writable: true });
    expect((await head(last2, url)).headers['upload-offset']).toBe('11');
    expect((await last2.ask('/files/f')).text).toBe('hello world');
    await expect(stat(join(directory, 'data'))).rejects.toThrow();
    expect((await head(last2, url)).headers['upload-offset']).toBe('11');
  });
});
