// A peer fetches through real libp2p from an honest seed and from some that do not
// keep to the protocol: the file must come out right, the culprits be banned or left.
import { generateKeyPair } from '@libp2p/crypto/keys';
import { describe, expect, it } from 'vitest';
import type { AttackKind } from '../../src/attack/kind.ts';
import type { Node } from '../../src/peer/node/node.ts';
import {
  addressOf,
  type Behaviour,
  BYTES,
  bansOf,
  type Honest,
  PIECE,
  rejectedOf,
  until,
  useHostileSwarm,
  wrongPiece,
} from './hostile-swarm.ts';

const swarm = useHostileSwarm();
const poison = (): Behaviour => swarm.source((line, piece) => line.say(wrongPiece(piece)), 16);

/** Among a seed and so many attackers of a kind. */
async function fetchUnder(
  kind: AttackKind,
  count: number,
): Promise<{ victim: Honest; ids: string[] }> {
  const seed = await swarm.seed();
  const enemies = await Promise.all(
    Array.from({ length: count }, () => swarm.attacker(kind, seed)),
  );
  const victim = await swarm.honest('victim');
  await swarm.fetch(victim, [seed.peer, ...enemies]);
  return { victim, ids: enemies.map(({ peerId }) => peerId.toString()) };
}

async function fetchBeside(...enemies: Promise<Node>[]): Promise<{ victim: Honest }> {
  const seed = await swarm.seed();
  const victim = await swarm.honest('victim');
  await swarm.fetch(victim, [seed.peer, ...(await Promise.all(enemies))]);
  return { victim };
}

const idOf = async (node: Promise<Node>): Promise<string> => (await node).peerId.toString();

describe('a peer among hostile sources', () => {
  it('bans a poisoner at its second bad piece, however many grants it offers', async () => {
    const { victim, ids } = await fetchUnder('poison', 1);
    const id = ids[0]!;
    expect(bansOf(victim, id)).toEqual([expect.stringMatching(/2 pieces with wrong bytes/)]);
    expect(rejectedOf(victim, id)).toBe(2);
    for (const event of victim.events) {
      if (event.event === 'piece_verified') expect(event.remote).not.toBe(id);
    }
  });

  it('is done although half of its neighbours are poisoners, each two pieces the wiser', async () => {
    const { victim, ids } = await fetchUnder('poison', 4);
    for (const id of ids) expect(rejectedOf(victim, id)).toBeLessThanOrEqual(2);
  });

  it('counts the bad pieces of one that leaves after each and calls again', async () => {
    const seed = await swarm.seed({ up: BYTES / 4 });
    const victim = await swarm.honest('victim');
    const fetched = swarm.fetch(victim, [seed.peer]);
    const enemy = await swarm.hostile(() => {});
    const id = enemy.peerId.toString();
    let calls = 0;
    const hitAndRun: Behaviour = (line, heard) => {
      if (heard.length === 0) line.say(swarm.hello());
      for (const message of heard) {
        if (message.type === 'hello') line.say({ type: 'grant', grant: 0, hints: [] });
        if (message.type !== 'request') continue;
        line.say(wrongPiece(message.piece));
        void line.stream.close().catch(() => {});
        if (++calls < 6) void swarm.call(enemy, victim.peer, hitAndRun).catch(() => {});
      }
    };
    await until(victim, ({ event }) => event === 'piece_verified');
    await swarm.call(enemy, victim.peer, hitAndRun);
    await until(victim, (event) => event.event === 'neighbour_banned' && event.remote === id);
    await fetched;
    expect(rejectedOf(victim, id)).toBe(2);
  });

  it('lets a banned peer neither in again nor call it, under whatever address', async () => {
    const key = await generateKeyPair('Ed25519');
    const enemy = await swarm.hostile(poison(), key);
    const { victim } = await fetchBeside(Promise.resolve(enemy));
    expect(bansOf(victim, enemy.peerId.toString())).toHaveLength(1);
    const { peerId } = victim.peer.node;
    await expect.poll(() => enemy.getConnections(peerId).length).toBe(0);
    await enemy.stop();
    const again = await swarm.hostile(poison(), key);
    const met = Promise.withResolvers<void>();
    again.addEventListener('connection:close', () => met.resolve(), { once: true });
    const dialled = await again.dial(victim.peer.node.getMultiaddrs()).catch(() => undefined);
    if (dialled?.status === 'open') await met.promise;
    expect(victim.peer.node.getConnections(again.peerId)).toEqual([]);
    const signal = AbortSignal.timeout(5000);
    const { discovery } = victim.peer;
    await expect(discovery.join([addressOf(again)], signal)).rejects.toThrow(/cannot join/);
  });

  it('bans whoever announces a frame of 4 GiB', async () => {
    const { victim, ids } = await fetchUnder('oversize', 1);
    expect(bansOf(victim, ids[0]!)).toEqual([expect.stringMatching(/4294967294 bytes/)]);
  });

  it.each([
    ['more of a piece than there is', PIECE + 1],
    ['a hello of 4 billion pieces', undefined],
  ])('bans whoever sends %s', async (_, length) => {
    const behave: Behaviour =
      length === undefined
        ? ({ stream }, heard) => {
            // Version 1, no CID, 2^32 - 1 pieces, no address, one byte of bitfield.
            const absurd = [0, 0, 0, 9, 0, 1, 0, 255, 255, 255, 255, 0, 255];
            if (heard.length > 0) stream.send(Uint8Array.from(absurd));
          }
        : swarm.source((line, piece) => line.say(wrongPiece(piece, length)));
    const enemy = swarm.hostile(behave);
    const { victim } = await fetchBeside(enemy);
    expect(bansOf(victim, await idOf(enemy))).toHaveLength(1);
  });

  it('goes on when a neighbour cuts a frame short and leaves', async () => {
    await fetchBeside(
      swarm.hostile(
        swarm.source(({ stream }) => {
          if (stream.writeStatus !== 'writable') return;
          stream.send(Uint8Array.of(0, 1, 0, 9, 7, 0, 0));
          stream.abort(new Error('gone'));
        }),
      ),
    );
  });
});

