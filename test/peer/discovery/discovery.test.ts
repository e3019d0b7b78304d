import { generateKeyPair } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { rawCid, sha256 } from '../../../src/content/cid.ts';
import { Discovery, type Provider } from '../../../src/peer/discovery/discovery.ts';
import type { Node } from '../../../src/peer/node/node.ts';
import { systemClock, type Timers } from '../../../src/runtime/clock.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';
import { useNodes } from '../nodes.ts';

const startNode = useNodes();
const started: Discovery[] = [];
const never = new AbortController().signal;
const cid = rawCid(sha256(Uint8Array.of(1)));

interface Peer {
  readonly node: Node;
  readonly discovery: Discovery;
  readonly id: string;
  readonly address: string;
}

async function startPeer(clock: Timers = systemClock): Promise<Peer> {
  const node = await startNode();
  const discovery = new Discovery(node, clock);
  started.push(discovery);
  const address = node.getMultiaddrs()[0]!.toString();
  return { node, discovery, id: node.peerId.toString(), address };
}

// Registered after useNodes(), so it runs before the nodes stop.
afterEach(async () => {
  await Promise.all(started.splice(0).map((discovery) => discovery.stop()));
});

/** Asks until all of these were named. */
async function find(peer: Peer, ids: readonly string[]): Promise<Map<string, Provider>> {
  const found = new Map<string, Provider>();
  for await (const provider of peer.discovery.findProviders(cid, never)) {
    found.set(provider.peerId.toString(), provider);
    if (ids.every((id) => found.has(id))) break;
  }
  return found;
}

const strangerAt = async (port: number): Promise<string> => {
  const peerId = peerIdFromPrivateKey(await generateKeyPair('Ed25519'));
  return `/ip4/127.0.0.1/tcp/${port}/p2p/${peerId}`;
};

describe('join', () => {
  it('connects through any that answers and tells which did not', async () => {
    const [a, b] = [await startPeer(), await startPeer()];
    const dead = await strangerAt(1);
    const failed: [string, string][] = [];
    await a.discovery.join([dead, b.address], never, (...failure) => failed.push(failure));
    expect(a.node.getPeers().map(String)).toContain(b.id);
    await vi.waitFor(() => expect(failed).toEqual([[dead, 'nobody listens there']]));
  });

  it('needs no PeerId', async () => {
    const [a, b] = [await startPeer(), await startPeer()];
    await a.discovery.join([b.address.replace(/\/p2p\/.*/, '')], never);
    expect(a.node.getPeers().map(String)).toContain(b.id);
  });

  it('says in one line why nobody could be joined', async () => {
    const peer = await startPeer();
    const dead = [await strangerAt(1), '/ip4/127.0.0.1/tcp/2'];
    await expect(peer.discovery.join(dead, never)).rejects.toMatchObject({
      code: 'ERR_NO_SOURCE',
      message: `cannot join: ${dead[0]}: nobody listens there; ${dead[1]}: nobody listens there`,
    });
  });

  it('passes over its own addresses, with and without its PeerId', async () => {
    const peer = await startPeer();
    const own = [peer.address, peer.address.replace(/\/p2p\/.*/, '')];
    await expect(peer.discovery.join(own, never)).rejects.toMatchObject({
      code: 'ERR_NO_SOURCE',
      message: expect.stringContaining('no address of another peer'),
    });
  });

  it('does not take one peer for another', async () => {
    const [a, b] = [await startPeer(), await startPeer()];
    const port = Number(/tcp\/(\d+)/.exec(b.address)![1]);
    await expect(a.discovery.join([await strangerAt(port)], never)).rejects.toMatchObject({
      code: 'ERR_NO_SOURCE',
    });
    expect(a.node.getPeers()).toEqual([]);
  });

  it('stops when its caller does', async () => {
    const peer = await startPeer();
    const reason = new Error('enough');
    await expect(
      peer.discovery.join([await strangerAt(1)], AbortSignal.abort(reason)),
    ).rejects.toBe(reason);
  });
});

