import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { DirectoryNames } from '../../../src/hub/catalogue/directory-names.ts';
import { DiskRoot } from '../../../src/root/disk/disk-root.ts';
import type { Root, Version } from '../../../src/root/root.ts';
import { fileRefusal, Refusal } from '../../../src/runtime/refusal.ts';
import type { ArchiveEntry } from '../../../src/server/archive/archive-entry.ts';
import { walkArchive } from '../../../src/server/archive/archive-walk.ts';
import { MissingEntries } from '../../../src/server/archive/missing-entries.ts';
import { tarOf } from '../../../src/server/archive/tar-of.ts';
import { zipOf } from '../../../src/server/archive/zip-of.ts';
import { LINUX, needs } from '../../support/needs.ts';
import { startHub, tempRoot } from '../hub.ts';

const MIB = 2 ** 20;
const LONG = `${'long name '.repeat(20)}\u00fc.txt`;

/** A directory with what is to be packed, and what is not. */
async function tree(): Promise<{ root: string; files: Map<string, Buffer> }> {
  const root = await tempRoot();
  const outside = await tempRoot();
  const files = new Map([
    ['dir/a.txt', Buffer.from('a')],
    ['dir/empty', Buffer.alloc(0)],
    ['dir/sub/big.bin', randomBytes(2 * MIB + 77)],
    [`dir/sub/${LONG}`, Buffer.from('long')],
  ]);
  await mkdir(join(root, 'dir', 'sub'), { recursive: true });
  await mkdir(join(root, 'dir', 'void'));
  await mkdir(join(root, 'dir', '.secret'));
  for (const [path, bytes] of files) await writeFile(join(root, path), bytes);
  await writeFile(join(root, 'dir', '.hidden'), 'secret');
  await writeFile(join(outside, 'out'), 'secret');
  await symlink(join(outside, 'out'), join(root, 'dir', 'out'));
  await symlink(outside, join(root, 'dir', 'outdir'));
  await symlink('.', join(root, 'dir', 'loop'));
  await symlink('../dir', join(root, 'dir', 'sub', 'up'));
  await symlink('a.txt', join(root, 'dir', 'link'));
  files.set('dir/link', Buffer.from('a'));
  execFileSync('mkfifo', [join(root, 'dir', 'fifo')]);
  return { root, files };
}

async function untar(bytes: Buffer): Promise<{ names: string[]; files: Map<string, Buffer> }> {
  const names: string[] = [];
  const files = new Map<string, Buffer>();
  const reader = extract();
  reader.end(bytes);
  for await (const entry of reader) {
    names.push(entry.header.name);
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    if (entry.header.type === 'file') files.set(entry.header.name, Buffer.concat(chunks));
  }
  return { names, files };
}

/** Comparing the bytes themselves as lists of numbers takes half a minute. */
function hashes(files: ReadonlyMap<string, Buffer>): Record<string, string> {
  const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  return Object.fromEntries([...files].map(([path, bytes]) => [path, hash(bytes)]));
}

