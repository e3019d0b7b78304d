// The contract, run on a directory, and what a disk alone has: links, FIFOs, swaps.

import { execFile } from 'node:child_process';
import {
  appendFile,
  chmod,
  mkdir,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DiskRoot } from '../../src/root/disk/disk-root.ts';
import { parentOf } from '../../src/root/disk/parent-of.ts';
import type { OpenFile } from '../../src/root/root.ts';
import { settled } from '../../src/root/version.ts';
import { rootContract } from '../contract/root.ts';
import type { Files } from '../contract/root-steps.ts';
import { tempRoot } from '../server/hub.ts';
import { LINUX, needs } from '../support/needs.ts';

async function makeDisk(files: Files): Promise<DiskRoot> {
  const path = await tempRoot();
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), bytes);
  }
  return DiskRoot.at(path);
}

describe('a root on the disk', () => rootContract(makeDisk, { watches: true }));

async function opened(root: DiskRoot, name: string): Promise<OpenFile> {
  const file = await root.open([name]);
  if (file.kind !== 'file') throw new Error(`${name}: is a directory`);
  await settled(file.version);
  return file;
}

describe('an open file on the disk', () => {
  it('is settled soon, also if the clock is set back meanwhile', async () => {
    const root = await makeDisk({ f: Buffer.from('one') });
    const file = await root.open(['f']);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
    onTestFinished(() => void vi.useRealTimers());
    await settled(file.version);
    await file.close();
  });

  it('is another version when it is written to, and when its date is put back', async () => {
    const root = await makeDisk({ f: Buffer.from('one') });
    const path = join(root.path, 'f');
    await utimes(path, 1000, 1000);
    const file = await opened(root, 'f');
    await writeFile(path, 'two');
    expect(await file.isUnchanged()).toBe(false);
    expect(await file.isCurrent()).toBe(false);
    await utimes(path, 1000, 1000);
    expect(await file.isUnchanged()).toBe(true);
    expect(await file.isCurrent()).toBe(false);
    await file.close();
  });

  it('has the same bytes under other names and rights', async () => {
    const root = await makeDisk({ f: Buffer.from('one') });
    const file = await opened(root, 'f');
    await chmod(join(root.path, 'f'), 0o600);
    await rename(join(root.path, 'f'), join(root.path, 'g'));
    expect(await file.isUnchanged()).toBe(true);
    expect(await file.isCurrent()).toBe(false);
    await rm(join(root.path, 'g'));
    expect(await file.isUnchanged()).toBe(true);
    await file.close();
  });

  it('may grow, and not shrink or be rewritten', async () => {
    const root = await makeDisk({ f: Buffer.from('hello'), g: Buffer.from('hello') });
    const [grows, shrinks] = [await opened(root, 'f'), await opened(root, 'g')];
    await appendFile(join(root.path, 'f'), ' world');
    expect(await grows.hasOnlyGrown()).toBe(true);
    expect(await grows.isUnchanged()).toBe(false);
    await utimes(join(root.path, 'f'), 1000, 1000);
    expect(await grows.hasOnlyGrown()).toBe(false);
    await truncate(join(root.path, 'g'), 3);
    expect(await shrinks.hasOnlyGrown()).toBe(false);
    await grows.close();
    await shrinks.close();
  });
});

