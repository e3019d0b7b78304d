// An entry that cannot be shared is left out and told, where the caller wants that; otherwise it is
// an error, as it is for the path itself.
import { execFileSync } from 'node:child_process';
import { appendFileSync, unlinkSync } from 'node:fs';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { type ImportOptions, importPath } from '../../../src/disk/import/import.ts';
import { LINUX, NO_ROOT, needs, POSIX } from '../../support/needs.ts';
import { seededBytes, tempDir, writeTree } from '../files.ts';

let root = '';

beforeEach(async () => {
  root = join(await tempDir(), 'tree');
  await writeTree(root, { a: seededBytes(100, 1), 'sub/b': seededBytes(200, 2) });
});

/** Imports, and tells what was left out, below the root. */
async function shared(options: ImportOptions = {}) {
  const leftOut: Record<string, string> = {};
  const onLeftOut = (path: string, reason: string): void => {
    leftOut[path.slice(root.length + 1)] = reason;
  };
  const { manifest, sources } = await importPath(root, { ...options, onLeftOut });
  expect(sources.map(({ path }) => path)).toEqual(
    manifest.files.map(({ path }) => join(root, path)),
  );
  return { leftOut, files: manifest.files.map(({ path }) => path), cid: String(manifest.root) };
}

it('tells nothing of a whole tree', async () => {
  const { manifest } = await importPath(root);
  expect(await shared()).toEqual({
    leftOut: {},
    files: ['a', 'sub/b'],
    cid: String(manifest.root),
  });
});

const kinds: [string, string, string, () => Promise<unknown>, ImportOptions?][] = [
  [
    'a pipe',
    'sub/x',
    'is a special file',
    async () => execFileSync('mkfifo', [join(root, 'sub', 'x')]),
  ],
  [
    'a link that leads nowhere',
    'sub/x',
    'no such file',
    () => symlink('void', join(root, 'sub/x')),
    { links: 'follow' },
  ],
  [
    'a link to itself',
    'x',
    'leads in a circle',
    () => symlink('x', join(root, 'x')),
    { links: 'follow' },
  ],
  [
    'a link to a directory above',
    'sub/x',
    'leads back to a directory above it',
    () => symlink('..', join(root, 'sub/x')),
    { links: 'follow' },
  ],
  [
    'a link out of the tree',
    'x',
    'leads out of what is shared',
    () => symlink('/etc/hosts', join(root, 'x')),
    { links: 'keep' },
  ],
];

it.each(kinds)('leaves out %s', needs(POSIX), async (_, path, reason, make, options) => {
  const whole = await shared(options);
  await make();
  await expect(importPath(root, options)).rejects.toThrow(reason);
  const { leftOut, ...rest } = await shared(options);
  expect(leftOut).toEqual({ [path]: expect.stringContaining(reason) });
  // The same as if it had never been there.
  expect({ leftOut: {}, ...rest }).toEqual(whole);
});

it('leaves out a name that is not UTF-8', needs(LINUX), async () => {
  await writeFile(Buffer.concat([Buffer.from(join(root, 'n')), Buffer.from([0xff])]), 'x');
  const { leftOut, files } = await shared();
  expect(Object.values(leftOut)).toEqual([expect.stringContaining('is not UTF-8')]);
  expect(files).toEqual(['a', 'sub/b']);
});

it('leaves out what may not be read: a file, a directory', needs(NO_ROOT), async () => {
  await chmod(join(root, 'a'), 0);
  await chmod(join(root, 'sub'), 0);
  const { leftOut, files } = await shared();
  expect(Object.keys(leftOut).sort()).toEqual(['a', 'sub']);
  expect(files).toEqual([]);
  await chmod(join(root, 'sub'), 0o700);
});

it('leaves out a file that grows, and one that goes, while the tree is hashed; progress is whole', async () => {
  await writeTree(root, { c: seededBytes(300, 3) });
  let told = 0;
  let total = 0;
  const onProgress = (bytes: number, all: number): void => {
    if (told === 0) {
      appendFileSync(join(root, 'sub/b'), 'more');
      unlinkSync(join(root, 'c'));
    }
    [told, total] = [bytes, all];
  };
  const { leftOut, files } = await shared({ onProgress });
  expect(Object.keys(leftOut).sort()).toEqual(['c', 'sub/b']);
  expect(files).toEqual(['a']);
  expect(told).toBe(total);
});

it('still refuses a link that nobody decided on, also deep inside', async () => {
  await mkdir(join(root, 'sub/deep'));
  await symlink('x', join(root, 'sub/deep/x'));
  await expect(shared()).rejects.toMatchObject({ code: 'ERR_USAGE' });
});

it('refuses a path that is bad itself', needs(POSIX), async () => {
  root = join(root, 'x');
  execFileSync('mkfifo', [root]);
  await expect(shared()).rejects.toThrow('is a special file');
  root = join(root, '..', 'void');
  await expect(shared()).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
});

it('a signal ends it, and is no reason to leave something out', async () => {
  const stopped = new Error('stopped');
  await expect(shared({ signal: AbortSignal.abort(stopped) })).rejects.toBe(stopped);
});
