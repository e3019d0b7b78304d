// What lies already where a hub's directory is mirrored to: other types of the same names,
// links that lead out, what others do there meanwhile. As rsync -a has it, and nothing is
// lost that was not named.
import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { getTree } from '../../../src/client/tree/get-tree.ts';
import { stagingName } from '../../../src/client/tree/staging-name.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { startHub } from '../../server/hub.ts';
import { NO_ROOT, needs } from '../../support/needs.ts';
import { removeTempDirs, tempDir } from '../hub.ts';
import { contents, write } from './trees.ts';

let served: string;
let local: string;
let url: URL;

beforeEach(async () => {
  served = await tempDir();
  local = await tempDir();
  const { running } = await startHub({ root: served });
  url = new URL('files/', running.url);
});
afterAll(removeTempDirs);

async function mirror({
  deleteExtras = false,
  onEvent,
}: {
  deleteExtras?: boolean;
  onEvent?: (event: Event) => void;
} = {}) {
  const events: Event[] = [];
  const differed = new Map<string, string>();
  let error: (Error & { code?: string }) | undefined;
  await getTree({
    url,
    directory: local,
    deleteExtras,
    timeoutMs: 1500,
    stdout: new Writable(),
    signal: new AbortController().signal,
    emit: (event) => {
      events.push(event);
      if (event.event === 'path_differed') differed.set(event.path, event.reason);
      onEvent?.(event);
    },
  }).catch((cause: Error) => {
    error = cause;
  });
  const removed = events.flatMap((each) => (each.event === 'file_removed' ? [each.path] : []));
  const fetched = events.flatMap((each) => (each.event === 'file_fetched' ? [each.path] : []));
  return { error, differed, removed, fetched, events };
}

describe('a directory that became a file', () => {
  beforeEach(async () => {
    await write(served, { rel: 'a file now' });
    await write(local, { 'rel/1': 'one', 'rel/rel': 'inner' });
  });

  it('is replaced with --delete, and not before the file is here', async () => {
    const got = await mirror({ deleteExtras: true });
    expect(got).toMatchObject({ error: undefined, removed: ['rel'] });
    expect(await contents(local)).toEqual({ rel: 'a file now' });
    const again = await mirror({ deleteExtras: true });
    expect(again).toMatchObject({ error: undefined, fetched: [], removed: [] });
  });

  it('stays without, is named, and the rest is mirrored', async () => {
    await write(served, { other: 'x' });
    const got = await mirror();
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect([...got.differed.keys()]).toEqual(['rel']);
    expect(got.differed.get('rel')).toContain('not empty; --delete replaces it');
    expect(await contents(local)).toEqual({
      other: 'x',
      rel: '/',
      'rel/1': 'one',
      'rel/rel': 'inner',
    });
  });

  it('is replaced without as well when it is empty', async () => {
    await rm(join(local, 'rel'), { recursive: true });
    await mkdir(join(local, 'rel'));
    expect((await mirror()).error).toBeUndefined();
    expect(await contents(local)).toEqual({ rel: 'a file now' });
  });

  it('stays when it holds what no hub lists', async () => {
    await write(local, { 'rel/deep/.git/HEAD': 'mine' });
    const got = await mirror({ deleteExtras: true });
    expect(got.differed.get('rel')).toContain('holds deep/.git, which is not removed');
    expect(await readFile(join(local, 'rel/deep/.git/HEAD'), 'utf8')).toBe('mine');
    expect(await readFile(join(local, 'rel/1'), 'utf8')).toBe('one');
  });

  it('is named when it is one of the directories that must be made', async () => {
    await write(served, { 'in/in': 'x' });
    await write(local, { 'in/in/in': 'y' });
    expect([...(await mirror()).differed.keys()].sort()).toEqual(['in/in', 'rel']);
  });
});

describe('a file that became a directory', () => {
  it.each([true, false])('is replaced (--delete: %s)', async (deleteExtras) => {
    await write(served, { 'rel/rel/rel': 'deep' });
    await write(local, { rel: 'a file' });
    const got = await mirror({ deleteExtras });
    expect(got).toMatchObject({ error: undefined, removed: ['rel'] });
    expect(await contents(local)).toEqual({ rel: '/', 'rel/rel': '/', 'rel/rel/rel': 'deep' });
  });
});

