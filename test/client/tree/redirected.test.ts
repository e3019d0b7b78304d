// Listings that are found elsewhere than they were asked for: an alias, another server.
import { Writable } from 'node:stream';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { Access } from '../../../src/client/http/access.ts';
import { getTree } from '../../../src/client/tree/get-tree.ts';
import { startHub } from '../../server/hub.ts';
import { removeTempDirs, startServer, tempDir } from '../hub.ts';
import { contents, write } from './trees.ts';

afterAll(removeTempDirs);

const FILES = { f: 'f', 'd x/g': 'g', 'd x/e/h': 'h' };
const MIRRORED = { 'd x': '/', 'd x/e': '/', ...FILES };

async function mirror(url: URL, access?: Access): Promise<Record<string, unknown>> {
  const directory = await tempDir();
  await getTree({
    url,
    directory,
    access,
    deleteExtras: false,
    timeoutMs: 2000,
    stdout: new Writable(),
    signal: new AbortController().signal,
    emit: () => undefined,
  });
  return contents(directory);
}

describe('get -r of a listing that a redirect leads to', () => {
  it("is that of the hub's printed URL", async () => {
    const root = await tempDir();
    await write(root, FILES);
    const { running } = await startHub({ root });
    expect(await mirror(new URL(running.url))).toEqual(MIRRORED);
  });

  it.each([
    ['with its slash', '/'],
    ['without a slash', ''],
    ['with a query', '/?sort=size&order=desc'],
  ])('an alias on another server, %s, which never gets the token', async (_, end) => {
    const root = await tempDir();
    await write(root, Object.fromEntries(Object.entries(FILES).map(([p, b]) => [`v 1/${p}`, b])));
    const { running } = await startHub({ root });
    const authorized: string[] = [];
    const alias = await startServer((request, response) => {
      authorized.push(request.headers.authorization ?? '');
      const to = request.url === '/latest/' ? `${running.url}files/v%201${end}` : '/gone';
      response.writeHead(request.url === '/gone' ? 404 : 302, { location: to }).end();
    });
    onTestFinished(() => alias.close());
    const url = new URL('/latest', alias.origin);
    expect(await mirror(url, new Access({ urls: [url], token: 'secret' }))).toEqual(MIRRORED);
    expect(authorized).toEqual(['Bearer secret']);
  });

  it('has its next pages where its first one was found', async () => {
    const seen: string[] = [];
    const server = await startServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url!, 'http://x');
      seen.push(request.url!);
      if (pathname === '/old/') return response.writeHead(301, { location: '/new/' }).end();
      if (pathname !== '/new/') return response.end(pathname.slice(-1));
      const name = searchParams.get('page') === '2' ? 'b' : 'a';
      const entries = [{ name, type: 'file', size: 1, url: name }];
      const next = name === 'a' ? '?page=2' : undefined;
      return response.end(JSON.stringify({ path: '/', entries, next }));
    });
    onTestFinished(() => server.close());
    expect(await mirror(new URL('/old/', server.origin))).toEqual({ a: 'a', b: 'b' });
    expect(seen).toContain('/new/?page=2');
  });
});
