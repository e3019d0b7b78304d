// Symbolic links inside a shared directory: refused, left out, followed or kept, by choice.
import { mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as dagPb from '@ipld/dag-pb';
import { UnixFS } from 'ipfs-unixfs';
import type { CID } from 'multiformats/cid';
import { describe, expect, it } from 'vitest';
import { dagPbCid } from '../../../src/content/cid.ts';
import { staysInside } from '../../../src/content/link-target.ts';
import { resolveManifest } from '../../../src/content/resolve.ts';
import { FileStore } from '../../../src/disk/file-store.ts';
import { type ImportOptions, importPath } from '../../../src/disk/import/import.ts';
import { seededBytes, tempDir } from '../files.ts';

/** `a`, `sub/b`, and the given links. */
async function tree(links: Record<string, string>): Promise<string> {
  const root = join(await tempDir(), 'tree');
  await mkdir(join(root, 'sub'), { recursive: true });
  await writeFile(join(root, 'a'), seededBytes(40));
  await writeFile(join(root, 'sub/b'), seededBytes(50));
  for (const [path, target] of Object.entries(links)) await symlink(target, join(root, path));
  return root;
}

/** Shares the tree and fetches it. Resolves to the copy. */
async function copied(root: string, links: ImportOptions['links']): Promise<string> {
  const imported = await importPath(root, { links });
  const { dag, manifest: made } = imported;
  const { manifest } = await resolveManifest(made.root, async (cid) => dag.get(String(cid))!);
  const from = FileStore.share(imported);
  const target = join(await tempDir(), 'copy');
  // The second time all of it is there.
  for (let times = 0; times < 2; times++) {
    const store = await FileStore.download(manifest, target);
    for (let piece = 0; piece < manifest.geometry.pieceCount; piece++) {
      const bytes = await from.read(piece, 0, manifest.geometry.length(piece));
      expect(await store.write(piece, [bytes])).toBe(true);
    }
    await store.publish();
    expect(store.isPublished).toBe(true);
    await store.close();
  }
  await from.close();
  return target;
}

const names = async (path: string) => (await readdir(path, { recursive: true })).sort();

describe('a link in a shared directory', () => {
  it('is refused by name, and the words name the option', async () => {
    const root = await tree({ l: 'a' });
    await expect(importPath(root)).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: expect.stringMatching(/tree\/l: .*--links/),
    });
  });

  it('is left out', async () => {
    const root = await tree({ l: 'a', 'sub/out': '/etc', void: 'nothing', loop: '.' });
    expect(await names(await copied(root, 'skip'))).toEqual(['a', 'sub', 'sub/b']);
  });

  it('is followed, and a link in a circle or to nothing is refused by name', async () => {
    const root = await tree({ l: 'a', dir: 'sub' });
    const copy = await copied(root, 'follow');
    expect(await names(copy)).toEqual(['a', 'dir', 'dir/b', 'l', 'sub', 'sub/b']);
    expect(await readFile(join(copy, 'dir/b'))).toEqual(Buffer.from(seededBytes(50)));
    const bad = { 'sub/up': '..', 'sub/self': 'self', void: 'nothing' };
    for (const [path, to] of Object.entries(bad)) {
      const shared = importPath(await tree({ [path]: to }), { links: 'follow' });
      await expect(shared).rejects.toThrow(path);
    }
  });

  it('is kept', async () => {
    const root = await tree({
      l: 'a',
      'sub/up': '../a',
      dir: 'sub',
      'sub/void': 'nothing',
      o: '.',
    });
    const copy = await copied(root, 'keep');
    expect(await names(copy)).toEqual(await names(root));
    for (const name of ['l', 'sub/up', 'dir', 'sub/void', 'o'])
      expect(await readlink(join(copy, name))).toBe(await readlink(join(root, name)));
  });

  it.each(['/etc/passwd', '..', '../x', 'sub/../../x', 'a/..'])('is not kept to %s', async (to) => {
    const root = await tree({ l: to });
    await expect(importPath(root, { links: 'keep' })).rejects.toThrow('leads out');
  });
});

it.each([
  ['l', 'a', true],
  ['l', './a//b/', true],
  ['d/l', '..', true],
  ['d/l', '../a', true],
  ['d/e/l', '../../a', true],
  ['l', '', false],
  ['l', '..', false],
  ['d/l', '../../..', false],
  ['d/l', '../../d/x', false],
  // Where this leads depends on the link that `b` may be.
  ['l', 'b/../x', false],
  ['d/l', '.././../x', false],
  ['l', '/a', false],
  ['l', 'a\0', false],
  ['l', 'x'.repeat(4096), false],
])('a link %j to %j stays inside: %s', (path, target, inside) => {
  expect(staysInside(path, target)).toBe(inside);
});

it.each([['/etc/passwd'], ['../x'], [''], ['\ufffd'.repeat(2000)]])(
  "a remote's link to %j is refused",
  async (target) => {
    const blocks = new Map<string, Uint8Array>();
    const put = (node: UnixFS, Links: dagPb.PBLink[]): CID => {
      const block = dagPb.encode({ Data: node.marshal(), Links });
      blocks.set(String(dagPbCid(block)), block);
      return dagPbCid(block);
    };
    const link = put(new UnixFS({ type: 'symlink', data: Buffer.from(target) }), []);
    const entry = { Name: 'l', Hash: link, Tsize: 1 };
    const root = put(new UnixFS({ type: 'directory' }), [entry]);
    const got = resolveManifest(root, async (cid) => blocks.get(String(cid))!);
    await expect(got).rejects.toMatchObject({ code: 'ERR_MANIFEST' });
  },
);
