import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readKnownPeers, rememberPeers } from '../../../src/peer/discovery/known-peers.ts';

let dir: string;
let ids: string[];

beforeAll(async () => {
  const keys = await Promise.all(Array.from({ length: 60 }, () => generateKeyPair('Ed25519')));
  ids = keys.map((key) => peerIdFromPrivateKey(key).toString());
});

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'known-'));
});

afterEach(async () => {
  await rm(dir, { recursive: true });
});

const address = (peer: number, port = 4001): string =>
  `/ip4/127.0.0.1/tcp/${port}/p2p/${ids[peer]}`;

describe('known peers', () => {
  it('knows nobody at first', async () => {
    expect(await readKnownPeers(dir)).toEqual([]);
  });

  it('puts the latest first and replaces the addresses of a peer that moved', async () => {
    await rememberPeers(dir, [address(1), address(2)]);
    await rememberPeers(dir, [address(3), address(2, 4002), address(2, 4003)]);
    expect(await readKnownPeers(dir)).toEqual([
      address(3),
      address(2, 4002),
      address(2, 4003),
      address(1),
    ]);
  });

  it('lets no crowd of strangers push out who was known', async () => {
    const strangers = Array.from({ length: 55 }, (_, i) => address(i + 2));
    await rememberPeers(dir, [address(0), address(1)]);
    await rememberPeers(dir, [], strangers);
    const called = await readKnownPeers(dir);
    expect(called).toHaveLength(50);
    expect(called.slice(0, 2)).toEqual([address(0), address(1)]);
    await rememberPeers(dir, strangers);
    expect(await readKnownPeers(dir)).toEqual(expect.arrayContaining([address(0), address(1)]));
    // Who called may say where it is now.
    await rememberPeers(dir, [], [...strangers, address(0, 4002)]);
    const moved = await readKnownPeers(dir);
    expect(moved).toContain(address(0, 4002));
    expect(moved).not.toContain(address(0));
  });

  it('keeps the 50 latest peers, and four addresses of each', async () => {
    for (let i = 0; i < 60; i++) await rememberPeers(dir, [address(i)]);
    const known = await readKnownPeers(dir);
    expect(known).toEqual(Array.from({ length: 50 }, (_, i) => address(59 - i)));
    await rememberPeers(
      dir,
      [1, 2, 3, 4, 5, 6].map((port) => address(0, port)),
    );
    expect((await readKnownPeers(dir)).slice(0, 5)).toEqual([
      ...[1, 2, 3, 4].map((port) => address(0, port)),
      address(59),
    ]);
  });

  it.each(['', '{', '{}', 'null', '[1, null, "nonsense", "/ip4/127.0.0.1/tcp/1"]'])(
    'takes a file that holds %s for empty',
    async (content) => {
      await writeFile(join(dir, 'known-peers.json'), content);
      expect(await readKnownPeers(dir)).toEqual([]);
      await rememberPeers(dir, [address(1), 'nonsense']);
      expect(await readKnownPeers(dir)).toEqual([address(1)]);
    },
  );
});
