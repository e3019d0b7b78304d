// Hearsay: what a neighbour names is a stranger's wish that this peer connect there.
import { createServer, type Server } from 'node:net';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { afterEach, describe, expect, it } from 'vitest';
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
