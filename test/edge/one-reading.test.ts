// One path has one reading: what a hub and an edge check for a token is what they open, or send on to
// the origin. The token is for /a; the file beside it must be out of reach by whatever spelling.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bearer, keyFile, makeToken } from '../server/access/keys.ts';
import { startHub, tempRoot } from '../server/hub.ts';
import { startEdge } from './edge.ts';

/** Targets, and the statuses of GET and PUT at a hub. */
const TARGETS: readonly (readonly [target: string, get: number, put: number])[] = [
  ['/files/a/x', 200, 204],
  ['/files/%61/%78', 200, 204],
  ['/base/files/a/x', 200, 204],
  ['/files/a/x?/../../b/x', 200, 204],
  ['/files/b/x', 403, 403],
  ['/files/A/x', 403, 403],
  ['/files/a;p/x', 403, 403],
  ['/files/a%20/x', 403, 403],
  ['/files/a./x', 403, 403],
  ['/files/a/x/', 404, 409],
  ['/files/a%2Fx', 400, 400],
  ['/files/a%5cx', 400, 400],
  ['/files/a/x%00', 400, 400],
  ['/files/a/%c0%af', 400, 400],
  ['/files/a/%c0%ae%c0%ae/b/x', 400, 400],
  ['/files/a/%e0%80%ae', 400, 400],
  ['/files/a/%uff0e', 400, 400],
  ['/files/a//x', 400, 400],
  ['/files//a/x', 400, 400],
  ['/files/./a/x', 400, 400],
  ['/files/a/../b/x', 400, 400],
  ['/files/a/%2e%2e/b/x', 400, 400],
  ['/files/a/.%2E/b/x', 400, 400],
  ['/files/a/..%2fb/x', 400, 400],
  ['/files/a/..\\b/x', 400, 400],
  ['/files/a/x/..', 400, 400],
  ['//files/a/x', 404, 404],
  ['/FILES/a/x', 404, 404],
  ['/%66iles/a/x', 404, 404],
  ['/files;p/a/x', 404, 404],
  ['/files\\a\\x', 404, 404],
  ['/BASE/files/a/x', 404, 404],
  ['/base//files/a/x', 404, 404],
  ['/base/base/files/a/x', 404, 404],
  ['/base/../files/b/x', 404, 404],
  ['/uploads/../files/b/x', 404, 404],
  ['/uploads/..%2ffiles/b/x', 404, 404],
  [`/uploads/../uploads/${'0'.repeat(32)}`, 404, 404],
  ['/ipfs/../files/b/x', 400, 405],
];
const atUploads = (target: string): boolean => target.startsWith('/uploads');
/** As PUT, at an edge: the origin judges what has a reading, and the edge itself takes no uploads. */
const atEdge = (target: string, status: number): number =>
  atUploads(target) ? 403 : [204, 403, 409].includes(status) ? 307 : status;

describe('a path', () => {
  it('has one reading at a hub and at an edge', async () => {
    const key = await keyFile();
    const access = { tokenKeyFiles: [key.file], basePath: '/base' };
    const root = await tempRoot();
    for (const name of ['a', 'b']) {
      await mkdir(join(root, name));
      await writeFile(join(root, name, 'x'), name);
    }
    const hub = await startHub({
      root,
      writable: true,
      access: { tokenKeyFiles: [key.file], basePath: '/base' },
    });
    const all = bearer(await makeToken(key, { scopes: ['read'] })).authorization;
    const origin = hub.running.url.replace('http://', `http://x:${all.replace('Bearer ', '')}@`);
    const edge = await startEdge(origin, { server: { access } });
    const headers = bearer(await makeToken(key, { scopes: ['read', 'write'], paths: ['a'] }));
    for (const [target, get, put] of TARGETS) {
      const body = Buffer.from('a');
      const written = await hub.ask(target, { method: 'PUT', headers, body });
      const read = await hub.ask(target, { headers });
      const sentOn = await edge.ask(target, { method: 'PUT', headers, body });
      const cached = await edge.ask(target, { headers });
      const found = { get: read.status, put: written.status, edge: sentOn.status };
      expect([target, found]).toEqual([target, { get, put, edge: atEdge(target, put) }]);
      // A name with a slash at its end is a page to an edge: the origin is asked for it.
      const page = target.endsWith('/x/') ? 307 : get;
      expect([target, cached.status]).toEqual([target, atUploads(target) ? 403 : page]);
      if (sentOn.status !== 307) continue;
      const asked = target.replace('/base', '').split('?')[0];
      expect(new URL(sentOn.headers.location!).pathname).toBe(asked);
    }
    expect(await readFile(join(root, 'b/x'), 'utf8')).toBe('b');
    expect((await readdir(root)).filter((name) => !name.startsWith('.'))).toEqual(['a', 'b']);
    expect(await readdir(join(root, 'a'))).toEqual(['x']);
  });

  it.each([
    ['/a/y', 201],
    ['b/y', 403],
    ['A/y', 403],
    ['a%2f..%2fb/y', 403],
    ['a/../b/y', 400],
    ['../b/y', 400],
    ['./a/y', 400],
    ['a//y', 400],
    ['a\\y', 400],
    ['a/\0y', 400],
    ['a/y/', 400],
  ])('in the metadata of tus, %j, has one too', async (path, status) => {
    const key = await keyFile();
    const root = await tempRoot();
    const hub = await startHub({ root, writable: true, access: { tokenKeyFiles: [key.file] } });
    const metadata = `path ${Buffer.from(path).toString('base64')}`;
    const fields = { 'tus-resumable': '1.0.0', 'upload-length': '0', 'upload-metadata': metadata };
    const token = bearer(await makeToken(key, { scopes: ['write'], paths: ['a'] }));
    const sent = await hub.ask('/uploads/', { method: 'POST', headers: { ...token, ...fields } });
    expect(sent.status).toBe(status);
  });
});
