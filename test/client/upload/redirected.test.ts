// Uploads and deletions that a server sends elsewhere, or that pass a proxy which adds a prefix.
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { Access } from '../../../src/client/http/access.ts';
import { putFile } from '../../../src/client/upload/put.ts';
import { removeFile } from '../../../src/client/upload/remove.ts';
import { startHub } from '../../server/hub.ts';
import { removeTempDirs, startServer, tempDir } from '../hub.ts';

afterAll(removeTempDirs);

const SMALL = randomBytes(1000);
const LARGE = randomBytes(5 * 2 ** 20);

async function put(url: URL, bytes: Buffer, access?: Access) {
  const path = join(await tempDir(), 'f');
  await writeFile(path, bytes);
  const signal = new AbortController().signal;
  return putFile({ path, url, access, stallMs: 2000, emit: () => undefined, signal });
}

async function writableHub() {
  const root = await tempDir();
  const { running } = await startHub({ root, writable: true });
  return { root, hub: new URL(running.url) };
}

/** Sends every request to the same path of the hub. */
async function aliasOf(to: string, status: number) {
  const seen: string[] = [];
  const server = await startServer((asked, response) => {
    seen.push(`${asked.method} ${asked.headers.authorization ?? '-'}`);
    response.writeHead(status, { location: to + asked.url!.slice(1) }).end();
  });
  onTestFinished(() => server.close());
  return { url: new URL('/files/', server.origin), seen };
}

describe('what a redirect sends elsewhere', () => {
  it.each([301, 302, 307, 308])('%i: is stored and deleted there', async (status) => {
    const { root, hub } = await writableHub();
    const alias = await aliasOf(hub.href, status);
    for (const bytes of [SMALL, LARGE]) {
      await put(alias.url, bytes);
      expect((await readFile(join(root, 'f'))).equals(bytes)).toBe(true);
      const signal = new AbortController().signal;
      await removeFile({ url: new URL('f', alias.url), stallMs: 2000, signal });
      expect(await readdir(root)).not.toContain('f');
    }
  });

  it('never gets the token, nor the credentials, of the server that was named', async () => {
    const got: (string | undefined)[] = [];
    const other = await startServer((asked, response) => {
      got.push(asked.headers.authorization);
      asked.resume().once('end', () => response.writeHead(201).end());
    });
    onTestFinished(() => other.close());
    const alias = await aliasOf(`${other.origin}/`, 307);
    await put(alias.url, SMALL, new Access({ urls: [alias.url], token: 'secret' }));
    const named = new URL(alias.url);
    named.username = 'u';
    named.password = 'p';
    await put(named, LARGE, new Access({ urls: [named] }));
    expect(got.length).toBeGreaterThan(2);
    expect(new Set(got)).toEqual(new Set([undefined]));
    expect(alias.seen).toContain('PUT Bearer secret');
  });

  it.each([
    ['303', 303, '/files/x', '303 See Other'],
    ['no place', 307, undefined, 'redirected to no http(s) URL'],
    ['another scheme', 307, 'ftp://127.0.0.1/f', 'redirected to no http(s) URL'],
    ['itself', 307, '/files/f', 'redirected more than 50 times'],
  ])('%s: is told', async (_, status, location, reason) => {
    const server = await startServer((_asked, response) => {
      response.writeHead(status, location === undefined ? {} : { location }).end();
    });
    onTestFinished(() => server.close());
    await expect(put(new URL('/files/', server.origin), SMALL)).rejects.toThrow(reason);
    await expect(put(new URL('/files/', server.origin), LARGE)).rejects.toThrow(reason);
  });
});

/** Passes requests on below a prefix that the hub hears nothing of. */
async function prefixProxy(hub: URL, prefix: string) {
  const pass = (asked: IncomingMessage, response: ServerResponse): void => {
    if (!asked.url!.startsWith(prefix)) return void response.writeHead(405).end();
    const path = asked.url!.slice(prefix.length - 1);
    const { method, headers } = asked;
    const onward = request(new URL(path, hub), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    asked.pipe(onward);
  };
  const server = await startServer(pass);
  onTestFinished(() => server.close());
  return new URL(`${prefix}files/`, server.origin);
}

describe('a proxy that adds a prefix and does not say so', () => {
  it.each(['/hub/', '/a/b/', '/uploads/'])('%s: a large file goes through', async (prefix) => {
    const { root, hub } = await writableHub();
    await put(await prefixProxy(hub, prefix), LARGE);
    expect((await readFile(join(root, 'f'))).equals(LARGE)).toBe(true);
  });
});

it('a server without room is asked once, as for a PUT', async () => {
  const server = await startServer((asked, response) => {
    const tus = { 'tus-resumable': '1.0.0', 'tus-version': '1.0.0', 'tus-extension': 'creation' };
    response.writeHead(asked.method === 'OPTIONS' ? 204 : 507, tus).end();
  });
  onTestFinished(() => server.close());
  const done = put(new URL('/files/', server.origin), LARGE);
  await expect(done).rejects.toThrow('507 Insufficient Storage: no room left on the server');
  expect(server.seen).toEqual(['OPTIONS /uploads/', 'POST /uploads/']);
});

describe('the place that a server gives an upload', () => {
  it.each(['http', '//'])('at another server (%s) is told, and gets nothing', async (form) => {
    const other = await startServer((_, response) => response.end());
    onTestFinished(() => other.close());
    const there = new URL('/uploads/0123', other.origin).href;
    const location = form === '//' ? there.slice('http:'.length) : there;
    const server = await startServer((asked, response) => {
      asked.resume();
      response.setHeader('tus-version', '1.0.0').setHeader('tus-extension', 'creation');
      response.writeHead(asked.method === 'POST' ? 201 : 204, { location }).end();
    });
    onTestFinished(() => server.close());
    const url = new URL('/files/', server.origin);
    const sent = put(url, LARGE, new Access({ urls: [url], token: 'secret' }));
    await expect(sent).rejects.toThrow('named an upload of another server');
    expect(other.seen).toEqual([]);
  });
});
