// A name goes from a directory to a file, or back. A hub that is killed in the middle, or whose disk
// is full, has one of the two afterwards, whole.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { contents, write } from '../../client/tree/trees.ts';
import { MOUNTS, needs, TRACES } from '../../support/needs.ts';
import { randomFile, run, scratch, start } from '../binary.ts';

async function startHub(root: string) {
  const args = ['server', '--json', '--writable', '--port', '0', '--root', root];
  // With one thread the calls of the process are counted in one place.
  const hub = start(args, { UV_THREADPOOL_SIZE: '1' });
  const { addresses } = await hub.until('listening');
  return { hub, url: `${addresses[0]!}files/` };
}

/** Kills a process at its so manieth call of that name from now on. */
async function killAt(pid: number, call: string, count: number): Promise<void> {
  const inject = `inject=${call}:signal=KILL:when=${count}`;
  const args = ['-f', '-o', '/dev/null', '-e', inject, '-p', String(pid)];
  const tracer = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void tracer.kill());
  for await (const line of createInterface(tracer.stderr)) if (line.includes('attached')) return;
}

const put = (local: string, url: string) =>
  run(['client', 'put', '-r', '--delete', '--timeout', '2', local, url]);

const DIRECTORY = { 'd/a': 'one', 'd/sub/b': 'two', z: 'x' };
const FILE = { d: 'a file', z: 'x' };

/** Makes a tree with what its directories are. */
async function tree(files: Record<string, string>): Promise<Record<string, string>> {
  const directory = await scratch();
  await write(directory, files);
  return contents(directory);
}

describe.each([
  ['a directory to a file', DIRECTORY, FILE],
  ['a file to a directory', FILE, DIRECTORY],
])('%s', (_what, before, after) => {
  it.each(['rename', 'unlink', 'fsync'])(
    'is the one or the other when the hub is killed in any %s',
    needs('strace', TRACES),
    async (call) => {
      const local = await scratch();
      await write(local, after);
      const [old, wanted] = [await tree(before), await tree(after)];
      let kills = 0;
      for (let count = 1; count <= 20; count++) {
        const root = await scratch();
        await write(root, before);
        const traced = await startHub(root);
        await killAt(traced.hub.child.pid!, call, count);
        const { code } = await put(local, traced.url);
        await traced.hub.end('SIGKILL');
        if (code !== 0) kills += 1;
        const mended = await startHub(root);
        const found = await contents(root);
        // Of several files the first comes with its directory.
        expect([old.d, wanted.d]).toContain(found.d);
        if (old.d === '/' && found.d === '/') expect(found).toEqual(old);
        if (old.d !== '/' && found.d === '/')
          expect([found['d/a'], found['d/sub/b']]).toContainEqual(expect.any(String));
        expect((await put(local, mended.url)).code).toBe(0);
        expect(await contents(root)).toEqual(wanted);
        await mended.hub.end();
        const aside = join(root, '.hubswarm/handovers');
        expect(existsSync(aside) ? await readdir(aside) : []).toEqual([]);
        await rm(root, { recursive: true });
        if (code === 0) break;
      }
      expect(kills).toBeGreaterThan(0);
      expect(kills).toBeLessThan(20);
    },
  );
});

describe('on a disk that is full', () => {
  it.each([
    ['a directory stays', { 'd/a': 'one', 'd/sub/b': 'two' }, 'd'],
    ['a file stays', { d: 'one' }, 'd/large'],
  ])('%s', needs(MOUNTS), async (_what, before, large) => {
    const [root, local] = [await scratch(), await scratch()];
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'hubswarm-test', root]);
    expect(mounted.status).toBe(0);
    onTestFinished(() => void spawnSync('umount', [root]));
    await write(root, before);
    await write(local, { 'd/small': 'x' });
    if (large === 'd') await rm(join(local, 'd'), { recursive: true });
    await randomFile(join(local, large), 3 * 2 ** 20);
    const old = await contents(root);
    const { hub, url } = await startHub(root);
    const { code, stderr } = await put(local, url);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/507/);
    expect(await contents(root)).toEqual(old);
    await hub.end();
  });
});
