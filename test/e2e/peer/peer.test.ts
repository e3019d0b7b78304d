// Swarms of the built binary, as real processes on 127.0.0.1.
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { randomFile, run, scratch, start } from '../binary.ts';
import { fetcher, MIB, origin, sameBytes, verified } from '../swarm.ts';

describe('peer', () => {
  it('passes a file on from peer to peer, the origin gone before the second asks', async () => {
    const dir = await scratch();
    const first = await origin(dir, 3 * MIB);
    const middle = fetcher(dir, 'middle', first);
    const { path } = await middle.until('transfer_completed');
    await sameBytes(path, first.file);
    await first.peer.end();
    const { addresses } = await middle.until('listening');
    const last = fetcher(dir, 'last', { ...first, address: addresses[0]! }, '--linger', '0');
    expect(await last.exit).toBe(0);
    await sameBytes(join(dir, 'last', 'content.bin'), first.file);
  });

  it('finds a peer of this machine without being told its address', async () => {
    const dir = await scratch();
    const env = { XDG_DATA_HOME: dir };
    const file = await randomFile(join(dir, 'a file.bin'), MIB);
    const sharing = start(['peer', '--json', '--share', file], env);
    const { cid } = await sharing.until('file_shared');
    const out = join(dir, 'out');
    const getting = start(
      ['peer', '--json', '--join', '--get', cid, '--out', out, '--linger', '0'],
      env,
    );
    expect(await getting.exit).toBe(0);
    await sameBytes(join(out, 'a file.bin'), file);
  });

  it('finds by the DHT a peer that it was never told of', async () => {
    const dir = await scratch();
    // The only one whose address anybody knows has no file.
    const meeting = start(['peer', '--json', '--data', join(dir, 'meeting')]);
    const address = (await meeting.until('listening')).addresses[0]!;
    const file = await randomFile(join(dir, 'content.bin'), MIB);
    const data = ['--data', join(dir, 'origin')];
    const peer = start(['peer', '--json', ...data, '--join', address, '--share', file]);
    await peer.until('file_provided');
    const { cid } = await peer.until('file_shared');
    const last = fetcher(dir, 'out', { peer, address, cid, file }, '--linger', '0');
    expect(await last.exit).toBe(0);
    await sameBytes(join(dir, 'out', 'content.bin'), file);
  });

  it('fetches a directory, with empty files and empty directories', async () => {
    const dir = await scratch();
    const tree = join(dir, 'tree');
    await mkdir(join(tree, 'sub', 'empty'), { recursive: true });
    await randomFile(join(tree, 'big'), 300_000);
    await randomFile(join(tree, 'sub', 'ünïcode'), 10);
    await writeFile(join(tree, 'sub', 'nothing'), '');
    const data = join(dir, 'data');
    const sharing = start(['peer', '--json', '--data', data, '--share', tree]);
    const { addresses } = await sharing.until('listening');
    const { cid } = await sharing.until('file_shared');
    const getting = fetcher(
      dir,
      'out',
      { peer: sharing, address: addresses[0]!, cid, file: tree },
      '--linger',
      '0',
    );
    expect(await getting.exit).toBe(0);
    await sameBytes(join(dir, 'out', 'tree', 'big'), join(tree, 'big'));
    await sameBytes(join(dir, 'out', 'tree', 'sub', 'ünïcode'), join(tree, 'sub', 'ünïcode'));
    expect((await stat(join(dir, 'out', 'tree', 'sub', 'nothing'))).size).toBe(0);
    expect((await stat(join(dir, 'out', 'tree', 'sub', 'empty'))).isDirectory()).toBe(true);
  });

  it('lets all complete when the origin is killed as soon as each piece is with somebody', async () => {
    const dir = await scratch();
    const bytes = 2 * MIB;
    const first = await origin(dir, bytes, '--uplink', '1MiB/s');
    const { pieces } = await first.peer.until('file_shared');
    const names = ['a', 'b', 'c', 'd'];
    const peers = names.map((name) => fetcher(dir, name, first, '--uplink', '1MiB/s', '--hold'));
    // A peer that first calls when the origin is dead has nobody to ask.
    for (const peer of peers) await peer.until('held');
    for (const peer of peers) peer.child.stdin!.write('\n');
    const spread = new Set<number>();
    await Promise.race(
      peers.map((peer) =>
        peer.until('piece_verified', ({ piece }) => spread.add(piece).size === pieces),
      ),
    );
    await first.peer.end('SIGKILL');
    for (const peer of peers) await peer.until('transfer_completed');
    for (const name of names) await sameBytes(join(dir, name, 'content.bin'), first.file);
    const sent = first.peer.events.flatMap((e) => (e.event === 'link_counted' ? e.sentBytes : []));
    expect(sent.at(-1)).toBeLessThan(2 * bytes);
  });

  it('resumes after SIGKILL, again and again, without fetching verified pieces twice', async () => {
    const dir = await scratch();
    const first = await origin(dir, 16 * MIB);
    const wanted = new Set<number>();
    for (let kill = 0; kill < 10; kill++) {
      const peer = fetcher(dir, 'out', first, '--downlink', '4MiB/s');
      const started = await peer.until('transfer_started');
      expect(started.resumedBytes).toBeGreaterThanOrEqual(wanted.size * 64 * 1024);
      // Ten times at most six, and what comes before the kill hits: less than the 128 pieces.
      const after = 1 + Math.floor(Math.random() * 6);
      await peer.until('piece_verified', () => verified(peer).length >= after);
      await peer.end('SIGKILL');
      for (const piece of verified(peer)) {
        expect(wanted.has(piece)).toBe(false);
        wanted.add(piece);
      }
      expect((await readdir(join(dir, 'out'))).sort()).toEqual([
        expect.stringMatching(/^content\.bin\..{8}\.manifest$/),
        expect.stringMatching(/^content\.bin\..{8}\.part$/),
      ]);
    }
    const last = fetcher(dir, 'out', first, '--linger', '0');
    expect(await last.exit).toBe(0);
    await sameBytes(join(dir, 'out', 'content.bin'), first.file);
    expect(await readdir(join(dir, 'out'))).toEqual(['content.bin']);
  }, 60_000);

  it('gives up with one line when nobody has the file, and with exit code 124', async () => {
    const dir = await scratch();
    const first = await origin(dir, 1000);
    const cid = 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e';
    const peer = fetcher(dir, 'out', { ...first, cid }, '--timeout', '1');
    expect(await peer.exit).toBe(124);
    expect(peer.stderr).toMatch(/^hubswarm: gave up after 1 s .*nobody found who knows bafk.*\n$/);
  });

  it('stops on SIGTERM with exit code 0 and leaves no run file', async () => {
    const dir = await scratch();
    const first = await origin(dir, 1000);
    expect(await first.peer.end()).toBe(0);
    expect(await readdir(join(dir, 'origin', 'run'))).toEqual([]);
  });

  it('names the peer that answers where another one was meant', async () => {
    const dir = await scratch();
    const from = await origin(dir, 1000);
    const { peerId } = await from.peer.until('listening');
    const other = from.address.replace(
      /\w+$/,
      '12D3KooWEkLcxMK6dQujWiBjkSnXQQKpFH6YXXgfWVr4P7bSJ3eb',
    );
    const joining = fetcher(dir, 'copy', { ...from, address: other });
    expect((await joining.until('peers_awaited')).reason).toBe(
      `another peer answers there; if it is the one that is meant, the address ends with /p2p/${peerId}`,
    );
  });

  it.each([
    [['--get', 'nonsense'], /^hubswarm: --get: 'nonsense' .*CID/],
    [
      ['--join', 'localhost:4001'],
      /^hubswarm: --join: 'localhost:4001' .*give \/dns\/localhost\/tcp\/4001$/m,
    ],
    [['--join', '[::1]:4001'], /; give \/ip6\/::1\/tcp\/4001$/m],
    [['--listen', '5000'], /; give \/ip4\/0.0.0.0\/tcp\/5000$/m],
    [
      ['--join', '12D3KooWEkLcxMK6dQujWiBjkSnXQQKpFH6YXXgfWVr4P7bSJ3eb'],
      /; a PeerId does not say where; give its address, as in .*\/p2p\/12D3KooWEkL/,
    ],
    [['--port', '5000'], /--port: a peer has --listen; give --listen \/ip4\/0.0.0.0\/tcp\/5000$/m],
    [['--host', '::1'], /--host: a peer has --listen; give --listen \/ip6\/::1\/tcp\/0$/m],
    [['--listen', '/ip4/999.0.0.1/tcp/1'], /^hubswarm: --listen: /],
    [
      ['--picker', 'best'],
      /^hubswarm: --picker: 'best' is not known; give rarest, random or sequential$/m,
    ],
    [
      ['--choker', 'fair'],
      /^hubswarm: --choker: 'fair' is not known; give cooperative or tit-for-tat$/m,
    ],
    [['--uplink', 'fast'], /^hubswarm: --uplink: 'fast' is not a rate; .*, or auto/],
    [['--downlink', 'auto'], /^hubswarm: --downlink: 'auto' is not a rate/],
    [['--chunk-size', '3'], /^hubswarm: --chunk-size: 3 bytes is not accepted/],
    [['--linger', '5'], /^hubswarm: --linger: only goes with --get/],
    [['--frobnicate'], /^hubswarm: unknown option '--frobnicate'/],
  ])('refuses %j in one line, exit code 2, with nothing started', async (args, line) => {
    const { code, stdout, stderr } = await run(['peer', ...args]);
    expect(stderr).toMatch(line);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect([code, stdout]).toEqual([2, '']);
  });
});
