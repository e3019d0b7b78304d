// When others are told what is here: real nodes, time as the test has it.
import type { CID } from 'multiformats/cid';
import { afterEach, describe, expect, it, vi } from 'vitest';
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

/** Another node, as soon as the DHT of the first knows it. */
async function meet(node: Node): Promise<Node> {
  const newcomer = await startNode();
  const { routingTable } = node.services.dht;
  const met = new Promise((resolve) => routingTable.addEventListener('peer:add', resolve));
  await newcomer.dial(node.getMultiaddrs());
  // It enters the routing table once it was identified.
  await expect.poll(() => node.getConnections(newcomer.peerId).length).toBe(1);
  await node.services.identify.identify(node.getConnections(newcomer.peerId)[0]!);
  await met;
  return newcomer;
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
    const newcomer = await meet(node);
    await clock.advance(4999);
    expect([await knows(newcomer, cid), clock.isIdle]).toEqual([false, false]);
    await clock.advance(1);
    await expect.poll(() => knows(newcomer, cid)).toBe(true);
  });

  it('tell a newcomer of all files, though it came with a new one', async () => {
    const { node, clock, discovery } = await provide();
    const newcomer = await meet(node);
    const second = rawCid(sha256(Uint8Array.of(2)));
    const told = discovery.provide(second, never);
    await clock.advance(5000);
    await told;
    await expect.poll(() => knows(newcomer, second)).toBe(true);
    const advance = async (): Promise<boolean> => {
      await clock.advance(1000);
      return knows(newcomer, cid);
    };
    await expect.poll(advance).toBe(true);
  });

  it('try a newcomer again that could not be told, each time twice as late', async () => {
    const { node, clock } = await provide();
    const newcomer = await meet(node);
    // Speaks no DHT for a while.
    await newcomer.services.dht.setMode('client');
    const streams = vi.spyOn(node.getConnections(newcomer.peerId)[0]!, 'newStream');
    const failed = async (): Promise<void> => {
      await expect.poll(() => streams.mock.settledResults.at(-1)?.type).toBe('rejected');
      // The next wait begins after that.
      await new Promise(setImmediate);
    };
    await clock.advance(5000);
    for (const wait of [5000, 10_000]) {
      const count = streams.mock.calls.length;
      await failed();
      await clock.advance(wait - 1);
      expect(streams).toHaveBeenCalledTimes(count);
      await clock.advance(1);
      await expect.poll(() => streams.mock.calls.length).toBe(count + 1);
    }
    await failed();
    await newcomer.services.dht.setMode('server');
    await clock.advance(20_000);
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
