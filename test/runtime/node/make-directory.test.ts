import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { makeDirectory } from '../../../src/runtime/node/make-directory.ts';
import { LINUX, needs } from '../../support/needs.ts';

async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'hubswarm-make-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

it('makes what is missing, and leaves what is there, also when several do', async () => {
  const root = await scratch();
  for (let round = 0; round < 50; round++) {
    const dir = join(root, String(round), 'b', 'c');
    // One after the other, so that each finds another part of it there.
    const makers = Array.from({ length: 8 }, async (_, i) => {
      for (let turn = 0; turn < i; turn++) await setImmediate();
      await makeDirectory(dir, 0o700);
    });
    await Promise.all(makers);
    expect((await stat(dir)).isDirectory()).toBe(true);
    await makeDirectory(dir);
  }
});

it('says what is in the way', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'file'), '');
  await expect(makeDirectory(join(dir, 'file'))).rejects.toMatchObject({ code: 'ERR_EXISTS' });
  await expect(makeDirectory(join(dir, 'file', 'below'))).rejects.toMatchObject({
    code: 'ERR_NOT_FOUND',
  });
});

it('gives up in /proc', needs(LINUX), async () => {
  await expect(makeDirectory('/proc/hubswarm/x')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
});
