// What a peer tells one of another: of several addresses first those that lead to it.
import { multiaddr } from '@multiformats/multiaddr';
import { expect, it } from 'vitest';
import { addressesOf } from '../../../src/peer/calls/side-streams.ts';
import { useNodes } from '../nodes.ts';

const start = useNodes();
const listen = ['/ip4/127.0.0.1/tcp/0'];

it('tells the addresses of the host that a peer calls from before those of its other networks', async () => {
  const [keeper, sender, asker] = [await start({ listen }), await start(), await start()];
  for (const caller of [sender, asker]) await caller.dial(keeper.getMultiaddrs());
  const named = ['/ip4/10.9.8.7/tcp/1', '/ip4/10.9.8.8/tcp/1', '/ip4/127.0.0.1/tcp/7'];
  const multiaddrs = named.map((each) => multiaddr(each));
  await expect.poll(() => keeper.getConnections().length).toBe(2);
  await keeper.peerStore.patch(sender.peerId, { multiaddrs });
  const told = await addressesOf(keeper, `${sender.peerId}`, `${asker.peerId}`);
  const [near, ...others] = told.map((each) => each.replace(/\/p2p\/.*$/, ''));
  expect(near).toBe('/ip4/127.0.0.1/tcp/7');
  expect(new Set(others)).toEqual(new Set(named.slice(0, 2)));
});