describe('GET /files/<dir>/?archive=', () => {
  it.each([
    ['zip', ['unzip', '-q']],
    ['tar', ['tar', 'xf']],
    ['tar.gz', ['tar', 'xzf']],
  ] as const)(
    '%s tells times, of directories too, and what can be run',
    needs(LINUX, 'unzip', 'tar'),
    async (format, [program, option]) => {
      const root = await tempRoot();
      const when = new Date('2001-02-03T04:05:06.000Z');
      await mkdir(join(root, 'd/e'), { recursive: true });
      for (const [name, mode] of [
        ['run', 0o4711],
        ['plain', 0o600],
      ] as const) {
        await writeFile(join(root, 'd', name), name);
        await chmod(join(root, 'd', name), mode);
        await utimes(join(root, 'd', name), when, when);
      }
      await chmod(join(root, 'd/e'), 0o700);
      for (const path of ['d/e', 'd']) await utimes(join(root, path), when, when);
      const hub = await startHub({ root });
      const to = await tempRoot();
      await writeFile(join(to, 'a'), (await hub.ask(`/files/d/?archive=${format}`)).body);
      execFileSync(program, [option, 'a'], { cwd: to });
      for (const [path, mode] of [
        ['d', 0o755],
        ['d/e', 0o755],
        ['d/run', 0o755],
        ['d/plain', 0o644],
      ] as const) {
        const stats = await stat(join(to, path));
        expect([path, stats.mode & 0o7777, stats.mtime]).toEqual([path, mode, when]);
      }
    },
  );

  it.each(['tar', 'tar.gz'])('%s packs what could be asked for, in order', async (format) => {
    const { root, files } = await tree();
    const hub = await startHub({ root });
    const answer = await hub.ask(`/files/dir/?archive=${format}`);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-disposition']).toBe(`attachment; filename=dir.${format}`);
    const found = await untar(format === 'tar' ? answer.body : gunzipSync(answer.body));
    const list = found.files.get('dir.missing.txt');
    expect(`${list}`).toBe('Missing in this archive: 1\ndir/loop: is the same directory as dir\n');
    expect(hashes(found.files)).toEqual(hashes(new Map([...files, ['dir.missing.txt', list!]])));
    expect(found.names).toEqual([
      'dir/',
      'dir/sub/',
      'dir/sub/big.bin',
      `dir/sub/${LONG}`,
      'dir/void/',
      'dir/a.txt',
      'dir/empty',
      'dir/link',
      'dir.missing.txt',
    ]);
    expect(await hub.until('request_completed')).toMatchObject({ whole: true });
  });

  it.each([
    ['/files/', 'files', ''],
    ['/files/real/', 'real', '/real'],
    ['/files/0-link/', '0-link', '/real'],
  ])('%s has directories under their real names, whatever sorts before', async (url, top, at) => {
    const root = await tempRoot();
    const below = `${root}${at}`;
    await mkdir(join(below, 'real/x'), { recursive: true });
    await writeFile(join(below, 'real/x/f'), '1');
    await symlink('real', join(root, '0-link'));
    await symlink('real', join(below, '1-link'));
    await symlink('real/x', join(below, '2'));
    await symlink('../..', join(below, 'real/x/back'));
    const hub = await startHub({ root });
    const answer = await hub.ask(`${url}?archive=tar`);
    const { files } = await untar(answer.body);
    const list = `${files.get(`${top}.missing.txt`)}`.split('\n').slice(1, -1);
    expect([...files.keys()]).toEqual([`${top}/real/x/f`, `${top}.missing.txt`]);
    expect(list).toContain(`${top}/1-link: is the same directory as ${top}/real`);
    expect(list).toContain(`${top}/2: is the same directory as ${top}/real/x`);
    expect(list).toContain(`${top}/real/x/back: is the same directory as ${top}`);
    expect(answer.trailers['missing-entries']).toBe(String(list.length));
  });

  it('has a directory beyond it under the first link, and tells the others', async () => {
    const root = await tempRoot();
    await mkdir(join(root, 'out/in'), { recursive: true });
    await mkdir(join(root, 'd'));
    await writeFile(join(root, 'out/in/f'), '1');
    for (const name of ['a', 'b']) await symlink('../out', join(root, 'd', name));
    await symlink('../out/in', join(root, 'd', 'c'));
    const hub = await startHub({ root });
    const { files } = await untar((await hub.ask('/files/d/?archive=tar')).body);
    expect([...files.keys()]).toEqual(['d/a/in/f', 'd.missing.txt']);
    expect(`${files.get('d.missing.txt')}`.split('\n').slice(1, -1)).toEqual([
      'd/b: is the same directory as d/a',
      'd/c: is the same directory as d/a/in',
    ]);
  });

  it('lists what is missing in a file that cannot be run', async () => {
    const { root } = await tree();
    const hub = await startHub({ root });
    const reader = extract();
    reader.end((await hub.ask('/files/dir/?archive=tar')).body);
    const modes = new Map<string, number | undefined>();
    for await (const entry of reader) {
      modes.set(entry.header.name, entry.header.mode);
      entry.resume();
    }
    expect(modes.get('dir.missing.txt')).toBe(0o644);
  });

  it('is the same archive each time', async () => {
    const { root } = await tree();
    const hub = await startHub({ root });
    const [one, two] = [await hub.ask('/files/?archive=tar'), await hub.ask('/files?archive=tar')];
    expect(one.body.equals(two.body)).toBe(true);
    expect(one.headers['content-disposition']).toBe('attachment; filename=files.tar');
  });

  it('zip passes unzip -t', needs('unzip'), async () => {
    const { root, files } = await tree();
    await utimes(join(root, 'dir', 'a.txt'), 1000, 1000);
    const hub = await startHub({ root });
    const answer = await hub.ask('/files/dir/?archive=zip');
    expect(answer.headers['content-type']).toBe('application/zip');
    const dir = await tempRoot();
    await writeFile(join(dir, 'dir.zip'), answer.body);
    execFileSync('unzip', ['-tq', join(dir, 'dir.zip')]);
    execFileSync('unzip', ['-q', join(dir, 'dir.zip'), '-d', dir]);
    for (const [path, bytes] of files) {
      expect((await readFile(join(dir, path))).equals(bytes)).toBe(true);
    }
    expect((await readdir(join(dir, 'dir'))).sort()).toEqual([
      'a.txt',
      'empty',
      'link',
      'sub',
      'void',
    ]);
  });

  it('answers HEAD without packing, and names what it can', async () => {
    const { root } = await tree();
    const hub = await startHub({ root });
    const head = await hub.ask('/files/dir/?archive=zip', { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers).toMatchObject({
      'content-type': 'application/zip',
      'accept-ranges': 'none',
    });
    const wrong = await hub.ask('/files/dir/?archive=rar');
    expect(wrong).toMatchObject({ status: 400, text: 'archive: give one of zip, tar, tar.gz\n' });
    expect((await hub.ask('/files/none/?archive=zip')).status).toBe(404);
    expect((await hub.ask('/files/dir/a.txt/?archive=zip')).status).toBe(404);
    expect((await hub.ask('/files/.hidden/?archive=zip')).status).toBe(404);
  });

  it.each(['zip', 'tar', 'tar.gz'])(
    '%s is cut off when a file changes under way',
    async (format) => {
      const hub = await startHub({ uplinkBytesPerSecond: MIB });
      await mkdir(join(hub.root, 'd'));
      const path = join(hub.root, 'd', 'f');
      await writeFile(path, randomBytes(4 * MIB));
      const answer = hub.ask(`/files/d/?archive=${format}`).catch((error: Error) => error);
      await hub.until('link_counted');
      await writeFile(path, randomBytes(4 * MIB));
      expect(await answer).toBeInstanceOf(Error);
      expect(await hub.until('request_completed')).toMatchObject({ whole: false });
      if (process.platform === 'linux') await expect.poll(() => openBelow(hub.root)).toEqual([]);
    },
  );

  it.each(['zip', 'tar', 'tar.gz'])(
    '%s for a client that leaves ends the walk and closes its files',
    needs(LINUX),
    async (format) => {
      const hub = await startHub({ uplinkBytesPerSecond: 4 * MIB });
      await mkdir(join(hub.root, 'd'));
      await writeFile(join(hub.root, 'd', 'f'), randomBytes(8 * MIB));
      const socket = hub.socket();
      socket.write(`GET /files/d/?archive=${format} HTTP/1.1\r\nHost: x\r\n\r\n`);
      socket.once('data', () => socket.destroy());
      await hub.until('request_completed', ({ whole }) => !whole);
      await expect.poll(() => openBelow(hub.root), { timeout: 5000 }).toEqual([]);
    },
  );
});

describe('entries that cannot be read', () => {
  /** Walks a tree in which opening some names fails so. */
  async function walked(failures: Record<string, unknown>, shows = (_: string) => true) {
    const path = await tempRoot();
    for (const name of ['d', 'e', 'z']) await mkdir(join(path, name));
    for (const name of ['a', 'd/b', 'e/c', 'z/y']) await writeFile(join(path, name), name);
    const disk = await DiskRoot.at(path);
    const open: Root['open'] = async (segments) => {
      const failure = failures[segments.join('/')];
      if (failure !== undefined) throw failure;
      return disk.open(segments);
    };
    const missing = new MissingEntries();
    const entries = walkArchive(
      {
        root: { open },
        directories: new DirectoryNames(),
        shows: (segments) => shows(segments.join('/')),
        missing,
        signal: new AbortController().signal,
      },
      [],
      'top',
    );
    const paths: string[] = [];
    let list = '';
    for await (const entry of missing.with(entries, 'top')) {
      paths.push(entry.path);
      if (entry.path.endsWith('.txt')) for await (const bytes of entry.chunks()) list += `${bytes}`;
    }
    return { paths, list: list.split('\n').slice(1, -1), count: missing.count };
  }
  const system = (code: string) => Object.assign(new Error(code), { code });

  it('are listed at the end, and the others are packed', async () => {
    const got = await walked({
      a: system('EIO'),
      d: fileRefusal(system('EACCES')),
      'e/c': fileRefusal(system('ENAMETOOLONG')),
    });
    expect(got.paths).toEqual(['top', 'top/e', 'top/z', 'top/z/y', 'top.missing.txt']);
    expect(got.list).toEqual([
      'top/d: this server may not access it',
      'top/e/c: a name is too long for the file system',
      'top/a: this server cannot read it',
    ]);
  });

  it('are not named to a caller who may not see them', async () => {
    const got = await walked({ d: fileRefusal(system('EACCES')) }, (path) => path !== 'd');
    expect(got).toMatchObject({ count: 0, list: [] });
  });

  it('are not those that nobody may have, or that are gone', async () => {
    const out = new Refusal('ERR_NOT_PERMITTED', 'a link leads out');
    const got = await walked({ a: out, d: fileRefusal(system('ENOENT')) });
    expect(got.paths).toEqual(['top', 'top/e', 'top/e/c', 'top/z', 'top/z/y']);
  });

  it('end the archive if the hub is out of descriptors', async () => {
    await expect(walked({ d: fileRefusal(system('EMFILE')) })).rejects.toMatchObject({
      code: 'ERR_BUSY',
    });
  });

  it.each(['zip', 'tar', 'tar.gz'])('are told by the %s, a trailer and the log', async (format) => {
    const hub = await startHub();
    await mkdir(join(hub.root, 'd'));
    await writeFile(join(hub.root, 'd', 'a'), 'a');
    await writeFile(Buffer.concat([Buffer.from(`${hub.root}/d/`), Buffer.from([0x62, 0xff])]), 'b');
    const { body, trailers } = await hub.ask(`/files/d/?archive=${format}`);
    expect(trailers['missing-entries']).toBe('1');
    const text = format === 'tar.gz' ? gunzipSync(body) : body;
    expect(text.includes('d.missing.txt')).toBe(true);
    expect(text.includes('d: names in it that no URL gives back: 1')).toBe(true);
    expect((await hub.until('warned')).message).toContain(
      '/files/d/: missing in the archive: 1; the first: d: ',
    );
    const socket = hub.socket();
    socket.end(`GET /files/d/?archive=${format} HTTP/1.0\r\nHost: x\r\n\r\n`);
    const old = Buffer.concat(await socket.toArray());
    expect(old.subarray(-body.length).equals(body)).toBe(true);
  });
});

describe('an entry of any date', () => {
  /** What a disk says of directories of those dates. */
  async function* dated(dates: readonly number[]): AsyncGenerator<ArchiveEntry> {
    for (const [index, modifiedMs] of dates.entries()) {
      const version: Version = {
        kind: 'directory',
        size: 4096,
        modifiedMs,
        stamp: '',
        settledMs: 0,
      };
      yield { path: `d${index}`, version, chunks: async function* () {} };
    }
  }
  const DATES = [
    Number.NEGATIVE_INFINITY,
    -(2 ** 63) * 1000,
    Date.UTC(1901, 0, 1),
    Date.UTC(2024, 1, 29),
    Date.UTC(2150, 0, 1),
    8.64e15 + 1,
    2 ** 63 * 1000,
  ];

  it.each([
    [
      zipOf,
      ['python3', '-m', 'zipfile', '-l'],
      ['1980', '1980', '1980', '2024', '2107', '2107', '2107'],
    ],
    [tarOf, ['tar', 'tvf'], ['1000', '1000', '1901', '2024', '2150', '9999', '9999']],
  ] as const)('%o is packed', needs('tar', 'python3'), async (pack, [program, ...args], years) => {
    const chunks: Uint8Array[] = [];
    for await (const bytes of pack(dated(DATES))) chunks.push(bytes);
    const path = join(await tempRoot(), 'archive');
    await writeFile(path, Buffer.concat(chunks));
    const text = execFileSync(program, [...args, path], {
      encoding: 'utf8',
      env: { TZ: 'UTC', PATH: process.env.PATH },
    });
    expect(text.match(/(?<= )[-\d]{4,}(?=-\d\d-\d\d )/g)).toEqual(years);
  });
});

/** Which files of this process are open below a directory. */
async function openBelow(root: string): Promise<string[]> {
  const targets = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  return targets.filter((target) => target.startsWith(join(root, 'd')));
}
