// Peers that name each other, started in any order and again: nobody has to be there first.

import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Running, randomFile, run, scratch, start } from '../binary.ts';
import { sameBytes } from '../swarm.ts';

const UNKNOWN = 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e';

/** Multiaddrs of this machine at which nobody listens yet. */
async function freeAddresses(count: number): Promise<string[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((done) => server.once('listening', done))));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports.map((port) => `/ip4/127.0.0.1/tcp/${port}`);
}

const peer = (dir: string, name: string, ...args: string[]): Running =>
  start(['peer', '--json', '--data', join(dir, name), ...args]);

/** Fetches the CID into `out` through one address, and ends. */
const startGetter = (dir: string, address: string, cid: string, out: string): Running =>
  peer(dir, 'get', '--join', address, '--get', cid, '--out', out, '--linger', '0');

const awaited = ({ events }: Running) => events.filter(({ event }) => event === 'peers_awaited');

/** The CID of a file, as its sharer will name it. */
const cidOf = async (file: string): Promise<string> =>
  (await run(['cid', file])).stdout.split(' ')[0]!.trim();

describe('peer --join', () => {
  it('waits for an address at which nobody listens yet, and says so once', async () => {
    const dir = await scratch();
    const file = await randomFile(join(dir, 'content'), 100_000);
    const cid = await cidOf(file);
    const [address] = await freeAddresses(1);
    const out = join(dir, 'out');
    const getter = startGetter(dir, address!, cid, out);
    expect(await getter.until('peers_awaited')).toMatchObject({
      lack: 'answer',
      addresses: [address],
      reason: 'nobody listens there',
    });
    peer(dir, 'share', '--listen', address!, '--share', file);
    expect(await getter.exit).toBe(0);
    await sameBytes(join(out, 'content'), file);
    expect(awaited(getter)).toHaveLength(1);
  });

  it('lets two name each other, whichever comes first', async () => {
    const dir = await scratch();
    const files = [
      await randomFile(join(dir, 'one'), 100_000),
      await randomFile(join(dir, 'two'), 100_000),
    ];
    const cids = await Promise.all(files.map(cidOf));
    const addresses = await freeAddresses(2);
    const both = [0, 1].map((self) => {
      const other = 1 - self;
      return peer(
        dir,
        `data-${self}`,
        ...['--listen', addresses[self]!, '--join', addresses[other]!],
        ...['--share', files[self]!, '--get', cids[other]!, '--out', join(dir, `out-${self}`)],
      );
    });
    for (const each of both) await each.until('transfer_completed');
    await sameBytes(join(dir, 'out-0', 'two'), files[1]!);
    await sameBytes(join(dir, 'out-1', 'one'), files[0]!);
  });

  it('finds a seed again when the one that both know restarts', { timeout: 60_000 }, async () => {
    const dir = await scratch();
    const file = await randomFile(join(dir, 'content'), 100_000);
    const [address] = await freeAddresses(1);
    const known = () => peer(dir, 'known', '--listen', address!);
    const first = known();
    await first.until('listening');
    const seed = peer(dir, 'seed', '--join', address!, '--share', file);
    const { cid } = await seed.until('file_shared');
    await seed.until('peer_connected');
    await first.end('SIGKILL');
    const out = join(dir, 'out');
    const getter = startGetter(dir, address!, cid, out);
    await Promise.all([getter.until('peers_awaited'), seed.until('peers_awaited')]);
    const second = known();
    await second.until('listening');
    // How soon it is called again: test/peer/discovery/joining.test.ts, on a clock of its own.
    await getter.until('transfer_completed');
  });

  it.each([
    ['/dns4/nobody.invalid/tcp/4001', 'no such host'],
    ['/ip4/127.0.0.1/tcp/1', 'nobody listens there'],
  ])('serves while %s does not answer: %s', async (nobody, reason) => {
    const dir = await scratch();
    const file = await randomFile(join(dir, 'content'), 100_000);
    // Nor does it need to tell the user's other peers of itself.
    await mkdir(join(dir, 'share'));
    await writeFile(join(dir, 'share', 'run'), 'not a directory');
    const sharer = peer(dir, 'share', '--join', nobody, '--share', file);
    const [address] = (await sharer.until('listening')).addresses;
    const { cid } = await sharer.until('file_shared');
    expect(await sharer.until('peers_awaited')).toMatchObject({ addresses: [nobody], reason });
    await sharer.until('warned', ({ message }) => message.includes('run'));
    const out = join(dir, 'out');
    const getter = startGetter(dir, address!, cid, out);
    expect(await getter.exit).toBe(0);
    expect(await sharer.end()).toBe(0);
  });

  it('gives up after --timeout, and not sooner', async () => {
    const dir = await scratch();
    const [address] = await freeAddresses(1);
    const wanted = ['--join', address!, '--get', UNKNOWN, '--timeout', '2'];
    const getter = peer(dir, 'get', ...wanted);
    expect(await getter.exit).toBe(124);
    expect(getter.stderr).toMatch(/^hubswarm: gave up after 2 s .*\n$/);
  });

  it.each([
    [
      ['--join', '/ip4/127.0.0.1/tcp/1'],
      /^waiting for \/ip4\/127\.0\.0\.1\/tcp\/1: nobody listens there; /m,
    ],
    [['--join'], /^waiting: no other peer runs on this machine.*--join MULTIADDR or --mdns/m],
    [[], /^waiting to be called: .*--join \[MULTIADDR\] or --mdns$/m],
  ])('says to a person what it waits for: %j', async (args, line) => {
    const dir = await scratch();
    const wanted = ['--get', UNKNOWN, '--timeout', '2', '--data', join(dir, 'data')];
    const { code, stderr } = await run(['peer', ...args, ...wanted]);
    expect(code).toBe(124);
    expect(stderr).toMatch(line);
    expect(stderr.match(/^waiting/gm)).toHaveLength(1);
  });
});
