import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  generateFile,
  hashFile,
  inspectFile,
  packDirectory,
  placeFile,
} from '../../../src/lab/run/file.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hubswarm-lab-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

it('makes the same bytes from the same seed, and others from another', async () => {
  const bytes = 1024 * 1024 + 7;
  const hashes = [];
  for (const [name, seed] of [
    ['a', 1],
    ['b', 1],
    ['c', 2],
  ] as const) {
    await generateFile(join(dir, name), bytes, seed);
    hashes.push(await hashFile(join(dir, name)));
  }
  expect((await stat(join(dir, 'a'))).size).toBe(bytes);
  expect(hashes[0]).toBe(hashes[1]);
  expect(hashes[0]).not.toBe(hashes[2]);
});

it('puts a file alone into a directory without copying it', async () => {
  await writeFile(join(dir, 'neighbour'), 'secret');
  await writeFile(join(dir, 'a file'), 'shown');
  await placeFile(join(dir, 'a file'), join(dir, 'placed'));
  expect(await readdir(join(dir, 'placed'))).toEqual(['a file']);
  expect(await readFile(join(dir, 'placed', 'a file'), 'utf8')).toBe('shown');
  const [source, placed] = [
    await stat(join(dir, 'a file')),
    await stat(join(dir, 'placed/a file')),
  ];
  expect(placed.ino).toBe(source.ino);
});

it('takes a file with something in it, and says what else it was given', async () => {
  await writeFile(join(dir, 'full'), 'x');
  await writeFile(join(dir, 'empty'), '');
  expect(await inspectFile(join(dir, 'full'))).toEqual({ name: 'full', bytes: 1 });
  await expect(inspectFile(dir)).rejects.toThrow(/not a file with something in it/);
  await expect(inspectFile(join(dir, 'empty'))).rejects.toThrow(/not a file with something in it/);
  await expect(inspectFile(join(dir, 'gone'))).rejects.toThrow(/no such file/);
});

it('packs a directory into one archive, the same each time, and leaves a file as it is', async () => {
  await mkdir(join(dir, 'tree/sub'), { recursive: true });
  await writeFile(join(dir, 'tree/sub/leaf'), 'x');
  await mkdir(join(dir, 'once'));
  await mkdir(join(dir, 'twice'));
  const once = await packDirectory(join(dir, 'tree'), join(dir, 'once'));
  const twice = await packDirectory(`${dir}/tree/`, join(dir, 'twice'));
  expect(once).toBe(join(dir, 'once', 'tree.tar'));
  expect(await hashFile(once)).toBe(await hashFile(twice));
  expect((await readFile(once)).includes('tree/sub/leaf')).toBe(true);
  expect(await packDirectory(once, dir)).toBe(once);
  await expect(packDirectory(join(dir, 'gone'), dir)).rejects.toThrow(/no such file/);
});
