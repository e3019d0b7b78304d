// What every root keeps to; each implementation's test runs this suite. The edge's cache, which
// has no directories of its own and takes no uploads, runs the part about open files.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readFully, readWhole, withOpen } from '../../src/root/opened.ts';
import type { OpenFile, Root } from '../../src/root/root.ts';
import { isSettled, settled } from '../../src/root/version.ts';
import {
  contentOf,
  type Files,
  listed,
  type MakeRoot,
  openDirectory,
  openFile,
  put,
  remove,
} from './root-steps.ts';
import { watchContract } from './root-watch.ts';
import { unfinishedContract } from './unfinished.ts';

/** Resolves to what opens one of the files. */
export type MakeFiles = (files: Files) => Promise<(path: string) => Promise<OpenFile>>;

/** An open file, whatever opens it: the edge's cache has these alone. */
export function openFileContract(make: MakeFiles): void {
  describe('an open file', () => {
    it('is read from anywhere, into the buffer of whoever reads', async () => {
      const bytes = randomBytes(3_000_000);
      const file = await (await make({ 'd/f': bytes }))('d/f');
      expect(file.place).toEqual(['d', 'f']);
      expect(file.version).toMatchObject({ kind: 'file', size: bytes.length });
      const part = Buffer.alloc(100_000);
      await readFully(file, part, 1_234_567);
      expect(part.equals(bytes.subarray(1_234_567, 1_334_567))).toBe(true);
      expect((await readWhole(file)).equals(bytes)).toBe(true);
      await file.close();
    });

    it('ends where its version ends', async () => {
      const file = await (await make({ f: Buffer.from('hello') }))('f');
      const into = Buffer.alloc(8);
      expect(await file.read(into, 3)).toBe(2);
      expect(into.subarray(0, 2).toString()).toBe('lo');
      expect(await file.read(into, 5)).toBe(0);
      await expect(readFully(file, into, 0)).rejects.toMatchObject({ code: 'ERR_SOURCE_CHANGED' });
      await file.close();
    });

    it('may be empty', async () => {
      const file = await (await make({ f: Buffer.alloc(0) }))('f');
      expect(file.version.size).toBe(0);
      expect(await file.read(Buffer.alloc(1), 0)).toBe(0);
      await file.close();
    });

    it('is current while nothing happens to it', async () => {
      const file = await (await make({ f: Buffer.from('hello') }))('f');
      await readWhole(file);
      expect(await file.isCurrent()).toBe(true);
      expect(await file.isUnchanged()).toBe(true);
      expect(await file.hasOnlyGrown()).toBe(true);
      await file.close();
    });

    it('is read by several at once', async () => {
      const bytes = randomBytes(1_000_000);
      const open = await make({ f: bytes });
      const files = await Promise.all([1, 2, 3].map(() => open('f')));
      const read = await Promise.all(files.map(readWhole));
      for (const each of read) expect(each.equals(bytes)).toBe(true);
      await files[0]!.close();
      const byte = Buffer.alloc(1);
      await readFully(files[1]!, byte, 7);
      expect(byte[0]).toBe(bytes[7]);
      for (const file of files.slice(1)) await file.close();
    });

    it('has a stamp that stays, and settles', async () => {
      const open = await make({ f: Buffer.from('hello') });
      const [first, second] = [await open('f'), await open('f')];
      await settled(first.version);
      expect(isSettled(first.version)).toBe(true);
      expect(second.version.stamp).toBe(first.version.stamp);
      await first.close();
      await second.close();
    });
  });
}

