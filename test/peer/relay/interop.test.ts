// The relay, who reserves there and who calls over it, against those of js-libp2p as they come.
import type { Libp2p } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { describe, expect, it } from 'vitest';
import type { Node } from '../../../src/peer/node/node.ts';
import { useNodes } from '../nodes.ts';
import { makeRelay, reserve, within } from './relays.ts';
import {
  echoOver,
  serveEcho,
  startStockCaller,
  startStockHolder,
  startStockRelay,
} from './stock-circuits.ts';

const startNode = useNodes();

type Whose = 'own' | 'stock';
type Either = Node | Libp2p;

async function startRelay(whose: Whose): Promise<Either> {
  if (whose === 'stock') return startStockRelay();
  const node = await startNode();
  await makeRelay(node);
  return node;
}

/** Who is called over the relay, and where. */
async function startHolder(whose: Whose, relay: Either): Promise<[Either, Multiaddr]> {
  if (whose === 'stock') return startStockHolder(`${relay.getMultiaddrs()[0]}`);
  const node = await startNode();
  const [address] = await reserve(node, relay);
  return [node, address!];
}

describe('over a relay', () => {
  it.each<[relay: Whose, holder: Whose, caller: Whose]>([
    ['stock', 'own', 'own'],
    ['stock', 'own', 'stock'],
    ['stock', 'stock', 'own'],
    ['own', 'stock', 'stock'],
    ['own', 'own', 'stock'],
    ['own', 'stock', 'own'],
  ])('(%s), a holder (%s) and a caller (%s) understand each other', async (...whose) => {
    const relay = await startRelay(whose[0]);
    const [holder, address] = await startHolder(whose[1], relay);
    await serveEcho(holder);
    const caller = await (whose[2] === 'own' ? startNode() : startStockCaller());
    const connection = await caller.dial(address, { signal: within() });
    expect(connection.direct).toBe(false);
    expect(connection.remotePeer.equals(holder.peerId)).toBe(true);
    await echoOver(connection);
  });
});