describe('provide and findProviders', () => {
  it('let peers that joined one address find one another', async () => {
    const hub = await startPeer();
    const peers = await Promise.all(Array.from({ length: 5 }, () => startPeer()));
    await Promise.all(
      peers.map(async ({ discovery }) => {
        await discovery.join([hub.address], never);
        await discovery.provide(cid, never);
      }),
    );
    await Promise.all(
      peers.map(async (peer) => {
        const others = peers.filter((other) => other !== peer);
        const found = await find(
          peer,
          others.map(({ id }) => id),
        );
        expect(found.has(peer.id)).toBe(false);
        for (const { id, address } of others) {
          expect(found.get(id)!.multiaddrs.map(String)).toEqual([address]);
        }
      }),
    );
  });

  it('wait for company: a lonely origin is found by whoever comes', async () => {
    const origin = await startPeer();
    let told = false;
    const providing = origin.discovery.provide(cid, never).then(() => {
      told = true;
    });
    const late = await startPeer();
    const finding = find(late, [origin.id]);
    expect(told).toBe(false);
    await late.discovery.join([origin.address], never);
    await providing;
    expect((await finding).has(origin.id)).toBe(true);
  });

  it('outlive the provider that everybody joined through', async () => {
    const hub = await startPeer();
    const [a, b, c] = [await startPeer(), await startPeer(), await startPeer()];
    for (const { discovery } of [a, b, c]) await discovery.join([hub.address], never);
    // Known to one another before the hub goes.
    await a.discovery.provide(cid, never);
    await find(b, [a.id]);
    await b.node.dial(multiaddr(a.address));
    await c.node.dial(multiaddr(b.address));
    await hub.node.stop();
    expect((await find(c, [a.id])).has(a.id)).toBe(true);
  });

  it('walk the DHT again and again, after 300 ms at first and 10 s in the end', async () => {
    const clock = new VirtualClock();
    const [a, b] = [await startPeer(clock), await startPeer()];
    await a.discovery.join([b.address], never);
    const walks = vi.spyOn(a.node.services.dht, 'findProviders');
    const stop = new AbortController();
    const finding = (async () => {
      for await (const _ of a.discovery.findProviders(cid, stop.signal)) expect.unreachable();
    })();
    let times = 1;
    for (const wait of [300, 480, 768, 1228, 1966, 3145, 5033, 8053, 10_000, 10_000]) {
      await expect.poll(() => [walks.mock.calls.length, clock.isIdle]).toEqual([times++, false]);
      await clock.advance(wait - 2);
      expect([walks.mock.calls.length, clock.isIdle]).toEqual([times - 1, false]);
      await clock.advance(3);
    }
    await expect.poll(() => walks.mock.calls.length).toBe(times);
    stop.abort(new Error('enough'));
    await finding;
  });

  it('end quietly, or with the reason, when stopped', async () => {
    const [a, b] = [await startPeer(), await startPeer()];
    const stop = new AbortController();
    const providing = expect(a.discovery.provide(cid, stop.signal)).rejects.toThrow('enough');
    const finding = (async () => {
      for await (const _ of a.discovery.findProviders(cid, stop.signal)) expect.unreachable();
    })();
    const stopped = expect(b.discovery.provide(cid, never)).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    // Both have looked at least once, and wait for somebody to come.
    const local = a.node.services.dht;
    await vi.waitFor(async () => {
      const providers = [];
      for await (const event of local.findProviders(cid)) providers.push(event);
      expect(providers.length).toBeGreaterThan(0);
    });
    stop.abort(new Error('enough'));
    await Promise.all([providing, finding, b.discovery.stop(), stopped]);
  });
});

describe('a discovered peer', () => {
  it('is dialled, and no more once stopped', async () => {
    const [a, b, c] = [await startPeer(), await startPeer(), await startPeer()];
    const discover = async (from: Peer, peer: Peer): Promise<void> => {
      // What mDNS does: remember the addresses, which tells of the peer.
      const addresses = { multiaddrs: [multiaddr(peer.address)] };
      await from.node.peerStore.merge(peer.node.peerId, addresses);
    };
    await discover(a, b);
    await vi.waitFor(() => expect(a.node.getPeers().map(String)).toEqual([b.id]));
    await a.discovery.stop();
    await discover(a, c);
    await b.node.services.ping.ping(multiaddr(a.address));
    expect(a.node.getPeers().map(String)).toEqual([b.id]);
  });
});
