// The built binary as an edge: clients behind it, its origin killed, options refused.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Running, randomFile, run, scratch, sha256, start } from './binary.ts';

const MIB = 2 ** 20;

async function serve(...args: string[]): Promise<{ server: Running; url: string }> {
  const server = start(['server', '--json', '--port', '0', ...args]);
  const { addresses } = await server.until('listening');
  return { server, url: addresses[0]! };
}

const sentBytes = ({ events }: Running): number =>
  Math.max(0, ...events.map((event) => (event.event === 'link_counted' ? event.sentBytes : 0)));

describe('server --cache', () => {
  it('costs its origin one copy for many clients, and goes on without it', async () => {
    const root = await scratch();
    const source = await randomFile(join(root, 'f.bin'), 16 * MIB + 3);
    const origin = await serve('--root', root);
    const edge = await serve('--cache', origin.url, '--cache-dir', await scratch());
    const target = await scratch();
    const get = (name: string) =>
      run(['client', 'get', '--json', `${edge.url}files/f.bin`, '-o', join(target, name)]);
    const clients = await Promise.all(['1', '2', '3', '4', '5'].map(get));
    expect(clients.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    await edge.server.until('file_cached');
    await origin.server.end('SIGKILL');
    expect(sentBytes(origin.server)).toBeLessThan(16 * MIB + 64 * 1024);
    const later = await get('later');
    expect(later.code).toBe(0);
    // Pieces, each held against its CID, and not bytes taken on trust.
    expect(later.stdout).toContain('"verified":true');
    const sum = await sha256(source);
    for (const name of await readdir(target)) expect(await sha256(join(target, name))).toBe(sum);
    expect(await edge.server.end()).toBe(0);
  });

  it('goes on where it was killed', async () => {
    const root = await scratch();
    const source = await randomFile(join(root, 'f.bin'), 24 * MIB);
    const origin = await serve('--root', root, '--uplink', '16MiB/s');
    const directory = await scratch();
    const first = await serve('--cache', origin.url, '--cache-dir', directory);
    const target = join(await scratch(), 'f');
    const cut = start(['client', 'get', '--json', `${first.url}files/f.bin`, '-o', target]);
    await first.server.until('link_counted', ({ sentBytes }) => sentBytes > 8 * MIB);
    await first.server.end('SIGKILL');
    await cut.end('SIGKILL');
    const second = await serve('--cache', origin.url, '--cache-dir', directory);
    const got = await run(['client', 'get', `${second.url}files/f.bin`, '-o', target, '--quiet']);
    expect(got).toMatchObject({ code: 0, stderr: '' });
    expect((await readFile(target)).equals(await readFile(source))).toBe(true);
    await origin.server.end();
    // What was under way when it was killed: two runs, and what sockets held.
    expect(sentBytes(origin.server)).toBeLessThan(24 * MIB + 14 * MIB);
  });

  it('says in one line what is wrong', async () => {
    const wrong: [string[], number, RegExp][] = [
      [['--cache', 'ftp://127.0.0.1/'], 2, /has the scheme 'ftp:'/],
      [['--cache', 'http://127.0.0.1:1/files/'], 2, /--cache: '.*' is not accepted; give the addr/],
      [['--cache-size', '1GiB'], 2, /--cache-size: is of no use alone; give --cache as well/],
      [['--cache', 'http://127.0.0.1:1/', '--writable'], 2, /--writable: cannot be given with/],
      [['--cache', 'http://127.0.0.1:1/', '--cache-size', 'big'], 2, /--cache-size: 'big' is not/],
      [
        ['--cache', 'http://127.0.0.1:1/', '--cache-dir', '/dev/null/x'],
        1,
        /\/dev\/null\/x.*: not a directory/,
      ],
    ];
    for (const [args, code, line] of wrong) {
      const ended = await run(['server', '--port', '0', ...args]);
      expect(ended).toMatchObject({ code, stdout: '' });
      expect(ended.stderr).toMatch(line);
      expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    }
  });
});
