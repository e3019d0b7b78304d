// The built binary as an edge: clients behind it, its origin killed, options refused.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Running, randomFile, run, scratch, sha256, start } from '../binary.ts';

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

  it('opens its origin with a token, and holds its directory alone', async () => {
    const root = await scratch();
    const source = await randomFile(join(root, 'f.bin'), 3 * MIB);
    const keyFile = join(await scratch(), 'key.jwk');
    const { stdout } = await run(['token', '--key', keyFile]);
    const origin = await serve('--root', root, '--token-key', keyFile);
    const directory = await scratch();
    const args = ['server', '--json', '--port', '0', '--cache', origin.url];
    const edge = start([...args, '--cache-dir', directory], {
      HUBSWARM_CACHE_TOKEN: stdout.trim(),
    });
    const { addresses } = await edge.until('listening');
    const target = join(await scratch(), 'f');
    const got = await run(['client', 'get', `${addresses[0]}files/f.bin`, '-o', target, '--quiet']);
    expect(got).toMatchObject({ code: 0, stderr: '' });
    expect(await sha256(target)).toBe(await sha256(source));
    const second = await run(['server', '--port', '0', ...args.slice(4), '--cache-dir', directory]);
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toMatch(/^hubswarm: --cache-dir: .* is used by another edge.*\n$/);
    const warned = async (...more: string[]): Promise<string[]> => {
      const token = ['--cache-token', stdout.trim(), '--cache-dir', await scratch()];
      const open = start([...args, ...token, ...more]);
      await open.until('listening');
      await open.end();
      return open.events.flatMap((event) => (event.event === 'warned' ? [event.message] : []));
    };
    const everybody = /^anyone who reaches this edge reads .*; give --token-key here, too$/;
    expect(await warned('--host', '0.0.0.0')).toEqual([expect.stringMatching(everybody)]);
    expect(await warned()).toEqual([]);
    const asked = await warned('--host', '0.0.0.0', '--token-key', keyFile);
    expect(asked.join()).not.toMatch(everybody);
  });

  it('says in one line what is wrong', async () => {
    const wrong: [string[], number, RegExp][] = [
      [['--cache', 'ftp://127.0.0.1/'], 2, /has the scheme 'ftp:'/],
      [['--cache', 'http://127.0.0.1:1/files/'], 2, /--cache: '.*' is not accepted; give the addr/],
      [['--cache-size', '1GiB'], 2, /--cache-size: is of no use alone; give --cache as well/],
      [['--cache-token', 'x'], 2, /--cache-token: is of no use alone/],
      [
        ['--cache', 'http://127.0.0.1:1/', '--cache-token', 'a b'],
        2,
        /--cache-token: what was given/,
      ],
      [
        ['--cache', 'https://127.0.0.1:1/', '--cache-fingerprint', 'ab'],
        2,
        /--cache-fingerprint: 'ab' is no/,
      ],
      [
        ['--cache', 'http://127.0.0.1:1/', '--cache-fingerprint', '0'.repeat(64)],
        2,
        /--cache-fingerprint: no https/,
      ],
      [
        ['--cache', 'http://127.0.0.1:1/', '--cache-cacert', 'package.json'],
        2,
        /--cache-cacert: .*PEM/,
      ],
      [
        ['--cache', 'http://127.0.0.1:1/', '--cache-cacert', '/dev/null'],
        2,
        /--cache-cacert: .*is not a regular file/,
      ],
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
