// What an edge sends on instead of serving it, whom it serves, and what it keeps.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Access, parseFingerprint } from '../../src/client/http/access.ts';
import { keyFile, makeToken } from '../server/access/keys.ts';
import { type Hub, startHub, tempRoot } from '../server/hub.ts';
import { share, startEdge } from './edge.ts';

const MIB = 2 ** 20;

/** One that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const statusOf = async (edge: Hub, path: string) => (await edge.ask(path)).headers['cache-status'];

describe('what an edge passes on', () => {
  it('404, and listings', async () => {
    const origin = await startHub();
    await mkdir(join(origin.root, 'dir'));
    await writeFile(join(origin.root, 'dir', 'a'), 'x');
    // Listings tell CIDs as soon as they are known.
    await origin.ask('/files/dir/a', { method: 'HEAD' });
    const edge = await startEdge(origin);
    expect((await edge.ask('/files/none')).status).toBe(404);
    for (const path of ['/files/', '/files', '/files/dir/', '/files/dir']) {
      const headers = { accept: 'application/json' };
      const listing = await edge.ask(path, { headers });
      expect(listing.status).toBe(200);
      const there = await origin.ask(path, { headers });
      expect(JSON.parse(listing.text)).toEqual(JSON.parse(there.text));
    }
    const page = await edge.ask('/files/dir/', { headers: { accept: 'text/html' } });
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.headers['content-security-policy']).toBeDefined();
  });

  it('blocks by CID, of what it has and of what it has not', async () => {
    const origin = await startHub();
    const bytes = await share(origin, 'f', 1000);
    const edge = await startEdge(origin);
    const { headers } = await origin.ask('/files/f', { method: 'HEAD' });
    const path = `/ipfs/${headers['x-ipfs-roots']}`;
    const passed = await edge.ask(path);
    expect(passed.body.equals(bytes)).toBe(true);
    expect(passed.headers['cache-status']).toBe('hubswarm-edge; fwd=uri-miss');
    await edge.ask('/files/f');
    expect(await statusOf(edge, path)).toBe('hubswarm-edge; hit');
    const other = `bafkrei${'a'.repeat(52)}`;
    expect((await edge.ask(`/ipfs/${other}`)).status).toBe(404);
    expect((await edge.ask('/ipfs/nonsense')).status).toBe(400);
  });

  it.each(['PUT', 'POST', 'PATCH', 'DELETE'])('%s, by sending it to the origin', async (method) => {
    const origin = await startHub({ writable: true });
    const edge = await startEdge(origin);
    const body = method === 'DELETE' ? {} : { body: Buffer.from('x') };
    const answer = await edge.ask('/files/new%20file?x=1', { method, ...body });
    expect(answer.status).toBe(307);
    expect(answer.headers.location).toBe(`${origin.running.url}files/new%20file?x=1`);
    expect(answer.headers['cache-status']).toBe('hubswarm-edge; fwd=method');
  });

  it('no credentials of its own to its clients', async () => {
    const origin = await startHub();
    const url = origin.running.url.replace('http://', 'http://user:secret@');
    const edge = await startEdge(url);
    const answer = await edge.ask('/files/f', { method: 'PUT' });
    expect(JSON.stringify(answer)).not.toContain('secret');
    expect(answer.headers.location).toBe(`${origin.running.url}files/f`);
  });

  it('events, whichever way they are asked for', async () => {
    const origin = await startHub();
    const edge = await startEdge(origin);
    const webSocket = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
    };
    for (const headers of [{}, { accept: 'application/json' }, webSocket]) {
      const answer = await edge.ask('/events?path=/a/', { headers });
      expect(answer.status).toBe(307);
      expect(answer.headers.location).toBe(`${origin.running.url}events?path=/a/`);
    }
  });

  it('nothing in a circle', async () => {
    const hub = await startHub();
    const first = await startEdge(hub);
    const second = await startEdge(first);
    await share(hub, 'f', 100);
    expect((await second.ask('/files/f')).status).toBe(200);
    const via = String((await first.ask('/files/f')).headers.via);
    const circle = await first.ask('/files/f', { headers: { via: `1.0 proxy, ${via}` } });
    expect(circle.status).toBe(508);
  });

  it('by whose request others lose what is cached', async () => {
    const hub = await startHub();
    const first = await startEdge(hub);
    const second = await startEdge(first);
    const bytes = await share(hub, 'f', 100);
    expect((await second.ask('/files/f')).status).toBe(200);
    // A circle of the origin's, pretended; and a head that the origin would not take.
    const via = String((await first.ask('/files/f')).headers.via);
    const refused = await second.ask('/files/f', { headers: { via } });
    expect(refused.status).toBe(508);
    const long = { via: `1.1 ${'x'.repeat(100)}, `.repeat(140).slice(0, -2) };
    expect((await second.ask('/files/f', { headers: long })).status).toBe(200);
    await hub.running.stop();
    await first.running.stop();
    const kept = await second.ask('/files/f');
    expect(kept.status).toBe(200);
    expect(kept.headers['content-length']).toBe(String(bytes.length));
  });
});

describe('who may read through an edge', () => {
  it('is asked of its own rules, for files, listings and blocks', async () => {
    const origin = await startHub();
    await mkdir(join(origin.root, 'open'));
    await share(origin, 'open/f', 300_000);
    await share(origin, 'g', 300_000);
    const key = await keyFile();
    const edge = await startEdge(origin, { server: { access: { tokenKeyFiles: [key.file] } } });
    const some = { authorization: `Bearer ${await makeToken(key, { paths: ['open'] })}` };
    const all = { authorization: `Bearer ${await makeToken(key)}` };
    const status = async (path: string, headers = {}) => (await edge.ask(path, { headers })).status;
    expect(await status('/files/open/f')).toBe(401);
    expect(await status('/files/g', some)).toBe(403);
    expect(await status('/files/', some)).toBe(403);
    expect(await status('/files/open/', some)).toBe(200);
    expect(await status('/files/open/f', some)).toBe(200);
    expect(await status('/files/g', all)).toBe(200);
    const blockOf = async (path: string) =>
      `/ipfs/${(await origin.ask(path, { method: 'HEAD' })).headers['x-ipfs-roots']}`;
    expect(await status(await blockOf('/files/open/f'))).toBe(401);
    expect(await status(await blockOf('/files/open/f'), some)).toBe(200);
    expect(await status(await blockOf('/files/g'), some)).toBe(404);
    expect(await status(await blockOf('/files/g'), all)).toBe(200);
  });
});

describe('an origin that asks who comes', () => {
  it('is shown the token of the edge, which its clients do not get to see', async () => {
    const key = await keyFile();
    const origin = await startHub({ access: { tokenKeyFiles: [key.file] } });
    await writeFile(join(origin.root, 'f'), randomBytes(3 * MIB));
    const token = await makeToken(key);
    const access = new Access({ urls: [new URL(origin.running.url)], token });
    const edge = await startEdge(origin, { access });
    const without = await startEdge(origin);
    expect((await without.ask('/files/f')).status).toBe(403);
    const answers = [await edge.ask('/files/f'), await edge.ask('/files/')];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    answers.push(await edge.ask('/files/f', { method: 'PUT' }));
    expect(JSON.stringify(answers.map(({ headers }) => headers))).not.toContain(token);
  });

  it('proves itself over TLS by the certificate that the edge was told', async () => {
    const directory = join(await tempRoot(), 'tls');
    const origin = await startHub({ tls: { kind: 'self_signed', directory } });
    const bytes = randomBytes(3 * MIB);
    await writeFile(join(origin.root, 'f'), bytes);
    const urls = [new URL(origin.running.url)];
    const { sha256 } = await origin.until('certificate_loaded');
    const fingerprint = parseFingerprint(sha256)!;
    const edge = await startEdge(origin, {
      access: new Access({ urls, fingerprints: [fingerprint] }),
    });
    expect((await edge.ask('/files/f')).body.equals(bytes)).toBe(true);
    await expect(startEdge(origin)).rejects.toThrow(
      /self-signed.*--cache-fingerprint.*--cache-cacert/,
    );
    const wrong = new Access({ urls, fingerprints: ['0'.repeat(64)] });
    await expect(startEdge(origin, { access: wrong })).rejects.toThrow(
      /^--cache: .*its certificate is not the pinned one/,
    );
  });
});

describe('what hubs know of files', () => {
  it('edges know as well: codings, digests and a name to save under', async () => {
    const origin = await startHub();
    const text = Buffer.from('some text that is repeated; '.repeat(100_000));
    await writeFile(join(origin.root, 'f.txt'), text);
    const edge = await startEdge(origin);
    const digest = { 'want-repr-digest': 'sha-256=9' };
    for (let i = 0; i < 2; i++) {
      const coded = await edge.ask('/files/f.txt', { headers: { 'accept-encoding': 'gzip' } });
      expect(gunzipSync(coded.body).equals(text)).toBe(true);
      expect((await edge.ask('/files/f.txt', { headers: digest })).body.equals(text)).toBe(true);
    }
    const sum = createHash('sha256').update(text).digest('base64');
    const asked = await edge.ask('/files/f.txt?download', { method: 'HEAD', headers: digest });
    expect(asked.headers['repr-digest']).toBe(`sha-256=:${sum}:`);
    expect(asked.headers['content-disposition']).toContain('attachment');
  });
});

describe('two edges that are each other’s origin', () => {
  it('say so, and do not ask each other for ever', async () => {
    const port = await freePort();
    const first = await startEdge(`http://127.0.0.1:${port}/`);
    const second = await startEdge(first, { server: { port } });
    for (const path of ['/files/f', '/files/', `/ipfs/bafkrei${'a'.repeat(52)}`]) {
      expect((await first.ask(path)).status).toBeGreaterThanOrEqual(500);
    }
    const ended = (edge: Hub) =>
      edge.events.filter(({ event }) => event === 'request_completed').length;
    await first.until('request_completed', ({ path }) => path.startsWith('/ipfs/'));
    expect(ended(first) + ended(second)).toBeLessThan(16);
  });
});

describe('the room of an edge', () => {
  it('is kept by removing what was used longest ago', async () => {
    const origin = await startHub();
    for (const name of ['a', 'b', 'c']) await share(origin, name, MIB);
    const directory = await tempRoot();
    const edge = await startEdge(origin, { directory, sizeBytes: 2.5 * MIB });
    for (const name of ['a', 'b', 'a', 'c']) await edge.ask(`/files/${name}`);
    const { headers } = await origin.ask('/files/b', { method: 'HEAD' });
    expect(await edge.until('file_evicted')).toMatchObject({ cid: headers['x-ipfs-roots'] });
    const names = await readdir(join(directory, 'files'));
    expect(names.filter((name) => name.startsWith(String(headers['x-ipfs-roots'])))).toEqual([]);
    const sent = origin.link.sentBytes;
    for (const name of ['a', 'c']) await edge.ask(`/files/${name}`);
    expect(origin.link.sentBytes).toBe(sent);
  });

  it('is not a matter of open files: those that are closed are read again, not fetched', async () => {
    const origin = await startHub();
    const files = new Map<string, Buffer>();
    for (const name of ['a', 'b', 'c']) files.set(name, await share(origin, name, MIB));
    const edge = await startEdge(origin, { maxOpenFiles: 1 });
    for (const name of files.keys()) await edge.ask(`/files/${name}`);
    const sent = origin.link.sentBytes;
    for (const [name, bytes] of files) {
      expect((await edge.ask(`/files/${name}`)).body.equals(bytes)).toBe(true);
    }
    expect(origin.link.sentBytes).toBe(sent);
  });

  it('is not for what is larger than all of it: the origin has that', async () => {
    const origin = await startHub();
    await share(origin, 'f', 2 * MIB);
    const edge = await startEdge(origin, { sizeBytes: MIB });
    const answer = await edge.ask('/files/f');
    expect(answer.status).toBe(307);
    expect(answer.headers.location).toBe(`${origin.running.url}files/f`);
    expect(answer.headers['cache-status']).toBe('hubswarm-edge; fwd=bypass');
  });

  it('holds after a start with less of it, and strays are removed', async () => {
    const origin = await startHub();
    for (const name of ['a', 'b']) await share(origin, name, MIB);
    const directory = await tempRoot();
    const edge = await startEdge(origin, { directory });
    for (const name of ['a', 'b']) await edge.ask(`/files/${name}`);
    await edge.running.stop();
    await writeFile(join(directory, 'files', `bafybei${'a'.repeat(52)}.dag`), '{}');
    await writeFile(join(directory, 'files', 'x.part'), 'x');
    const { running } = await startEdge(origin, { directory, sizeBytes: 1.5 * MIB });
    await running.stop();
    const { headers } = await origin.ask('/files/b', { method: 'HEAD' });
    const cid = String(headers['x-ipfs-roots']);
    expect((await readdir(join(directory, 'files'))).sort()).toEqual(
      [cid, `${cid}.dag`, 'index.json'].sort(),
    );
  });
});

describe('an origin that leads elsewhere', () => {
  it('has no page of another server passed on', async () => {
    const serve = async (listener: RequestListener): Promise<string> => {
      const server = createServer(listener).listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      onTestFinished(() => void server.close());
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    };
    const inner = await serve((_req, res) => void res.end('for this machine alone'));
    const origin = await serve((req, res) => {
      if (req.url === '/healthz') res.end('{"status":"ok"}');
      else res.writeHead(302, { Location: inner, 'Content-Length': 0 }).end();
    });
    const edge = await startEdge(origin);
    for (const path of ['/files/f', '/files/']) {
      const { status, text, headers } = await edge.ask(path);
      expect(text).not.toContain('machine alone');
      // Whoever may ask the origin can follow it there.
      expect({ status, location: headers.location }).toEqual({
        status: 307,
        location: new URL(path, origin).href,
      });
    }
  });
});

describe('an edge does not start', () => {
  it('over the directory of another one that runs', async () => {
    const origin = await startHub();
    const directory = await tempRoot();
    const first = await startEdge(origin, { directory });
    const line = `--cache-dir: ${directory} is used by another edge that runs`;
    await expect(startEdge(origin, { directory })).rejects.toThrow(line);
    await share(origin, 'f', 100);
    expect((await first.ask('/files/f')).status).toBe(200);
    await first.running.stop();
    const second = await startEdge(origin, { directory });
    expect((await second.ask('/files/f')).status).toBe(200);
  });

  it('before a server that is no hub', async () => {
    const server = createServer((_req, res) => void res.end(randomBytes(10)));
    server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await expect(startEdge(url)).rejects.toThrow(`--cache: ${url} is not a hub`);
  });
});

describe('pages of a slow origin', () => {
  it('are asked for in turn, and not waited for by more than a number', async () => {
    let [asked, atOnce] = [0, 0];
    let answerAll = (): void => undefined;
    const open = new Promise<void>((resolve) => {
      answerAll = resolve;
    });
    const server = createServer(async (req, res) => {
      if (req.url === '/healthz') return res.end('{"status":"ok"}');
      atOnce = Math.max(atOnce, ++asked);
      await open;
      asked--;
      return res.end('page');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => void server.close());
    const edge = await startEdge(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const asking = Array.from({ length: 300 }, (_, i) => edge.ask(`/files/?i=${i}`));
    const refused = await Promise.race(asking);
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    answerAll();
    const answers = await Promise.all(asking);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(256);
    expect(atOnce).toBeLessThanOrEqual(16);
  });
});
