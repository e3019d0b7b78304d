// A hub that is a peer, and peers that know nothing but its URL: the built binary on 127.0.0.1.
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Running, randomFile, scratch, start } from '../binary.ts';
import { MIB, sameBytes, untilVerified, verified } from '../swarm.ts';

const CAP = 2 * MIB;

interface Hub {
  readonly dir: string;
  readonly root: string;
  readonly file: string;
  readonly running: Running;
  readonly url: string;
  readonly cid: string;
}

function startHub(dir: string, port: string, ...args: string[]): Running {
  const swarm = ['--swarm', '--swarm-data', join(dir, 'identity')];
  return start(['server', join(dir, 'root'), '--json', '--port', port, ...swarm, ...args]);
}

async function hub(bytes: number, ...args: string[]): Promise<Hub> {
  const dir = await scratch();
  const root = join(dir, 'root');
  await mkdir(root);
  const file = await randomFile(join(root, 'content.bin'), bytes);
  const running = startHub(dir, '0', '--catalogue', 'none', ...args);
  const { addresses } = await running.until('listening', ({ role }) => role === 'server');
  await running.until('catalogue_completed');
  const url = addresses[0]!;
  const { headers } = await fetch(`${url}files/content.bin`, { method: 'HEAD' });
  return { dir, root, file, running, url, cid: headers.get('x-ipfs-roots')! };
}

function fetcher({ dir, url, cid }: Hub, name: string, ...args: string[]): Running {
  const places = ['--data', join(dir, `${name}-data`), '--out', join(dir, name)];
  return start(['peer', '--json', '--join', url, '--get', cid, ...places, ...args]);
}

describe('peers that join a hub', () => {
  it('complete though the hub is killed once one copy of the file is out', async () => {
    const from = await hub(8 * MIB, '--uplink', `${CAP}B/s`, '--chunk-size', '64KiB');
    const names = ['a', 'b', 'c', 'd'];
    const peers = names.map((name) => fetcher(from, name));
    const pieces = (8 * MIB) / (64 * 1024);
    const isOut = () => new Set(peers.flatMap(verified)).size === pieces;
    await Promise.race(peers.map((peer) => peer.until('piece_verified', isOut)));
    await from.running.end('SIGKILL');
    await Promise.all(peers.map((peer) => peer.until('transfer_completed')));
    for (const name of names) await sameBytes(join(from.dir, name, 'content.bin'), from.file);
  });

  it('complete from the hub alone once every other seed is killed', async () => {
    const from = await hub(4 * MIB, '--uplink', `${CAP}B/s`);
    const first = fetcher(from, 'first');
    await first.until('transfer_completed');
    const second = fetcher(from, 'second');
    await untilVerified(second, 1);
    await first.end('SIGKILL');
    await second.until('transfer_completed');
    await sameBytes(join(from.dir, 'second', 'content.bin'), from.file);
  });

  it('find it again when it is restarted, and its peer listens elsewhere', async () => {
    const from = await hub(8 * MIB, '--uplink', `${CAP}B/s`);
    const before = await from.running.until('listening', ({ role }) => role === 'peer');
    const peer = fetcher(from, 'out', '--linger', '0');
    await untilVerified(peer, 2);
    await from.running.end('SIGKILL');
    const { port } = new URL(from.url);
    const again = startHub(from.dir, port, '--catalogue', 'none');
    const after = await again.until('listening', ({ role }) => role === 'peer');
    expect(after.peerId).toBe(before.peerId);
    expect(after.addresses).not.toEqual(before.addresses);
    expect(await peer.exit).toBe(0);
    await sameBytes(join(from.dir, 'out', 'content.bin'), from.file);
  });

  it('share its uplink with those who fetch by HTTP: the sum holds the cap', async () => {
    const from = await hub(4 * MIB, '--uplink', `${CAP}B/s`);
    const began = performance.now();
    const peer = fetcher(from, 'out', '--linger', '0');
    const body = fetch(`${from.url}files/content.bin`).then((answer) => answer.arrayBuffer());
    expect((await body).byteLength).toBe(4 * MIB);
    expect(await peer.exit).toBe(0);
    // Both took the whole: less time would be more than the cap, but for what a second may run ahead.
    expect((performance.now() - began) / 1000).toBeGreaterThan((8 * MIB) / CAP - 1);
  });
});

/** The first line about whom a peer waits for that joins there. */
async function lineOf(url: string): Promise<string> {
  const dir = await scratch();
  const peer = start(['peer', '--json', '--join', url, '--data', dir]);
  const { addresses, reason } = await peer.until('peers_awaited');
  expect(addresses).toEqual([url]);
  return reason;
}

describe('a peer that joins what is no hub in the swarm', () => {
  it('says which option the hub lacks', async () => {
    const dir = await scratch();
    const plain = start(['server', dir, '--json', '--port', '0', '--catalogue', 'none']);
    const { addresses } = await plain.until('listening');
    expect(await lineOf(addresses[0]!)).toContain('--swarm');
  });

  it('calls nobody whom a lie names', async () => {
    let calls = 0;
    const victim = createTcp((socket) => {
      calls++;
      socket.destroy();
    });
    const lies: string[] = [];
    const liar = createServer((_req, res) => res.end(lies[0]));
    for (const server of [victim, liar]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
    }
    const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
    const url = `http://127.0.0.1:${portOf(liar)}/`;
    const peer = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN';
    const other = '12D3KooWRBhwfeP2Y4TCx1SM6s9rUoHhR5STiGwxBhgFRcw3UERE';
    const at = `/ip4/127.0.0.1/tcp/${portOf(victim)}/p2p/`;
    const about = (addresses: string[]) =>
      JSON.stringify({ version: 1, files: '../files/', swarm: { peer, addresses } });
    const told = [about([at + other]), about(Array(10_000).fill(at + peer)), 'x'.repeat(MIB), '{}'];
    for (const lie of told) {
      lies[0] = lie;
      expect(await lineOf(url)).toMatch(/^[\w ,:/()-]{10,120}$/);
    }
    expect(calls).toBe(0);
  });
});
