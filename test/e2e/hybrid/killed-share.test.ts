// What a share of standard input leaves when its process is killed: somebody's text, in the system's
// place for temporary files.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratch, start } from '../binary.ts';

it('removes what a killed share left, once another needs such a place', {
  timeout: 180_000,
}, async () => {
  const [dir, place] = [await scratch(), await scratch()];
  const share = (user: string) =>
    start(['share', '--json', '--text', user, '--data', join(dir, user)], { TMPDIR: place });
  const killed = share('killed');
  await killed.until('file_shared');
  const [left] = await readdir(place);
  const living = share('living');
  await living.until('file_shared');
  expect(await readdir(place)).toContain(left);
  await killed.end('SIGKILL');
  const next = share('next');
  await next.until('file_shared');
  await expect.poll(() => readdir(place), { timeout: 30_000 }).not.toContain(left);
  await expect.poll(() => readdir(place), { timeout: 30_000 }).toHaveLength(2);
  for (const each of [living, next]) expect(await each.end()).toBe(0);
  await expect.poll(() => readdir(place), { timeout: 30_000 }).toEqual([]);
});