describe('a link', () => {
  let outside: string;
  beforeEach(async () => {
    outside = await tempDir();
    await write(outside, { 'a.txt': 'not yours', 'd/kept': 'x' });
  });

  it('of the name of a file or a directory is replaced, and not followed', async () => {
    await write(served, { 'a.txt': 'theirs', 'd/b': 'in', 'x/y/z': 'in', gone: 'g', same: 'x' });
    await mkdir(join(local, 'x'));
    await symlink(join(outside, 'a.txt'), join(local, 'a.txt'));
    await symlink(join(outside, 'd'), join(local, 'd'));
    await symlink('../..', join(local, 'x/y'));
    await symlink('none', join(local, 'gone'));
    // To the very bytes.
    await symlink(join(outside, 'd/kept'), join(local, 'same'));
    expect((await mirror({ deleteExtras: true })).error).toBeUndefined();
    expect(await contents(local)).toEqual(await contents(served));
    expect(await contents(outside)).toEqual({ 'a.txt': 'not yours', d: '/', 'd/kept': 'x' });
  });

  it('that the hub has not goes with --delete, and what it leads to stays', async () => {
    await symlink(outside, join(local, 'extra'));
    expect((await mirror()).error).toBeUndefined();
    expect(await readlink(join(local, 'extra'))).toBe(outside);
    expect((await mirror({ deleteExtras: true })).removed).toEqual(['extra']);
    expect(await contents(outside)).toEqual({ 'a.txt': 'not yours', d: '/', 'd/kept': 'x' });
  });

  it('in the place of what the program itself writes is not written through', async () => {
    await write(served, { 'a.txt': 'theirs' });
    const victim = join(outside, 'a.txt');
    const staging = stagingName('a.txt');
    const names = ['a.txt.part', staging, `${staging}.part`, `${staging}.part.json`];
    for (const name of [...names, '.hubswarm-mirror.json'])
      await symlink(victim, join(local, name));
    expect((await mirror()).error).toBeUndefined();
    expect(await readFile(victim, 'utf8')).toBe('not yours');
    expect(await readFile(join(local, 'a.txt'), 'utf8')).toBe('theirs');
    expect((await lstat(join(local, 'a.txt'))).isFile()).toBe(true);
  });

  it('nor is a hard link there', async () => {
    await write(served, { 'a.txt': 'theirs' });
    const victim = join(outside, 'a.txt');
    // As long as what comes, so that it would be taken for it.
    await writeFile(victim, 'theirs');
    await chmod(victim, 0o600);
    const staging = stagingName('a.txt');
    for (const name of [staging, `${staging}.part`]) await link(victim, join(local, name));
    expect((await mirror()).error).toBeUndefined();
    expect((await stat(victim)).ino).not.toBe((await stat(join(local, 'a.txt'))).ino);
    expect((await stat(victim)).mode & 0o777).toBe(0o600);
  });

  it('that is the directory itself is a place that a person gave', async () => {
    await write(served, { 'a.txt': 'theirs' });
    const place = local;
    local = join(await tempDir(), 'link');
    await symlink(place, local);
    expect((await mirror()).error).toBeUndefined();
    expect(await contents(place)).toEqual({ 'a.txt': 'theirs' });
  });

  it('that takes the place of a directory in the meantime is not followed', async () => {
    await write(served, { 'a/1': 'one', 'b/2': 'two', 'c/3': 'three' });
    let swapped: Promise<void> | undefined;
    const swap = async (): Promise<void> => {
      for (const name of ['a', 'b', 'c']) {
        await rename(join(local, name), join(local, `${name}-moved`));
        await symlink(outside, join(local, name));
      }
    };
    const got = await mirror({
      onEvent: ({ event }) => {
        if (event === 'transfer_started') swapped ??= swap();
      },
    });
    await swapped;
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect([...got.differed.keys()]).toEqual(expect.arrayContaining(['a', 'b', 'c']));
    expect(await contents(outside)).toEqual({ 'a.txt': 'not yours', d: '/', 'd/kept': 'x' });
  });
});

describe('names', () => {
  it('of every kind that a hub serves are names, and nothing else', async () => {
    const names = [
      '-',
      '~',
      'C:foo',
      '--delete',
      '%2e%2e',
      '%2F',
      'a?b#c&d',
      '*',
      '$HOME',
      ' ',
      'e ',
      'new\nline',
      'cr\r',
      '\x7f',
      '\x9b31m',
    ];
    const more = [
      '\u00fc',
      'u\u0308',
      'A',
      'a',
      '__proto__',
      'rel',
      'x'.repeat(255),
      'é'.repeat(127),
    ];
    for (const name of [...names, ...more]) {
      await write(served, { [name]: `file ${name}`, [`d/${name}/${name}`]: `inner ${name}` });
    }
    const got = await mirror({ deleteExtras: true });
    expect([...got.differed]).toEqual([]);
    expect(got.error).toBeUndefined();
    expect(await contents(local)).toEqual(await contents(served));
    const again = await mirror({ deleteExtras: true });
    expect(again).toMatchObject({ error: undefined, fetched: [], removed: [] });
  });

  it('that no hub lists are left alone and named', async () => {
    await write(local, { 'back\\slash': 'x', '.hidden': 'x', 'old/.hidden': 'x', 'old/seen': 'x' });
    const got = await mirror({ deleteExtras: true });
    expect(got.removed).toEqual(['old/seen']);
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect([...got.differed.keys()]).toEqual(['old']);
    const warned = got.events.flatMap((each) => (each.event === 'warned' ? [each.message] : []));
    expect(warned.sort()).toEqual([
      '.hidden: left alone: hidden',
      'back\\slash: left alone: a backslash is in its name',
      'old/.hidden: left alone: hidden',
    ]);
  });

  it('of partials that the hub has are files like others', async () => {
    await write(served, { x: 'x', 'x.part': 'p', 'x.part.json': '{}', 'x.abcdefgh.part': 'q' });
    expect((await mirror()).error).toBeUndefined();
    expect(await contents(local)).toEqual(await contents(served));
  });
});

