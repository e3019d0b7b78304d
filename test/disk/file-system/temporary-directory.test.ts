import { existsSync } from 'node:fs';
import { mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withTemporaryDirectory } from '../../../src/disk/file-system/temporary-directory.ts';
import { scratch } from '../../e2e/binary.ts';

let place: string;

beforeEach(async () => {
  place = await scratch();
  vi.stubEnv('TMPDIR', place);
});
afterEach(() => vi.unstubAllEnvs());

test('is empty, and gone afterwards, however that was', async () => {
  const used = withTemporaryDirectory(async (path) => {
    expect(await readdir(path)).toEqual([]);
    await writeFile(join(path, 'lock-1'), 'a name as any other');
    throw new Error('failed');
  });
  await expect(used).rejects.toThrow('failed');
  expect(await readdir(place)).toEqual([]);
});

test('the next one removes what was left, and nothing else', async () => {
  const kept = ['hubswarm-compare-x', 'hubswarm-temporary-link', 'hubswarm-temporary-young'];
  const left = join(place, 'hubswarm-temporary-left');
  for (const name of [kept[0]!, kept[2]!]) await mkdir(join(place, name));
  await symlink(join(place, kept[0]!), join(place, kept[1]!));
  await mkdir(left);
  await utimes(left, 1, 1);
  await withTemporaryDirectory(async (held) => {
    await expect.poll(() => existsSync(left)).toBe(false);
    await withTemporaryDirectory(async () => undefined);
    expect(await readdir(held)).toEqual([]);
  });
  expect((await readdir(place)).sort()).toEqual(kept);
});
