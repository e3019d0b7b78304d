import { createServer } from 'node:net';
import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { generateKeyPair } from '@libp2p/crypto/keys';
import type { Startable } from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { dialGiven } from '../../../src/peer/node/node.ts';
import { hearFailures } from '../../../src/runtime/guarded.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';
import { useNodes } from '../nodes.ts';

const start = useNodes();

describe('createNode', () => {
  it('listens on 127.0.0.1 alone unless told', async () => {
    const node = await start();
    expect(node.getMultiaddrs().map(String)).toEqual([
      expect.stringMatching(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3KooW/),
    ]);
  });

  it('lets twelve peers of one host join at once', async () => {
    const hub = await start();
    const peers = await Promise.all(Array.from({ length: 12 }, () => start()));
    await Promise.all(peers.map((peer) => peer.dial(hub.getMultiaddrs())));
    const ids = peers.map((peer) => peer.peerId.toString()).sort();
    // The dialler is done a moment before the listener.
    await vi.waitFor(() => expect(hub.getPeers().map(String).sort()).toEqual(ids));
  });

  it('refuses connections beyond its load and keeps those it has', async () => {
    const hub = await start({ maxConnections: 3 });
    const address = hub.getMultiaddrs();
    const early = await Promise.all(Array.from({ length: 3 }, () => start()));
    for (const peer of early) await peer.dial(address);
    const late = await Promise.all(Array.from({ length: 3 }, () => start()));
    const dials = await Promise.allSettled(late.map((peer) => peer.dial(address)));
    expect(dials.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    for (const peer of early) expect(await peer.services.ping.ping(address)).toBeGreaterThan(-1);
    // A place that falls free can be taken.
    const left = new Promise((resolve) => hub.addEventListener('peer:disconnect', resolve));
    await early[0]!.stop();
    await left;
    await late[0]!.dial(address);
    const id = late[0]!.peerId.toString();
    await vi.waitFor(() => expect(hub.getPeers().map(String)).toContain(id));
  });

  it('dials and answers nobody out of its bounds', async () => {
    const bounded = await start({ allowsAddress: () => false });
    const other = await start();
    await expect(bounded.dial(other.getMultiaddrs())).rejects.toThrow();
    await expect(other.dial(bounded.getMultiaddrs())).rejects.toThrow();
    expect(other.getConnections()).toEqual([]);
  });

  it('asks a peer again what it speaks that did not answer', async () => {
    const clock = new VirtualClock();
    const node = await start({ clock });
    const other = await start();
    const { identify } = node.services;
    const asked = vi.spyOn(identify, 'identify');
    const answers = other.services.identify as unknown as Startable;
    await answers.stop();
    await node.dial(other.getMultiaddrs());
    await clock.advanceUntil(() => asked.mock.results.length === 1);
    await expect(asked.mock.results[0]!.value).rejects.toThrow();
    await answers.start();
    await clock.advanceUntil(() => asked.mock.results.length === 2);
    expect(await asked.mock.results[1]!.value).toMatchObject({ peerId: other.peerId });
  });

  it('does not call again and again whoever hangs up on it, close in the DHT or not', async () => {
    let refuses = false;
    const hub = await start({ isRefused: () => refuses });
    const peer = await start();
    const connection = await peer.dial(hub.getMultiaddrs());
    // As kad-dht marks the closest, some seconds after it has met them.
    await peer.peerStore.merge(hub.peerId, { tags: { 'keep-alive-kad-dht': { value: 1 } } });
    refuses = true;
    let calls = 0;
    peer.addEventListener('connection:open', () => calls++);
    connection.abort(new Error('banned'));
    // That nothing happens can only be waited for; it would be some ten calls.
    await delay(300);
    expect(calls).toBe(0);
  });

  it('reaches at once whoever its user names, where strangers were named in vain', async () => {
    const [node, gone] = [await start(), await start()];
    const [place] = gone.getMultiaddrs().map((address) => `${address}`.replace(/\/p2p\/.*/, ''));
    await gone.stop();
    let calls = 0;
    const counter = createServer((socket) => {
      calls++;
      socket.destroy();
    });
    await new Promise<void>((done) => counter.listen(Number(place!.split('/').at(-1)), done));
    const strangers = await Promise.all(
      Array.from({ length: 64 }, async () =>
        peerIdFromPrivateKey(await generateKeyPair('Ed25519')),
      ),
    );
    const dials = strangers.map((id) => node.dial(multiaddr(`${place}/p2p/${id}`)));
    await Promise.allSettled(dials);
    expect(calls).toBe(3);
    await new Promise((done) => counter.close(done));
    // The same address, another PeerId.
    const restarted = await start({ listen: [place!] });
    const [address] = restarted.getMultiaddrs();
    await expect(node.dial(address!)).rejects.toMatchObject({ code: 'ERR_RATE' });
    await dialGiven(node, [address!], [address!], {});
    expect(node.getPeers().map(String)).toEqual([`${restarted.peerId}`]);
  });

  it.each([
    ['/ip4/0.0.0.0/tcp/0', ['127.0.0.1', '192.168.7.1', '5.9.1.1']],
    ['/ip6/::/tcp/0', ['::1', 'fd00::7', '2001:470::1']],
  ])('at %s it names each address of this machine but link-local ones', async (listen, hosts) => {
    const others = ['169.254.1.1', 'fe80::1'];
    const interfaces = [...hosts, ...others].map((address) => ({
      address,
      family: address.includes(':') ? ('IPv6' as const) : ('IPv4' as const),
    }));
    const named = vi.spyOn(os, 'networkInterfaces').mockReturnValue({ it: interfaces as never });
    onTestFinished(() => void named.mockRestore());
    const node = await start({ listen: [listen] });
    const told = node.getMultiaddrs().map((address) => address.getComponents()[0]!.value);
    expect(told.toSorted()).toEqual(hosts.toSorted());
  });

  it('keeps its addresses where the system no longer names its interfaces', async () => {
    const told: unknown[] = [];
    hearFailures((_what, error) => told.push(error));
    const node = await start({ listen: ['/ip4/0.0.0.0/tcp/0'] });
    const before = node.getMultiaddrs().map(String);
    const failure = new Error('uv_interface_addresses returned Unknown system error 24');
    const asked = vi.spyOn(os, 'networkInterfaces').mockImplementation(() => {
      throw failure;
    });
    onTestFinished(() => void asked.mockRestore());
    expect(node.getMultiaddrs().map(String)).toEqual(before);
    expect(told).toEqual([failure]);
  });

  it('names the address when its port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await expect(start({ listen: [`/ip4/127.0.0.1/tcp/${port}`] })).rejects.toMatchObject({
      code: 'ERR_LISTEN',
      message: `cannot listen on /ip4/127.0.0.1/tcp/${port}: the port is in use`,
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it.each([
    ['nonsense', /'nonsense': not a multiaddr/],
    ['/ip4/192.0.2.1/tcp/0', /192\.0\.2\.1\/tcp\/0: not an address of this machine/],
    ['/ip4/127.0.0.1/udp/4001', /udp\/4001: only TCP/],
  ])('does not listen on %s, in one line', async (address, message) => {
    const failure = await start({ listen: [address] }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'ERR_LISTEN', message: expect.stringMatching(message) });
    expect((failure as Error).message).not.toContain('\n');
  });
});
