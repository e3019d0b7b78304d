import { createHash } from 'node:crypto';
import { generateKeyPair } from '@libp2p/crypto/keys';
import type { PeerId } from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import { create } from 'multiformats/hashes/digest';
import { describe, expect, it } from 'vitest';
import { ProviderStore } from '../../../src/peer/node/provider-store.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';

const HOUR_MS = 60 * 60_000;
const newPeer = async (): Promise<PeerId> => peerIdFromPrivateKey(await generateKeyPair('Ed25519'));
const cidOf = (n: number): CID =>
  CID.createV1(raw.code, create(0x12, createHash('sha256').update(`${n}`).digest()));
const [self, ann, bob] = await Promise.all([newPeer(), newPeer(), newPeer()]);

describe('ProviderStore', () => {
  it('names who provides a file, until it says otherwise or an hour has passed', async () => {
    const clock = new VirtualClock();
    const store = new ProviderStore(self, HOUR_MS, clock);
    for (const peer of [self, ann, bob]) store.add(cidOf(1), peer);
    store.add(cidOf(2), ann);
    store.remove(cidOf(1), bob);
    expect(store.list(cidOf(1))).toEqual([self, ann]);
    await clock.advance(HOUR_MS / 2);
    store.add(cidOf(2), ann);
    await clock.advance(HOUR_MS / 2);
    expect(store.list(cidOf(1))).toEqual([self]);
    expect(store.list(cidOf(2))).toEqual([ann]);
  });

  it('takes 16,384 records of one stranger and no more, and any number of its own', () => {
    const store = new ProviderStore(self, HOUR_MS, new VirtualClock());
    for (let n = 0; n < 16_385; n++) {
      store.add(cidOf(n), ann);
      store.add(cidOf(n), self);
    }
    expect(store.list(cidOf(16_383))).toEqual([ann, self]);
    expect(store.list(cidOf(16_384))).toEqual([self]);
    // One that is told again takes no further room.
    store.add(cidOf(0), ann);
    expect(store.list(cidOf(0))).toEqual([self, ann]);
  });

  it('lets the oldest of strangers make way for new ones', async () => {
    const store = new ProviderStore(self, HOUR_MS, new VirtualClock());
    store.add(cidOf(0), self);
    const peers = [ann, bob, ...(await Promise.all([newPeer(), newPeer(), newPeer()]))];
    for (const [i, peer] of peers.entries()) {
      for (let n = 0; n < 16_384; n++) store.add(cidOf(i < 4 ? n : 20_000 + n), peer);
    }
    expect(store.list(cidOf(0))).toEqual([self, bob, peers[2], peers[3]]);
    expect(store.list(cidOf(20_000))).toEqual([peers[4]]);
  });
});
