// Hearsay: what a neighbour names is a stranger's wish that this peer connect there.
import { createServer, type Server } from 'node:net';
import { generateKeyPair } from '@libp2p/crypto/keys';
import type { PeerId } from '@libp2p/interface';
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, describe, expect, it } from 'vitest';
import { keepProviders } from '../../src/peer/patches/kad-dht.ts';
import { BYTES, useHostileSwarm } from './hostile-swarm.ts';

const swarm = useHostileSwarm();
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Counts connections and hangs up on them. */
async function port(): Promise<{ port: number; calls: () => number }> {
  let calls = 0;
  const server = createServer((socket) => {
    calls++;
    socket.destroy();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as { port: number }).port, calls: () => calls };
}

/** 320 PeerIds of nobody, all at one address. */
async function strangersAt(port: number): Promise<string[]> {
  const keys = await Promise.all(Array.from({ length: 320 }, () => generateKeyPair('Ed25519')));
  return keys.map((key) => `/ip4/127.0.0.1/tcp/${port}/p2p/${peerIdFromPrivateKey(key)}`);
}

describe('a peer that is told of many addresses', () => {
  it('tries no more of them than its budget, and its transfer goes on', async () => {
    const target = await port();
    const strangers = await strangersAt(target.port);
    const seed = await swarm.seed({ up: BYTES / 4 });
    const victim = await swarm.honest('victim');
    // Two neighbours that name 64 others whenever they hear anything.
    let told = 0;
    const gossips = [0, 1].map(() =>
      swarm.hostile((line, heard) => {
        if (heard.some(({ type }) => type === 'hello')) line.say(swarm.hello('none'));
        if (heard.length === 0) return;
        line.say({ type: 'peers', addresses: strangers.slice(told, told + 64) });
        told = (told + 64) % strangers.length;
      }),
    );
    await swarm.fetch(victim, [seed.peer, ...(await Promise.all(gossips))]);
    // Three at once, and again after 1, 2, 4 and 8 s; the seed takes 4 s or so.
    expect(target.calls()).toBeGreaterThanOrEqual(3);
    expect(target.calls()).toBeLessThanOrEqual(7);
  });

  it('calls an address no more often because the DHT names it with many PeerIds', async () => {
    const target = await port();
    const strangers = (await strangersAt(target.port)).map((text) => multiaddr(text));
    const seed = await swarm.seed({ up: BYTES / 4 });
    const victim = await swarm.honest('victim');
    const liar = await swarm.node();
    const ids = strangers.map((address) =>
      peerIdFromString(address.getComponents().at(-1)!.value!),
    );
    for (const [i, id] of ids.entries()) {
      await liar.peerStore.merge(id, { multiaddrs: [strangers[i]!] });
    }
    let told = 0;
    const list = (): PeerId[] => {
      const first = told % ids.length;
      told += 160;
      return ids.slice(first, first + 160);
    };
    keepProviders(liar.services.dht, { add: () => {}, remove: () => {}, list });
    const fetched = swarm.fetch(victim, [liar]);
    await expect.poll(() => told, { timeout: 10_000 }).toBeGreaterThanOrEqual(ids.length);
    await victim.peer.join(seed.peer.node.getMultiaddrs().map(String), AbortSignal.timeout(10_000));
    await fetched;
    // Three at once, and again after 1, 2, 4 and 8 s.
    expect(target.calls()).toBeGreaterThanOrEqual(3);
    expect(target.calls()).toBeLessThanOrEqual(7);
  });
});