describe('links on the disk', () => {
  it('are followed inside of the root, to the place where they lead', async () => {
    const root = await makeDisk({ 'd/f': Buffer.from('x') });
    await symlink('d', join(root.path, 'link'));
    await symlink('d/f', join(root.path, 'file'));
    await symlink('nothing', join(root.path, 'dead'));
    for (const names of [['link', 'f'], ['file']]) {
      const file = await root.open(names);
      expect(file.place).toEqual(['d', 'f']);
      await file.close();
    }
    const top = await root.parentOf(['any'], false);
    const entries = [];
    for await (const some of top.list()) entries.push(...some);
    expect(entries.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: 'd', kind: 'directory', isLink: false },
      { name: 'dead', kind: 'file', isLink: true },
      { name: 'file', kind: 'file', isLink: true },
      { name: 'link', kind: 'directory', isLink: true },
    ]);
    expect(await top.look('file')).toMatchObject({ place: ['d', 'f'], isLink: true });
    expect(await top.look('dead')).toBeUndefined();
    await top.close();
  });

  it('lead neither out of it nor to what is hidden', async () => {
    const root = await makeDisk({ '.hidden/f': Buffer.from('x') });
    const outside = await makeDisk({ f: Buffer.from('x') });
    await symlink(join(outside.path, 'f'), join(root.path, 'out'));
    await symlink(outside.path, join(root.path, 'beside'));
    await symlink('.hidden/f', join(root.path, 'in'));
    await expect(root.open(['out'])).rejects.toMatchObject({ code: 'ERR_NOT_PERMITTED' });
    await expect(root.open(['beside', 'f'])).rejects.toMatchObject({ code: 'ERR_NOT_PERMITTED' });
    await expect(root.open(['in'])).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    const refused = { code: 'ERR_NOT_PERMITTED' };
    await expect(root.parentOf(['beside', 'g'], true)).rejects.toMatchObject(refused);
    const top = await root.parentOf(['any'], false);
    for (const name of ['out', 'beside', 'in']) expect(await top.look(name)).toBeUndefined();
    await top.close();
    expect(await readdir(outside.path)).toEqual(['f']);
  });

  it('are replaced and removed themselves', async () => {
    const root = await makeDisk({ f: Buffer.from('one') });
    await symlink('f', join(root.path, 'link'));
    const before = await opened(root, 'link');
    await before.close();
    const top = await root.parentOf(['link'], false);
    const draft = await top.draft('link');
    await draft.write([Buffer.from('two')], 0);
    await draft.publish({ stamp: before.version.stamp });
    await draft.close();
    const after = await opened(root, 'link');
    expect(after.place).toEqual(['link']);
    await after.close();
    await symlink('f', join(root.path, 'other'));
    expect(await top.remove('other')).toBe(0);
    expect((await stat(join(root.path, 'f'))).size).toBe(3);
    await top.close();
  });
});

describe('a directory swapped for a link', needs(LINUX), () => {
  /** A root with `d`, and what puts a link to a directory outside in its place. */
  async function swappable() {
    const root = await makeDisk({ 'd/plain': Buffer.from('plain') });
    const outside = await makeDisk({ secret: Buffer.from('secret') });
    const swap = async (): Promise<void> => {
      await rename(join(root.path, 'd'), join(root.path, 'aside'));
      await symlink(outside.path, join(root.path, 'd'));
    };
    return { root, outside, swap };
  }

  it('has nothing made where the link leads', async () => {
    const { root, outside, swap } = await swappable();
    const swapping = {
      open: async (segments: readonly string[], beyond: readonly string[]) => {
        const found = await root.open(segments, beyond);
        if (segments.join('/') === 'd') await swap();
        return found;
      },
    };
    await expect(parentOf(swapping, ['d', 'new', 'deep', 'f'], true)).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
    });
    expect(await readdir(outside.path)).toEqual(['secret']);
    expect(await readdir(join(root.path, 'aside'))).toEqual(['new', 'plain']);
  });

  it('is the one that was opened: listed, looked at, written to and removed from', async () => {
    const { root, outside, swap } = await swappable();
    const directory = await root.parentOf(['d', 'f'], false);
    await swap();
    for await (const some of directory.list()) {
      expect(some.map(({ name }) => name)).toEqual(['plain']);
    }
    expect(await directory.look('secret')).toBeUndefined();
    const draft = await directory.draft('f');
    await draft.write([Buffer.from('x')], 0);
    await draft.publish('absent');
    await draft.close();
    expect(await readdir(join(root.path, 'aside'))).toEqual(['f', 'plain']);
    await directory.remove('f');
    await expect(directory.remove('secret')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    await directory.close();
    expect(await readdir(outside.path)).toEqual(['secret']);
  });
});

describe('what is no file', needs(LINUX), () => {
  it('is refused at once, and listed as such', async () => {
    const root = await makeDisk({});
    await promisify(execFile)('mkfifo', [join(root.path, 'pipe')]);
    await expect(root.open(['pipe'])).rejects.toMatchObject({ code: 'ERR_NOT_PERMITTED' });
    const top = await root.parentOf(['pipe'], false);
    for await (const some of top.list()) {
      expect(some).toEqual([{ name: 'pipe', kind: 'other', isLink: false }]);
    }
    expect(await top.look('pipe')).toBeUndefined();
    const draft = await top.draft('pipe');
    await expect(draft.publish(undefined)).rejects.toMatchObject({ code: 'ERR_CONFLICT' });
    await draft.close();
    await top.close();
  });
});
