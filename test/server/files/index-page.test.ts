// A hub with `index`: a directory's index.html in place of its listing, and the listing where its
// form is named.
import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bearer, keyFile, makeToken } from '../access/keys.ts';
import { AS_JSON, type Hub, startHub, tempRoot } from '../hub.ts';

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const PAGE = `<!doctype html><title>own</title>${'<p>own page</p>'.repeat(200)}`;

/** `site/` has a page; `plain/` has none; `odd/` has a directory of that name. */
async function siteHub(options: Parameters<typeof startHub>[0] = {}): Promise<Hub> {
  const root = await tempRoot();
  for (const directory of ['site', 'plain', 'odd/index.html', 'gone', 'out'])
    await mkdir(join(root, directory), { recursive: true });
  for (const path of ['index.html', 'site/index.html']) {
    await writeFile(join(root, path), PAGE);
    // A date is given once its second is over.
    await utimes(join(root, path), 1_700_000_000, 1_700_000_000);
  }
  await writeFile(join(root, 'plain/a.txt'), 'text');
  await symlink('nowhere', join(root, 'gone/index.html'));
  await symlink('/etc/hostname', join(root, 'out/index.html'));
  const hub = await startHub({ root, representations: { index: true }, ...options });
  await hub.until('catalogue_completed');
  return hub;
}

describe('index.html of a directory', () => {
  it.each([
    ['/files/site/', {}],
    ['/files/site/', HTML],
    ['/files/site/', { accept: '*/*' }],
    ['/files/site/?q=x&page=7&utm=1', HTML],
    ['/files/', HTML],
  ])('answers %s with %j', async (path, headers) => {
    const hub = await siteHub();
    const { status, text, headers: got } = await hub.ask(path, { headers });
    expect([status, text]).toEqual([200, PAGE]);
    const file = await hub.ask('/files/site/index.html');
    expect(got.etag).toBe(file.headers.etag);
    expect(got['content-type']).toBe('text/html; charset=utf-8');
    expect(got['content-security-policy']).toBe(file.headers['content-security-policy']);
    expect(got.vary?.split(', ')).toEqual(['Accept', 'Accept-Encoding']);
  });

  it.each([
    ['/files/site/', { accept: 'application/json' }, '"entries"'],
    ['/files/site/?format=json', HTML, '"entries"'],
    ['/files/site/?format=html', HTML, 'Download all as'],
    ['/files/site?format=html', HTML, 'Download all as'],
    ['/files/site/?archive=tar', HTML, 'site/index.html'],
    ['/files/plain/', HTML, 'Download all as'],
    ['/files/plain', HTML, 'Download all as'],
    ['/files/odd/', HTML, 'Download all as'],
    ['/files/gone/', HTML, 'Download all as'],
  ])('leaves the listing at %s with %j', async (path, headers, has) => {
    const { status, text } = await (await siteHub()).ask(path, { headers });
    expect(status).toBe(200);
    expect(text).toContain(has);
    expect(text).not.toBe(PAGE);
  });

  it('is refused as the file is, and is no file below a file', async () => {
    const hub = await siteHub();
    expect((await hub.ask('/files/out/')).status).toBe(403);
    expect((await hub.ask('/files/site/index.html/')).status).toBe(404);
    expect((await hub.ask('/files/none/')).status).toBe(404);
    expect((await hub.ask('/files/site/', { method: 'OPTIONS' })).status).toBe(204);
  });

  it.each([
    ['/files/site', '/files/site/'],
    ['/files/%73ite?a=b', '/files/site/?a=b'],
    ['/files', '/files/'],
  ])('leads %s to %s, where its references begin', async (path, to) => {
    const hub = await siteHub();
    for (const method of ['GET', 'HEAD']) {
      const { status, headers } = await hub.ask(path, { method, headers: HTML });
      expect(status).toBe(302);
      expect(headers.location).toBe(`http://127.0.0.1:${hub.port}${to}`);
      expect(headers['cache-control']).toBe('no-store');
    }
  });

  it('has conditions, ranges, codings and HEAD as the file has', async () => {
    const hub = await siteHub();
    const ask = (headers: Record<string, string>, method = 'GET') =>
      hub.ask('/files/site/', { method, headers });
    const { headers } = await ask({});
    const known = await ask({ 'if-none-match': headers.etag! });
    expect([known.status, known.headers.vary]).toEqual([304, 'Accept, Accept-Encoding']);
    const since = await ask({ 'if-modified-since': headers['last-modified']! });
    expect(since.status).toBe(304);
    const range = await ask({ range: 'bytes=10-19', 'if-range': headers.etag! });
    expect([range.status, range.text]).toEqual([206, PAGE.slice(10, 20)]);
    expect((await ask({ range: `bytes=${PAGE.length}-` })).status).toBe(416);
    expect((await ask({ 'if-match': '"other"' })).status).toBe(412);
    expect((await ask({ 'accept-encoding': 'gzip' })).headers['content-encoding']).toBe('gzip');
    const head = await ask({}, 'HEAD');
    expect([head.text, head.headers['content-length']]).toEqual(['', String(PAGE.length)]);
    // The tag of the page is not the listing's.
    const json = { ...AS_JSON.headers, 'if-none-match': headers.etag! };
    expect((await ask(json)).status).toBe(200);
  });

  it('is not answered unless it is asked for', async () => {
    const hub = await siteHub({ representations: {} });
    expect((await hub.ask('/files/site/')).text).toContain('Download all as');
    expect((await hub.ask('/files/site')).status).toBe(200);
  });

  it('follows a change of the page, and its removal', async () => {
    const hub = await siteHub({ writable: true });
    const place = '/files/site/index.html';
    expect((await hub.ask('/files/site/')).text).toBe(PAGE);
    await hub.ask(place, { method: 'PUT', body: Buffer.from('new') });
    expect((await hub.ask('/files/site/')).text).toBe('new');
    await hub.ask(place, { method: 'DELETE' });
    expect((await hub.ask('/files/site/')).text).toContain('Nothing here.');
  });

  it('is for who may read it; others see their part of the listing', async () => {
    const key = await keyFile();
    const hub = await siteHub({ access: { tokenKeyFiles: [key.file] } });
    const asWith = async (paths: string[]) => {
      const headers = { ...HTML, ...bearer(await makeToken(key, { scopes: ['read'], paths })) };
      return hub.ask('/files/', { headers });
    };
    expect((await asWith(['index.html'])).text).toBe(PAGE);
    const part = await asWith(['plain']);
    expect(part.text).toContain('plain/');
    expect(part.text).not.toContain('index.html');
    expect((await asWith(['none/deep'])).text).not.toBe(PAGE);
    expect((await hub.ask('/files/', { headers: HTML })).status).toBe(401);
  });
});
