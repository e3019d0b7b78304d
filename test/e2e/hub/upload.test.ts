// The built client and hub: uploads that survive both ends' deaths, and what put -r
// moves.
import { randomInt } from 'node:crypto';
import { mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Running, randomFile, run, scratch, sha256, start } from '../binary.ts';

const MIB = 2 ** 20;

async function startHub(root: string, port = 0, ...args: string[]) {
  const server = start([
    'server',
    '--json',
    '--writable',
    '--root',
    root,
    '--port',
    String(port),
    ...args,
  ]);
  const { addresses } = await server.until('listening');
  return { server, url: addresses[0]!, port: Number(new URL(addresses[0]!).port) };
}

const visible = async (root: string): Promise<string[]> =>
  (await readdir(root, { recursive: true })).filter((name) => !name.startsWith('.')).sort();

describe('put', () => {
  it('goes on after ten deaths of either end, at any byte', async () => {
    const [dir, root, state] = [await scratch(), await scratch(), await scratch()];
    const file = await randomFile(join(dir, 'big.bin'), 48 * MIB + 7);
    let hub = await startHub(root);
    const send = (): Running =>
      start(['client', 'put', '--json', '--uplink', '24MiB/s', file, `${hub.url}files/in/`], {
        XDG_STATE_HOME: state,
      });
    let client = send();
    const resumed: number[] = [];
    let reached = 0;
    for (let deaths = 0; deaths < 10; deaths++) {
      const goal = Math.min(reached + randomInt(MIB, 4 * MIB), 46 * MIB);
      const seen = client.events.length;
      const isNew = (event: unknown) => client.events.indexOf(event as never) >= seen;
      const { bytes } = await client.until(
        'transfer_progressed',
        (event) => isNew(event) && event.bytes >= goal,
      );
      reached = Math.max(reached, bytes);
      if (randomInt(2) === 0) {
        await client.end('SIGKILL');
        client = send();
        resumed.push((await client.until('transfer_started')).resumedBytes);
      } else {
        await hub.server.end('SIGKILL');
        hub = await startHub(root, hub.port);
      }
    }
    expect(await client.exit).toBe(0);
    expect(await sha256(join(root, 'in/big.bin'))).toBe(await sha256(file));
    expect(await visible(root)).toEqual(['in', 'in/big.bin']);
    // Nothing that was on the disk is sent twice.
    expect(resumed).toEqual(resumed.toSorted((a, b) => a - b));
    if (resumed.length > 1) expect(resumed.at(-1)).toBeGreaterThan(0);
    expect(await readdir(join(state, 'hubswarm/uploads'))).toEqual([]);
  }, 90_000);

  it('creates what is not there, and says in one line what it may not do', async () => {
    const [dir, root] = [await scratch(), await scratch()];
    const file = await randomFile(join(dir, 'f'), 5 * MIB);
    const { url } = await startHub(root);
    const put = (...args: string[]) => run(['client', 'put', ...args]);
    const stored = await put('--if-absent', file, `${url}files/f`);
    expect(stored.code).toBe(0);
    expect(stored.stdout.split('\n')[0]).toBe(`${url}files/f`);
    const wrong: [string[], number, RegExp][] = [
      [['--if-absent', file, `${url}files/f`], 1, /412 Precondition Failed: .*has another file/],
      [[join(dir, 'none'), `${url}files/f`], 1, /none: no such file or directory/],
      [[dir, `${url}files/`], 2, /is a directory; -r sends it/],
      [['-r', file, `${url}files/`], 2, /is not a directory; leave -r out/],
      [['--delete', file, `${url}files/`], 2, /--delete: only goes with -r/],
      [['--timeout', '0', file, url], 2, /--timeout: '0' is not accepted/],
    ];
    for (const [args, code, line] of wrong) {
      const ended = await put('--quiet', ...args);
      expect([args, ended.code, ended.stdout]).toEqual([args, code, '']);
      expect(ended.stderr).toMatch(line);
      expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    }
  }, 30_000);

  it('-r moves only what changed, and deletes only when asked', async () => {
    const [dir, root] = [await scratch(), await scratch()];
    await mkdir(join(dir, 'sub/deep'), { recursive: true });
    await randomFile(join(dir, 'a.bin'), 6 * MIB);
    await writeFile(join(dir, 'sub/b c.txt'), 'one');
    await writeFile(join(dir, 'sub/deep/empty'), '');
    await writeFile(join(dir, '.hidden'), 'x');
    await symlink('a.bin', join(dir, 'link'));
    // Pieces of another length than the client would choose.
    const { server, url } = await startHub(root, 0, '--chunk-size', '16KiB');
    const put = (...args: string[]) =>
      run(['client', 'put', '-r', ...args, dir, `${url}files/tree`]);
    const first = await put();
    expect(first).toMatchObject({ code: 0, stdout: '3 sent, 0 unchanged, 0 deleted\n' });
    expect(first.stderr).toContain('.hidden: left out: hidden');
    const tree = ['tree', 'tree/a.bin', 'tree/sub', 'tree/sub/b c.txt'];
    const deep = ['tree/sub/deep', 'tree/sub/deep/empty'];
    expect(await visible(root)).toEqual([...tree, ...deep]);
    expect(await sha256(join(root, 'tree/a.bin'))).toBe(await sha256(join(dir, 'a.bin')));
    // A new time is no change; other bytes of the same size are.
    await utimes(join(dir, 'a.bin'), 1000, 1000);
    await writeFile(join(dir, 'sub/b c.txt'), 'two');
    await rm(join(dir, 'sub/deep'), { recursive: true });
    expect(await put()).toMatchObject({ code: 0, stdout: '1 sent, 1 unchanged, 0 deleted\n' });
    expect(await visible(root)).toEqual([...tree, ...deep]);
    expect(await put('--delete')).toMatchObject({ stdout: '0 sent, 2 unchanged, 2 deleted\n' });
    expect(await visible(root)).toEqual(tree);
    expect(await readFile(join(root, 'tree/sub/b c.txt'), 'utf8')).toBe('two');
    expect(server.events.filter(({ event }) => event === 'file_stored')).toHaveLength(4);
  }, 60_000);
});

describe('rm', () => {
  it('deletes files and empty directories of a hub', async () => {
    const root = await scratch();
    await mkdir(join(root, 'd'));
    await writeFile(join(root, 'd/f'), 'x');
    const { url } = await startHub(root);
    const full = await run(['client', 'rm', `${url}files/d`]);
    expect(full).toMatchObject({ code: 1, stderr: expect.stringContaining('is not empty') });
    expect(await run(['client', 'rm', `${url}files/d/f`, `${url}files/d`])).toMatchObject({
      code: 0,
    });
    expect(await visible(root)).toEqual([]);
    const gone = await run(['client', 'rm', `${url}files/d`]);
    expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('404 Not Found') });
  }, 20_000);
});
