// What handovers of dead processes left below a root: nothing of it is removed that has no other copy.
import { existsSync } from 'node:fs';
import { lstat, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { DiskRoot } from '../../src/root/disk/disk-root.ts';
import { contents, write } from '../client/tree/trees.ts';
import { tempRoot } from '../server/hub.ts';

let root: string;
beforeEach(async () => {
  root = await tempRoot();
});

const aside = (id: string, name = 'old'): string => join(root, '.hubswarm/handovers', id, name);

/** Leaves a handover whose old thing, a directory with one file, is aside. */
async function leave(id: string, record: string | undefined): Promise<void> {
  await mkdir(aside(id), { recursive: true });
  await writeFile(join(aside(id), 'f'), id);
  if (record !== undefined) await writeFile(aside(id, 'place.json'), record);
}

/** Begins as a hub does, and resolves to its warnings. */
async function begin(writable = true): Promise<string[]> {
  const disk = await DiskRoot.at(root);
  const warnings: string[] = [];
  await disk.mend(writable, (message) => warnings.push(message));
  if (writable) await disk.removeLeftovers(AbortSignal.abort());
  return warnings;
}

const record = (place: readonly string[], inode = '1'): string => JSON.stringify({ place, inode });

describe('an old thing aside', () => {
  it('gets its name back, and its directory where that is gone', async () => {
    await leave('one', record(['s', 'p2']));
    expect(await begin()).toEqual([]);
    expect(await contents(root)).toEqual({ s: '/', 's/p2': '/', 's/p2/f': 'one' });
    expect(existsSync(aside('one', ''))).toBe(false);
  });

  it.each([
    ['something else has the name', record(['s', 'p2'])],
    ['the record of an earlier hub, and the name is taken', '["s","p2"]'],
    ['a file has the name of its directory', record(['s', 'p2', 'deeper'])],
    ['no record', undefined],
    ['a record cut short', '{"place":["s"'],
    ['a record of another shape', 'null'],
    ['no names', '[]'],
    ['a name above', record(['..', 'elsewhere'])],
    ['a name of several', record(['a/b'])],
    ['a name that is none', '{"place":[1]}'],
    ['a hidden name', record(['.hubswarm', 'x'])],
  ])('stays, and each start warns of it: %s', async (_what, text) => {
    await write(root, { 's/p2': 'anew' });
    await leave('one', text);
    for (const _start of [1, 2]) {
      expect(await begin()).toEqual([
        expect.stringContaining('.hubswarm/handovers/one/old is not put back'),
      ]);
      expect(await contents(root)).toEqual({ s: '/', 's/p2': 'anew' });
      expect(await readFile(join(aside('one'), 'f'), 'utf8')).toBe('one');
    }
  });

  it('goes when the very thing that was to take the name has it', async () => {
    await write(root, { d: 'new' });
    const { ino } = await lstat(join(root, 'd'));
    await leave('one', record(['d'], String(ino)));
    expect(await begin()).toEqual([]);
    expect(await contents(root)).toEqual({ d: 'new' });
    expect(existsSync(aside('one', ''))).toBe(false);
  });

  it('stays while that is aside too, and something else has the name', async () => {
    await leave('one', undefined);
    await writeFile(aside('one', 'new'), 'new');
    const { ino } = await lstat(aside('one', 'new'));
    await writeFile(aside('one', 'place.json'), record(['d'], String(ino)));
    await write(root, { d: 'another' });
    expect(await begin()).toHaveLength(1);
    expect(await readFile(join(aside('one'), 'f'), 'utf8')).toBe('one');
  });

  it('is put back later, when the name is free', async () => {
    await write(root, { d: 'anew' });
    await leave('one', record(['d']));
    expect(await begin()).toHaveLength(1);
    await rename(join(root, 'd'), join(root, 'e'));
    expect(await begin()).toEqual([]);
    expect(await contents(root)).toEqual({ d: '/', 'd/f': 'one', e: 'anew' });
  });

  it('is put back whatever becomes of others', async () => {
    for (const id of ['a', 'c', 'e']) await leave(id, '[]');
    for (const id of ['b', 'd', 'f']) await leave(id, record([id]));
    expect(await begin()).toHaveLength(3);
    expect(await contents(root)).toMatchObject({ 'b/f': 'b', 'd/f': 'd', 'f/f': 'f' });
    for (const id of ['a', 'c', 'e']) expect(existsSync(aside(id))).toBe(true);
  });

  it('waits where nothing may be written', async () => {
    await leave('one', record(['d']));
    expect(await begin(false)).toEqual([
      expect.stringContaining('.hubswarm/handovers/one/old waits to be put back'),
    ]);
    expect(await contents(root)).toEqual({});
    expect(await readFile(join(aside('one'), 'f'), 'utf8')).toBe('one');
  });
});
