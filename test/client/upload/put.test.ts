import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { inNaturalOrder, parseListing } from '../../../src/client/tree/remote/list.ts';
import { putFile } from '../../../src/client/upload/put.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { makeContent, removeTempDirs, startServer, type TestServer, tempDir } from '../hub.ts';

const BYTES = randomBytes(12 * 2 ** 20);
let server: TestServer;
afterAll(removeTempDirs);

async function put(
  handle: (request: IncomingMessage, response: ServerResponse) => unknown,
  options: { onEvent?: (event: Event, path: string) => void; uplink?: number } = {},
) {
  server = await startServer(handle);
  const path = join(await tempDir(), 'a.bin');
  await writeFile(path, BYTES);
  const events: Event[] = [];
  const stored = await putFile({
    path,
    url: new URL('/files/', server.origin),
    stallMs: 1000,
    uplinkBytesPerSecond: options.uplink,
    emit: (event) => {
      events.push(event);
      options.onEvent?.(event, path);
    },
    signal: new AbortController().signal,
  });
  return { stored, events };
}

const receive = async (request: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
};

describe('put', () => {
  afterEach(() => server.close());

  it('sends the bytes with their length', async () => {
    let got: Buffer | undefined;
    let length: string | undefined;
    const { stored, events } = await put(async (request, response) => {
      length = request.headers['content-length'];
      got = await receive(request);
      response.writeHead(201, { etag: '"v1"' }).end();
    });
    expect(length).toBe(String(BYTES.length));
    expect(got?.equals(BYTES)).toBe(true);
    expect(stored).toEqual({ url: `${server.origin}/files/a.bin`, etag: '"v1"' });
    expect(events.map(({ event }) => event)).toContain('transfer_completed');
  });

  it.each([
    [403, 'ERR_REMOTE', '--writable'],
    [507, 'ERR_REMOTE', 'no room left on the server'],
    [500, 'ERR_REMOTE', '500 Internal Server Error'],
  ])('tells of a refusal with %i before all is sent', async (status, code, text) => {
    const sent = put((_, response) => response.writeHead(status).end());
    await expect(sent).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
  });

  it('is an error when the server stored something else', async () => {
    const other = await makeContent(100_000);
    const sent = put(async (request, response) => {
      if (request.method === 'GET') {
        const cid = request.url!.split('/').at(-1)!.split('?')[0]!;
        return void response.end(other.blocks.get(cid));
      }
      await receive(request);
      response.writeHead(201, { etag: `"${other.manifest.root}"` }).end();
    });
    await expect(sent).rejects.toMatchObject({ code: 'ERR_HASH_MISMATCH' });
  });

  it('says what a small file is, and believes the server that compared it', async () => {
    const path = join(await tempDir(), 'small');
    await writeFile(path, 'hello');
    const digest = 'sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:';
    const seen: string[] = [];
    server = await startServer(async (request, response) => {
      seen.push(`${request.method} ${request.headers['repr-digest']}`);
      await receive(request);
      const cid = 'bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq';
      response.writeHead(201, { 'repr-digest': digest, etag: `"${cid}"` }).end();
    });
    const stored = await putFile({
      path,
      url: new URL('/files/x', server.origin),
      stallMs: 1000,
      emit: () => undefined,
      signal: new AbortController().signal,
    });
    expect(stored.etag).toContain('bafkrei');
    expect(seen).toEqual([`PUT ${digest}`]);
  });

  it('sends nothing to the upload of another server', async () => {
    const other = await startServer((_, response) => response.end());
    const sent = put((request, response) => {
      request.resume();
      if (request.method === 'OPTIONS') {
        const able = { 'tus-version': '1.0.0', 'tus-extension': 'creation' };
        return response.writeHead(204, able).end();
      }
      const location = `${other.origin}/uploads/0123`;
      return response.writeHead(201, { location }).end();
    });
    await expect(sent).rejects.toThrow('named an upload of another server');
    expect(other.seen).toEqual([]);
    await other.close();
  });

  it('gives a hub up that takes more each time and keeps nothing', async () => {
    let patches = 0;
    const sent = put(async (request, response) => {
      const offset = { 'upload-offset': 0, 'upload-length': BYTES.length };
      if (request.method === 'OPTIONS') {
        response.writeHead(200, { 'tus-version': '1.0.0', 'tus-extension': 'creation' }).end();
      } else if (request.method === 'POST') {
        response.writeHead(201, { location: '/uploads/a' }).end();
      } else if (request.method === 'HEAD') response.writeHead(200, offset).end();
      else {
        const wanted = ++patches * 2 ** 20;
        let bytes = 0;
        for await (const part of request) {
          bytes += part.length;
          if (bytes >= wanted) break;
        }
        response.writeHead(503, { 'retry-after': '0', connection: 'close' }).end();
      }
    });
    await expect(sent).rejects.toMatchObject({
      code: 'ERR_REMOTE',
      message: expect.stringContaining('keeps none'),
    });
    expect(patches).toBe(8);
  });

  it.each(['-1', '1.5', '1e3', 'x', String(2 ** 60)])(
    'begins anew where a hub tells the offset %s',
    async (offset) => {
      const asked: string[] = [];
      const { stored } = await put(async (request, response) => {
        asked.push(request.method!);
        const { method, headers } = request;
        if (method === 'OPTIONS') {
          response.writeHead(200, { 'tus-version': '1.0.0', 'tus-extension': 'creation' }).end();
        } else if (method === 'POST') {
          response.writeHead(201, { location: '/uploads/a' }).end();
        } else if (method === 'HEAD') {
          response.writeHead(200, { 'upload-offset': offset, 'upload-length': BYTES.length }).end();
        } else if (asked.filter((each) => each === 'PATCH').length === 1) {
          response.writeHead(503, { 'retry-after': '0', connection: 'close' }).end();
        } else {
          expect(headers['upload-offset']).toBe('0');
          await receive(request);
          response.writeHead(204).end();
        }
      });
      expect(asked.filter((each) => each !== 'HEAD')).toEqual([
        ...['OPTIONS', 'POST', 'PATCH', 'POST', 'PATCH'],
      ]);
      expect(stored.url).toContain('/files/a.bin');
    },
  );

  it('is an error when the file changes meanwhile', async () => {
    const sent = put(
      async (request, response) => {
        await receive(request).catch(() => undefined);
        response.writeHead(201).end();
      },
      {
        uplink: 24 * 2 ** 20,
        onEvent: ({ event }, path) => {
          if (event === 'transfer_progressed') appendFileSync(path, 'more');
        },
      },
    );
    await expect(sent).rejects.toMatchObject({ code: 'ERR_SOURCE_CHANGED' });
  });

  it('gives a server up that takes nothing', async () => {
    const sent = put((request) => void request.pause());
    await expect(sent).rejects.toThrow('took nothing for 1 s');
  });
});

