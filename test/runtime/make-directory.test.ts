import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeDirectory } from '../../src/runtime/make-directory.ts';

async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'hubswarm-make-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

it('makes what is missing, and leaves what is there, also when several do', async () => {
  const dir = join(await scratch(), 'a', 'b', 'c');
  await Promise.all(Array.from({ length: 8 }, () => makeDirectory(dir, 0o700)));
  expect((await stat(dir)).isDirectory()).toBe(true);
  await makeDirectory(dir);
});

it('says what is in the way', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'file'), '');
  await expect(makeDirectory(join(dir, 'file'))).rejects.toMatchObject({ code: 'ERR_EXISTS' });
  await expect(makeDirectory(join(dir, 'file', 'below'))).rejects.toMatchObject({
    code: 'ERR_NOT_FOUND',
  });
});

it.skipIf(!existsSync('/proc/self'))('gives up in /proc (needs Linux)', async () => {
  await expect(makeDirectory('/proc/hubswarm/x')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
});
