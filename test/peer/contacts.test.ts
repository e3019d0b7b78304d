// Hearsay: what a neighbour names is a stranger's wish that this peer connect there.
import { createServer, type Server } from 'node:net';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, describe, expect, it } from 'vitest';
import { REACH, reachOf } from '../../src/peer/address/reach.ts';
import { BYTES, useHostileSwarm } from './hostile-swarm.ts';

const swarm = useHostileSwarm();
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe('reachOf', () => {
  it.each([
    ['/ip4/127.0.0.1/tcp/1', REACH.host],
    ['/ip6/::1/tcp/1', REACH.host],
    ['/ip6/::ffff:127.0.0.1/tcp/1', REACH.host],
    ['/ip4/10.1.2.3/tcp/1', REACH.network],
    ['/ip4/172.31.0.1/tcp/1', REACH.network],
    ['/ip4/169.254.169.254/tcp/80', REACH.network],
    ['/ip6/fd00::1/tcp/1', REACH.network],
    ['/ip6/fe80::1/tcp/1', REACH.network],
    ['/ip4/192.0.2.1/tcp/1', REACH.everywhere],
    ['/ip6/2001:db8::1/tcp/1', REACH.everywhere],
    ['/ip4/0.0.0.0/tcp/1', undefined],
    ['/ip4/224.0.0.1/tcp/1', undefined],
    ['/ip4/255.255.255.255/tcp/1', undefined],
    ['/ip6/::/tcp/1', undefined],
    ['/ip4/192.0.2.1/tcp/0', undefined],
    ['/dns4/example.org/tcp/1', undefined],
  ])('%s is %s', (address, reach) => {
    expect(reachOf(multiaddr(address))).toBe(reach);
  });
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

describe('a peer that is told of many addresses', () => {
  it('tries no more of them than its budget, and its transfer goes on', async () => {
    const target = await port();
    const keys = await Promise.all(Array.from({ length: 320 }, () => generateKeyPair('Ed25519')));
    const strangers = keys.map(
      (key) => `/ip4/127.0.0.1/tcp/${target.port}/p2p/${peerIdFromPrivateKey(key)}`,
    );
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
    // 32 at once, and one each 2 s in the 4 s or so that the seed takes.
    expect(target.calls()).toBeGreaterThan(16);
    expect(target.calls()).toBeLessThanOrEqual(40);
  });
});