describe('what lies there', () => {
  it(
    'and may not be read is left alone and named, the rest is mirrored',
    needs(NO_ROOT),
    async () => {
      await write(served, { a: '1', 'closed/f': '2', 'blind/f': '3', z: '4' });
      await write(local, { 'closed/old': 'x', 'blind/f': 'x', 'mine/f': 'x' });
      await chmod(join(local, 'closed'), 0);
      await chmod(join(local, 'blind'), 0o600);
      await chmod(join(local, 'mine'), 0);
      const got = await mirror({ deleteExtras: true });
      for (const name of ['closed', 'blind', 'mine']) await chmod(join(local, name), 0o700);
      expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
      expect([...got.differed.keys()].sort()).toEqual(['blind/f', 'closed/f', 'mine']);
      const kept = { 'blind/f': 'x', 'closed/old': 'x', 'mine/f': 'x' };
      expect(await contents(local)).toMatchObject({ a: '1', z: '4', ...kept });
    },
  );

  it('is a tree of a hundred directories in one another, and empty ones', async () => {
    const deep = Array(100).fill('d').join('/');
    await write(served, { [`${deep}/f`]: '' });
    await mkdir(join(served, 'none/none'), { recursive: true });
    expect((await mirror()).error).toBeUndefined();
    expect(await contents(local)).toEqual(await contents(served));
  });

  it('is compared by more than length and time', async () => {
    await write(served, { a: 'right' });
    await mirror();
    const { mtime } = await stat(join(local, 'a'));
    await writeFile(join(local, 'a'), 'wrong');
    await utimes(join(local, 'a'), mtime, mtime);
    expect((await mirror()).fetched).toEqual(['a']);
    expect(await contents(local)).toEqual({ a: 'right' });
  });

  it('is hashed where it is when nothing is known of it', async () => {
    await write(served, { a: 'right', b: 'right' });
    await write(local, { a: 'right', b: 'wrong' });
    expect((await mirror()).fetched).toEqual(['b']);
    expect(await contents(local)).toEqual({ a: 'right', b: 'right' });
  });

  it('keeps its mode when its bytes change, and its other names their bytes', async () => {
    await write(served, { a: 'new' });
    await write(local, { a: 'old' });
    await chmod(join(local, 'a'), 0o640);
    await link(join(local, 'a'), join(local, '.backup'));
    expect((await mirror()).error).toBeUndefined();
    expect((await stat(join(local, 'a'))).mode & 0o777).toBe(0o640);
    expect(await readFile(join(local, '.backup'), 'utf8')).toBe('old');
  });

  it('is named when somebody changes it in the meantime', async () => {
    await write(served, { a: 'right', b: 'right', z: 'right' });
    let meddled: Promise<unknown> | undefined;
    const got = await mirror({
      onEvent: (event) => {
        if (event.event !== 'file_fetched' || event.path !== 'a') return;
        meddled ??= writeFile(join(local, 'a'), 'wrong');
      },
    });
    await meddled;
    expect([...got.differed.keys()]).toEqual(['a']);
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect(await mirror()).toMatchObject({ error: undefined, fetched: ['a'] });
  });

  it('holds nothing that a broken-off run left, once all is here', async () => {
    await write(served, { a: 'x', 'd/b': 'x' });
    await write(local, {
      [`${stagingName('a')}.abcdefgh.part`]: 'y',
      [`old/${stagingName('gone')}.part`]: 'y',
    });
    const got = await mirror({ deleteExtras: true });
    expect(got).toMatchObject({ error: undefined, removed: ['old'] });
    const names = (await readdir(local, { recursive: true })).sort();
    expect(names).toEqual(['.hubswarm-mirror.json', 'a', 'd', 'd/b']);
  });
});