/** Directories, and files that come, change and go. @param watches whether it tells of changes */
export function rootContract(make: MakeRoot, { watches }: { readonly watches: boolean }): void {
  openFileContract(async (files) => {
    const root = await make(files);
    return (path) => openFile(root, path);
  });

  it('refuses a name that nothing has', async () => {
    const root = await make({ f: Buffer.from('x') });
    await expect(root.open(['g'])).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    await expect(root.open(['f', 'g'])).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
  });

  describe('a directory', () => {
    it('lists what is in it, and says what each name leads to', async () => {
      const root = await make({
        a: Buffer.from('x'),
        'd/b': Buffer.from('yy'),
        'd/e/c': Buffer.alloc(0),
      });
      expect(await listed(root, '')).toEqual([
        { name: 'a', kind: 'file', isLink: false },
        { name: 'd', kind: 'directory', isLink: false },
      ]);
      const directory = await openDirectory(root, 'd');
      expect(directory.place).toEqual(['d']);
      const found = await directory.look('b');
      expect(found).toMatchObject({ place: ['d', 'b'], isLink: false });
      expect(found?.version).toMatchObject({ kind: 'file', size: 2 });
      expect((await directory.look('e'))?.version.kind).toBe('directory');
      expect(await directory.look('missing')).toBeUndefined();
      await directory.close();
    });

    it('lists thousands of names', async () => {
      const names = Array.from({ length: 2500 }, (_, i) => `n${i}`).sort();
      const root = await make(Object.fromEntries(names.map((name) => [`d/${name}`, Buffer.of(1)])));
      expect((await listed(root, 'd')).map(({ name }) => name)).toEqual(names);
    });
  });

  describe('the stamp of a name', () => {
    it('is that of the file that has it', async () => {
      const root = await make({ 'd/f': Buffer.from('x') });
      const file = await openFile(root, 'd/f');
      expect(await root.stampAt(['d', 'f'])).toBe(file.version.stamp);
      expect(await root.stampAt(['d', 'g'])).toBeUndefined();
      expect(await root.stampAt(['d', 'f', 'g'])).toBeUndefined();
      await file.close();
    });

    it('changes with the file', async () => {
      const root = await make({ f: Buffer.from('one') });
      const file = await openFile(root, 'f');
      await settled(file.version);
      const stamp = await put(root, 'f', 'two');
      expect(stamp).not.toBe(file.version.stamp);
      expect(await root.stampAt(['f'])).toBe(stamp);
      await file.close();
    });
  });

  describe('a draft', () => {
    it('is seen by nobody before it is published, then whole', async () => {
      const root = await make({});
      const directory = await root.parentOf(['d', 'e', 'f'], true);
      const draft = await directory.draft('f');
      expect(draft.place).toEqual(['d', 'e', 'f']);
      await draft.write([Buffer.from('hel'), Buffer.from('lo ')], 0);
      await draft.write([Buffer.from('world')], 6);
      expect(await listed(root, 'd/e')).toEqual([]);
      await expect(root.open(['d', 'e', 'f'])).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
      const version = await draft.publish(undefined);
      expect(version).toMatchObject({ kind: 'file', size: 11 });
      await draft.close();
      await directory.close();
      expect(await root.stampAt(['d', 'e', 'f'])).toBe(version.stamp);
      expect(await contentOf(root, 'd/e/f')).toBe('hello world');
    });

    it('leaves nothing when it is closed without', async () => {
      const root = await make({ 'd/f': Buffer.from('old') });
      const directory = await root.parentOf(['d', 'f'], true);
      const draft = await directory.draft('f');
      await draft.write([Buffer.from('new')], 0);
      await draft.close();
      await directory.close();
      expect((await listed(root, 'd')).map(({ name }) => name)).toEqual(['f']);
      expect(await contentOf(root, 'd/f')).toBe('old');
    });

    it('replaces what has the name; whoever has that open goes on reading it', async () => {
      const root = await make({ f: Buffer.from('old') });
      const before = await openFile(root, 'f');
      await put(root, 'f', 'newer');
      expect((await readWhole(before)).toString()).toBe('old');
      expect(await before.isUnchanged()).toBe(true);
      await before.close();
      expect(await contentOf(root, 'f')).toBe('newer');
    });

    it('replaces one version only, where that is asked', async () => {
      const root = await make({ f: Buffer.from('old') });
      const before = await openFile(root, 'f');
      await settled(before.version);
      const { stamp } = before.version;
      await before.close();
      await put(root, 'f', 'second', { stamp });
      expect(await contentOf(root, 'f')).toBe('second');
      const refused = { code: 'ERR_PRECONDITION' };
      await expect(put(root, 'f', 'third', { stamp })).rejects.toMatchObject(refused);
      await expect(put(root, 'g', 'third', { stamp })).rejects.toMatchObject(refused);
      expect(await contentOf(root, 'f')).toBe('second');
      expect((await listed(root, '')).map(({ name }) => name)).toEqual(['f']);
    });

    it('replaces nothing, where that is asked: of many at once one is published', async () => {
      const root = await make({});
      const puts = Array.from({ length: 8 }, (_, i) => put(root, 'f', `${i}`, 'absent'));
      const ended = await Promise.allSettled(puts);
      const refused = ended.filter(({ status }) => status === 'rejected');
      expect(refused).toHaveLength(7);
      for (const each of refused) {
        expect(each).toMatchObject({ reason: { code: 'ERR_PRECONDITION' } });
      }
      const first = ended.findIndex(({ status }) => status === 'fulfilled');
      expect(await contentOf(root, 'f')).toBe(`${first}`);
    });

    it('does not replace a directory', async () => {
      const root = await make({ 'd/f': Buffer.from('x') });
      const refused = { code: 'ERR_CONFLICT' };
      await expect(put(root, 'd', 'y')).rejects.toMatchObject(refused);
      await expect(put(root, 'd/f/g', 'y')).rejects.toMatchObject(refused);
      expect(await contentOf(root, 'd/f')).toBe('x');
    });
  });

  describe('attributes', () => {
    const attributes = { modifiedMs: Date.parse('1999-09-09T09:09:09.250Z'), executable: true };

    it.each([['d', 'f'], ['d'], []])('are set of %j %j, by the stamp', async (...path) => {
      const root = await make({ 'd/f': Buffer.from('hello') });
      const before = await withOpen(root.open(path), async ({ version }) => version);
      await expect(root.setAttributes(path, attributes, 'other')).rejects.toMatchObject({
        code: 'ERR_PRECONDITION',
      });
      const { place, version } = await root.setAttributes(path, attributes, before.stamp);
      expect(place).toEqual(path);
      expect(version.modifiedMs).toBe(attributes.modifiedMs);
      expect(version.stamp).not.toBe(before.stamp);
      expect(await root.stampAt(path)).toBe(version.stamp);
      expect(await contentOf(root, 'd/f')).toBe('hello');
    });

    it('are refused of what is not there', async () => {
      const root = await make({ 'd/f': Buffer.from('hello') });
      await expect(root.setAttributes(['no'], attributes, '')).rejects.toMatchObject({
        code: 'ERR_NOT_FOUND',
      });
    });
  });

  describe('a removal', () => {
    it('frees the name and says how much room that made', async () => {
      const root = await make({ 'd/f': Buffer.from('12345'), 'd/g': Buffer.from('x') });
      expect(await remove(root, 'd/f')).toBe(5);
      expect((await listed(root, 'd')).map(({ name }) => name)).toEqual(['g']);
      await expect(remove(root, 'd/f')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
      await expect(remove(root, 'e/f')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    });

    it('takes no directory that holds something', async () => {
      const root = await make({ 'd/f': Buffer.from('x') });
      await expect(remove(root, 'd')).rejects.toMatchObject({ code: 'ERR_CONFLICT' });
      await remove(root, 'd/f');
      expect(
        await root.open(['d']).then(
          (d) => d.close().then(() => d.kind),
          () => 'gone',
        ),
      ).toMatch(/directory|gone/);
    });
  });

  describe('a name in another Unicode spelling', () => {
    const [composed, parted] = ['\u00e9\u1ebf.txt', 'e\u0301e\u0302\u0301.txt'];
    const spellings = [
      [composed, parted],
      [parted, composed],
    ] as const;

    it.each(spellings)('finds the file that is there: %j as %j', async (there, asked) => {
      const root = await make({ [`${there}/${there}`]: Buffer.from('x') });
      for (const path of [`${asked}/${asked}`, `${there}/${asked}`, `${asked}/${there}`]) {
        const file = await openFile(root, path);
        expect(file.place).toEqual([there, there]);
        expect(await root.stampAt(path.split('/'))).toBe(file.version.stamp);
        await file.close();
      }
      await put(root, `${asked}/${asked}`, 'new');
      expect((await listed(root, '')).map(({ name }) => name)).toEqual([there]);
      expect((await listed(root, there)).map(({ name }) => name)).toEqual([there]);
      expect(await contentOf(root, `${there}/${there}`)).toBe('new');
      await remove(root, `${asked}/${asked}`);
      expect(await listed(root, there)).toEqual([]);
    });

    it.each(spellings)('is another file where both are: %j, %j', async (one, other) => {
      const root = await make({ [one]: Buffer.from('1'), [other]: Buffer.from('2') });
      await put(root, other, '3');
      expect(await contentOf(root, one)).toBe('1');
      await remove(root, one);
      expect(await contentOf(root, one)).toBe('3');
    });

    it.each(spellings)('becomes another file where that is asked: %j, %j', async (one, other) => {
      const root = await make({ [one]: Buffer.from('1') });
      await put(root.asSpelled(), other, '2');
      expect(await contentOf(root, one)).toBe('1');
      expect(await contentOf(root, other)).toBe('2');
    });

    it('means none of two others', async () => {
      const [nfc, nfd, neither] = ['\u1ebf', 'e\u0302\u0301', '\u00ea\u0301'];
      const root = await make({ [nfc]: Buffer.from('1'), [nfd]: Buffer.from('2') });
      await expect(root.open([neither])).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
      await remove(root, nfd);
      expect(await contentOf(root, neither)).toBe('1');
    });

    it('is judged by the check as it is there', async () => {
      const root = await make({ [`${parted}/f`]: Buffer.from('x') });
      const checked = root.checkedBy((place) => {
        if (place[0] === parted) throw new Error('refused');
      });
      await expect(checked.open([composed, 'f'])).rejects.toThrow('refused');
      await expect(put(checked, `${composed}/g`, 'x')).rejects.toThrow('refused');
    });
  });

  describe('hidden names', () => {
    it('are there for nobody', async () => {
      const root = await make({
        'd/.hidden': Buffer.from('x'),
        '.e/f': Buffer.from('x'),
        'd/f': Buffer.from('x'),
      });
      expect((await listed(root, 'd')).map(({ name }) => name)).toEqual(['f']);
      expect((await listed(root, '')).map(({ name }) => name)).toEqual(['d']);
      const directory = await openDirectory(root, 'd');
      expect(await directory.look('.hidden')).toBeUndefined();
      await directory.close();
      await expect(root.open(['d', '.hidden'])).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
      await expect(root.open(['.e', 'f'])).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    });
  });

  describe('a root with a check', () => {
    class Refused extends Error {}
    const checked = (root: Root): Root =>
      root.checkedBy((place) => {
        if (place[0] === 'closed') throw new Refused();
      });

    it('opens nothing that the check refuses', async () => {
      const root = await make({ 'closed/f': Buffer.from('x'), f: Buffer.from('x') });
      await expect(checked(root).open(['closed', 'f'])).rejects.toThrow(Refused);
      await expect(checked(root).open(['closed'])).rejects.toThrow(Refused);
      const directory = await openDirectory(checked(root), '');
      expect(await directory.look('closed')).toBeUndefined();
      expect(await directory.look('f')).toBeDefined();
      await directory.close();
      await (await root.open(['closed', 'f'])).close();
    });

    it('makes and removes nothing there', async () => {
      const root = await make({ 'closed/f': Buffer.from('x') });
      await expect(put(checked(root), 'closed/g', 'x')).rejects.toThrow(Refused);
      await expect(put(checked(root), 'closed/new/g', 'x')).rejects.toThrow(Refused);
      await expect(remove(checked(root), 'closed/f')).rejects.toThrow(Refused);
      await expect(checked(root).checkNew(['closed', 'new', 'g'])).rejects.toThrow(Refused);
      await checked(root).checkNew(['open', 'new', 'g']);
      expect((await listed(root, 'closed')).map(({ name }) => name)).toEqual(['f']);
    });
  });

  it('can be read from, and is named', async () => {
    const [one, other] = [await make({}), await make({})];
    expect(await one.isReadable()).toBe(true);
    expect(one.id).not.toBe(other.id);
  });

  it('says how many bytes it stores, hidden ones too, but for drafts', async () => {
    const root = await make({ f: Buffer.from('12345'), 'd/.g': Buffer.from('123') });
    const directory = await root.parentOf(['h'], true);
    const draft = await directory.draft('h');
    await draft.write([Buffer.from('12')], 0);
    expect(await root.storedBytes()).toBe(8);
    await draft.publish(undefined);
    expect(await root.storedBytes()).toBe(10);
    await draft.close();
    await directory.close();
  });

  it('leaves a draft alone that is being written, and ends the search at the signal', async () => {
    const root = await make({ 'd/f': Buffer.from('old') });
    const directory = await root.parentOf(['d', 'f'], true);
    const draft = await directory.draft('f');
    await draft.write([Buffer.from('new')], 0);
    const ending = new AbortController();
    const removing = root.removeLeftovers(ending.signal);
    setImmediate(() => ending.abort());
    expect(await removing).toBeUndefined();
    expect(await contentOf(root, 'd/f')).toBe('old');
    await draft.publish(undefined);
    await draft.close();
    await directory.close();
    expect(await contentOf(root, 'd/f')).toBe('new');
  });

  describe('an unfinished upload', () => unfinishedContract(make));

  if (watches) describe('a watch', () => watchContract(make));
  else
    it('has no watch where nothing tells of changes', async () => {
      expect((await make({})).watch).toBeUndefined();
    });
}