describe('a listing', () => {
  const parse = (value: unknown) => parseListing(Buffer.from(JSON.stringify(value)));

  it('is in the order of people, unless its URL asks for one', () => {
    const [file, directory] = [{ type: 'file' }, { type: 'directory' }];
    const entries = [
      ...['B', 'a', 'part10', 'part2', '\u00e9'].map((name) => ({ ...file, name, url: name })),
      ...['z10', 'z9'].map((name) => ({ ...directory, name, url: name })),
    ];
    const orderAt = (url: string) =>
      inNaturalOrder(parse({ path: '/', entries }), new URL(url)).entries.map(({ name }) => name);
    const natural = ['z9', 'z10', 'a', 'B', '\u00e9', 'part2', 'part10'];
    expect(orderAt('http://hub/files/?q=1')).toEqual(natural);
    const asSent = entries.map(({ name }) => name);
    for (const query of ['sort=size', 'order=desc', 'sort=name&q=a'])
      expect(orderAt(`http://hub/files/?${query}`)).toEqual(asSent);
  });

  it('is printed with the fields of always, in their order, whatever a hub adds', () => {
    const entry = { url: '/files/a', cid: 'bafy', modified: 'T', size: 1, type: 'file', name: 'a' };
    const told = { total: 'many', pages: 2, page: 1, entries: [entry], truncated: true, path: '/' };
    expect(JSON.stringify(parse(told))).toBe(
      '{"path":"/","truncated":true,"entries":[{"name":"a","type":"file","size":1,' +
        '"modified":"T","cid":"bafy","url":"/files/a"}]}',
    );
  });

  it.each([[[]], [{}], [{ path: '/', entries: [{ name: 1 }] }], ['x']])('is not %j', (value) => {
    expect(() => parse(value)).toThrow('not the listing of a hub');
  });

  it('is JSON', () => {
    expect(() => parseListing(Buffer.from('<html>'))).toThrow('no JSON');
  });
});
