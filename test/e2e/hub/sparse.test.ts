// A sparse file stays one on its way up to a hub and down from it.
import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startServer } from '../../client/hub.ts';
import { HOLES, needs } from '../../support/needs.ts';
import { run, scratch, sha256, start } from '../binary.ts';

const MIB = 2 ** 20;

async function sparseFile(path: string): Promise<string> {
  const handle = await open(path, 'w');
  await handle.write(Buffer.from('begin'), 0, 5, 0);
  await handle.write(Buffer.from('middle'), 0, 6, 20 * MIB + 12_345);
  await handle.truncate(64 * MIB + 1);
  await handle.close();
  return path;
}

async function expectSparse(path: string, as: string): Promise<void> {
  expect(await sha256(path)).toBe(await sha256(as));
  expect(await usedBytes(path)).toBeLessThan(2 * MIB);
}

const usedBytes = async (path: string): Promise<number> => (await stat(path)).blocks * 512;

it('stays sparse by PUT, a form, tus, and as a download', needs(HOLES, 'curl'), async () => {
  const [root, dir] = [await scratch(), await scratch()];
  const file = await sparseFile(join(dir, 'image'));
  const hub = start(['server', '--json', '--writable', '--port', '0', '--root', root]);
  const { addresses } = await hub.until('listening');
  const url = `${addresses[0]!}files/`;
  const curl = (...args: string[]) => execFileSync('curl', ['-sSf', ...args]);
  curl('-T', file, `${url}by-put`);
  curl('-F', `file=@${file};filename=by-form`, url);
  expect((await run(['client', 'put', file, `${url}by-tus`])).code).toBe(0);
  for (const name of ['by-put', 'by-form', 'by-tus']) {
    await expectSparse(join(root, name), file);
    const out = join(dir, name);
    expect((await run(['client', 'get', '-o', out, url + name])).code).toBe(0);
    await expectSparse(out, file);
  }
});

it('stays sparse from a server that names no pieces', needs(HOLES), async () => {
  const dir = await scratch();
  const file = await sparseFile(join(dir, 'image'));
  const plain = await startServer((_req, res) => createReadStream(file).pipe(res));
  const out = join(dir, 'out');
  expect((await run(['client', 'get', '-o', out, `${plain.origin}/image`])).code).toBe(0);
  await plain.close();
  await expectSparse(out, file);
});