describe('a peer among sources that do not deliver', () => {
  it('goes on although four claim all, offer grants, and send nothing', async () => {
    await fetchUnder('false-haves', 4);
  });

  it('goes on although they revoke every grant, or say so of haves that they lack', async () => {
    const revoker = swarm.source((line, _, grant) => line.say({ type: 'revoke', grant }));
    const liar = swarm.source((line, _, grant) => {
      line.say({ type: 'have', pieces: Array.from({ length: 16 }, (_, i) => i) });
      line.say({ type: 'revoke', grant });
    });
    await fetchBeside(swarm.hostile(revoker), swarm.hostile(liar));
  });

  it('is not kept waiting by those that dribble, with so slow a downlink that two pieces fill it', async () => {
    const seed = await swarm.seed();
    const enemies = [
      await swarm.attacker('slow-loris', seed),
      await swarm.attacker('slow-loris', seed),
    ];
    const victim = await swarm.honest('victim', { down: 4 * PIECE });
    await swarm.fetch(victim, [...enemies, seed.peer]);
  });

  it.each([
    ['says nothing at all', () => {}],
    [
      'says its hello a byte at a time and never the last',
      ((
        { stream }: { stream: { send(bytes: Uint8Array): unknown } },
        heard: readonly unknown[],
      ) => {
        if (heard.length === 0) stream.send(Uint8Array.of(0));
        else for (const byte of [0, 0, 40, 0, 1]) stream.send(Uint8Array.of(byte));
      }) as Behaviour,
    ],
  ])('is not kept waiting by one that %s', async (_, behave) => {
    await fetchBeside(swarm.hostile(behave), swarm.hostile(behave));
  });
});
