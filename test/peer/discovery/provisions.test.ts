// When others are told what is here: real nodes, time as the test has it.
import type { CID } from 'multiformats/cid';
import { afterEach, describe, expect, it } from 'vitest';
import { rawCid, sha256 } from '../../../src/content/cid.ts';
import { Discovery } from '../../../src/peer/discovery/discovery.ts';
import type { Node } from '../../../src/peer/node/node.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';
import { useNodes } from '../nodes.ts';

const startNode = useNodes();
const started: Discovery[] = [];
const never = new AbortController().signal;
const cid = rawCid(sha256(Uint8Array.of(1)));

// Registered after useNodes(), so it runs before the nodes stop.
afterEach(async () => {
  await Promise.all(started.splice(0).map((discovery) => discovery.stop()));
});

const knows = async (node: Node, file: CID): Promise<boolean> =>
  (await node.services.dht.providers.getProviders(file)).length > 0;

/** A node that provides the file, and another that was told so. */
async function provide(): Promise<{
  node: Node;
  other: Node;
  clock: VirtualClock;
  discovery: Discovery;
}> {
  const [node, other, clock] = [await startNode(), await startNode(), new VirtualClock()];
  const discovery = new Discovery(node, clock);
  started.push(discovery);
  await node.dial(other.getMultiaddrs());
  await discovery.provide(cid, never);
  expect(await knows(other, cid)).toBe(true);
  // What is still to be told of together has been told, and the next round waits.
  await expect.poll(() => clock.isIdle).toBe(false);
  await clock.advance(5000);
  await expect.poll(() => clock.isIdle).toBe(false);
  return { node, other, clock, discovery };
}

describe('Provisions', () => {
  it('tell all again after 15 minutes', async () => {
    const { node, other, clock } = await provide();
    await other.services.dht.providers.removeProvider(cid, node.peerId);
    await clock.advance(15 * 60_000 - 5000 - 1);
    // The round still waits.
    expect([await knows(other, cid), clock.isIdle]).toEqual([false, false]);
    await clock.advance(1);
    await expect.poll(() => knows(other, cid)).toBe(true);
  });

  it('tell a newcomer 5 s after it came', async () => {
    const { node, clock } = await provide();
    const newcomer = await startNode();
    const { routingTable } = node.services.dht;
    const met = new Promise((resolve) => routingTable.addEventListener('peer:add', resolve));
    await newcomer.dial(node.getMultiaddrs());
    // It enters the routing table once it was identified.
    await expect.poll(() => node.getConnections(newcomer.peerId).length).toBe(1);
    await node.services.identify.identify(node.getConnections(newcomer.peerId)[0]!);
    await met;
    await clock.advance(4999);
    expect([await knows(newcomer, cid), clock.isIdle]).toEqual([false, false]);
    await clock.advance(1);
    await expect.poll(() => knows(newcomer, cid)).toBe(true);
  });

  it('tell a peer again half a second after it is back', async () => {
    const { node, other, clock, discovery } = await provide();
    await other.services.dht.providers.removeProvider(cid, node.peerId);
    discovery.handleJoined(other.peerId, true);
    await clock.advance(499);
    expect(await knows(other, cid)).toBe(false);
    await clock.advance(1);
    await expect.poll(() => knows(other, cid)).toBe(true);
  });
});
