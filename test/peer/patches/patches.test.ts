// Canaries: each patch does what it is there for, on real connections and services. After an
// upgrade of a package, a failure here says which patch no longer does anything. Each canary is
// shown to fail: `inside` finds one member after the other gone.
import { randomBytes } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer, connect as dial } from 'node:net';
import os from 'node:os';
import { generateKeyPair } from '@libp2p/crypto/keys';
import type { Connection, MessageStream, PeerInfo } from '@libp2p/interface';
import type { mdns } from '@libp2p/mdns';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { rawCid, sha256 } from '../../../src/content/cid.ts';
import { countListeners, listenAt, type Node, stopListening } from '../../../src/peer/node/node.ts';
import { ProviderStore } from '../../../src/peer/node/provider-store.ts';
import { announceAlso } from '../../../src/peer/patches/announced.ts';
import { inside } from '../../../src/peer/patches/inside.ts';
import { createMdns } from '../../../src/peer/patches/mdns.ts';
import { readInto } from '../../../src/peer/patches/socket-buffer.ts';
import { bareSocketOf, socketOf } from '../../../src/peer/patches/tcp.ts';
import { asTold } from '../../../src/peer/patches/told-addresses.ts';
import { Session } from '../../../src/peer/wire/session.ts';
import { speak } from '../../../src/peer/wire/speak.ts';
import { hearFailures } from '../../../src/runtime/guarded.ts';
import { useNodes } from '../nodes.ts';

/** What the patches ask for, by patch, and what of it they are told is gone. */
const asked = vi.hoisted(() => ({
  members: new Map<string, Set<string>>(),
  gone: { patch: '', member: '' },
}));

vi.mock('../../../src/peer/patches/inside.ts', async (importOriginal) => {
  const { inside } = await importOriginal<{
    inside: typeof import('../../../src/peer/patches/inside.ts').inside;
  }>();
  const without = (object: object, member: string): object =>
    new Proxy(object, {
      get: (from, name) => (name === member ? undefined : Reflect.get(from, name, from)),
    });
  const watched: typeof inside = (patch, object, ...members) => {
    const known = asked.members.get(patch) ?? new Set();
    asked.members.set(patch, known);
    for (const member of members) known.add(member);
    const { gone } = asked;
    const isGone = gone.patch === patch && (members as string[]).includes(gone.member);
    return inside(patch, isGone && object ? without(object, gone.member) : object, ...members);
  };
  return { inside: watched };
});

afterEach(() => {
  asked.gone = { patch: '', member: '' };
  vi.restoreAllMocks();
});

const startNode = useNodes();

interface Inside {
  readonly muxer: object;
  readonly maConn: MessageStream;
}

const insideOf = (connection: Connection): Inside => connection as Connection & Inside;

/** Both ends of a connection of two nodes. */
async function connect(): Promise<Connection[]> {
  const [a, b] = [await startNode(), await startNode()];
  const near = await a.dial(b.getMultiaddrs());
  await vi.waitFor(() => expect(b.getConnections()).toHaveLength(1));
  return [near, b.getConnections()[0]!];
}

describe('patches', () => {
  it('of @libp2p/tcp: both ends are known for bare TCP, and take the short way', async () => {
    for (const end of await connect()) {
      expect(bareSocketOf(insideOf(end).maConn)).toBe(socketOf(end));
      expect(insideOf(end).muxer).toBeInstanceOf(Session);
    }
  });

  it.each(['dialled', 'accepted'])(
    'of Node.js: a socket that was %s reads into our memory',
    async (kind) => {
      const server = createServer().listen(0, '127.0.0.1');
      onTestFinished(() => void server.close());
      await once(server, 'listening');
      const accepted = once(server, 'connection');
      const dialled = dial((server.address() as { port: number }).port, '127.0.0.1');
      const [socket] = (await accepted) as [Socket];
      const [reading, writing] = kind === 'dialled' ? [dialled, socket] : [socket, dialled];
      onTestFinished(() => {
        reading.destroy();
        writing.destroy();
      });
      const before: Buffer[] = [];
      reading.on('data', (bytes) => before.push(bytes));
      writing.write('early');
      await vi.waitFor(() => expect(`${Buffer.concat(before)}`).toBe('early'));
      const memory = Buffer.alloc(8);
      let text = '';
      let goesOn = true;
      const handleRead = (length: number): boolean => {
        text += memory.toString('latin1', 0, length);
        return goesOn;
      };
      expect(readInto(reading, { space: () => memory, handleRead })).toBe(true);
      writing.write('more than fits');
      await vi.waitFor(() => expect(text).toBe('more than fits'));
      expect(Buffer.concat(before)).toHaveLength(5);
      // A pause is kept until the socket resumes, and its end is heard.
      goesOn = false;
      writing.write('123456789');
      await vi.waitFor(() => expect(text).toBe('more than fits12345678'));
      goesOn = true;
      const ended = once(reading, 'end');
      writing.end();
      await once(writing, 'finish');
      expect(text).toBe('more than fits12345678');
      reading.resume();
      await ended;
      expect(text).toBe('more than fits123456789');
    },
  );

  it('of Node.js: a socket without such members is left alone', () => {
    const heard: string[] = [];
    hearFailures((what) => heard.push(what));
    const handleRead = (): boolean => true;
    expect(readInto({} as Socket, { space: () => Buffer.alloc(1), handleRead })).toBe(false);
    expect(heard).toEqual(["the patch 'reading into own memory'"]);
  });
});

/** From now on whoever connects to the node seems to do so from the internet. */
function beFarFromAll(node: Node): void {
  node.addEventListener('connection:open', ({ detail }) => {
    Object.defineProperty(detail, 'remoteAddr', { value: multiaddr('/ip4/198.51.100.7/tcp/4001') });
  });
}

/** The loopback addresses at which the node would dial that peer. */
async function nearAddresses(node: Node, peer: Node): Promise<string[]> {
  const { addresses } = await node.peerStore.get(peer.peerId);
  return addresses.map((each) => `${each.multiaddr}`).filter((text) => text.includes('/127.'));
}

/** A node that listens by mDNS, and the service that does. */
async function nodeWithMdns(onFailed: (error: Error) => void) {
  const create = createMdns(onFailed);
  let service: EventTarget | undefined;
  const node = await createLibp2p({
    peerDiscovery: [
      (components: Parameters<ReturnType<typeof mdns>>[0]) => {
        const made = create(components);
        service = made;
        return made;
      },
    ],
  });
  onTestFinished(() => node.stop());
  return { node, service: service! };
}

interface Canary {
  /** Each of them is needed. */
  readonly members: readonly string[];
  /** Throws where the patch does nothing. */
  readonly sing: () => Promise<void>;
}

/** By the patch's name. */
const CANARIES: Readonly<Record<string, Canary>> = {
  // The socket is found below both ends, with room for a block.
  'silent connections': {
    members: ['maConn', 'socket'],
    sing: async () => {
      for (const end of await connect()) {
        expect(socketOf(end)?.writableHighWaterMark).toBe(512 * 1024);
      }
    },
  },

  // A public address of this machine is named, unless it is withheld.
  'public addresses': {
    members: ['getAddressesWithMetadata', '_updatePeerStoreAddresses'],
    sing: async () => {
      const face = { address: '5.9.1.1', family: 'IPv4' };
      const faces = vi.spyOn(os, 'networkInterfaces').mockReturnValue({ it: [face as never] });
      onTestFinished(() => void faces.mockRestore());
      const node = await startNode({ listen: ['/ip4/0.0.0.0/tcp/0'] });
      const named = [expect.stringMatching('^/ip4/5.9.1.1/')];
      expect(node.getMultiaddrs().map(String)).toEqual(named);
      const { addresses } = node.services;
      addresses.withhold('5.9.1.1');
      expect(node.getMultiaddrs()).toEqual([]);
      expect(addresses.listened().map(String)).toEqual(named);
      addresses.withhold(undefined);
      expect(node.getMultiaddrs().map(String)).toEqual(named);
    },
  },

  // A node tells others of none of its host alone.
  'addresses that others are told': {
    members: ['getAddresses'],
    sing: async () => {
      const face = { address: '5.9.1.1', family: 'IPv4' };
      const own = { address: '127.0.0.1', family: 'IPv4' };
      const faces = vi.spyOn(os, 'networkInterfaces').mockReturnValue({ it: [own, face] as never });
      onTestFinished(() => void faces.mockRestore());
      const node = await startNode({ listen: ['/ip4/0.0.0.0/tcp/0'] });
      const { components } = node as unknown as { components: { addressManager: object } };
      const told = asTold(components).addressManager as { getAddresses(): object[] };
      expect(told.getAddresses().map(String)).toEqual([expect.stringMatching('^/ip4/5.9.1.1/')]);
    },
  },

  // A node names one more address, and no longer.
  'announcing another address': {
    members: ['_updatePeerStoreAddresses', 'appendAnnounce', 'components'],
    sing: async () => {
      const node = await startNode();
      const named = (): string => node.getMultiaddrs().join();
      const withdraw = announceAlso(node, '/ip4/5.9.1.1/tcp/4001');
      expect(named()).toContain('/ip4/5.9.1.1/tcp/4001/p2p/');
      withdraw();
      expect(named()).not.toContain('5.9.1.1');
    },
  },

  // A node listens at one more address, and no longer.
  'changing listeners': {
    members: ['components', 'transportManager'],
    sing: async () => {
      const node = await startNode();
      await listenAt(node, '/ip4/127.0.0.2/tcp/0');
      expect(countListeners(node)).toBe(2);
      await stopListening(node, '/ip4/127.0.0.2');
      expect(node.getMultiaddrs().map(String)).toEqual([expect.stringContaining('/127.0.0.1/')]);
    },
  },

  // A word is heard, and answered by a pong.
  'a word now and then': {
    members: ['muxer'],
    sing: async () => {
      const [near, far] = await connect();
      const [socket, other] = [socketOf(near!)!, socketOf(far!)!];
      // The ping of the beginning has been answered.
      await vi.waitFor(() => expect(other.bytesWritten).toBe(socket.bytesRead));
      const before = socket.bytesRead;
      const spoken = vi.spyOn(insideOf(near!).muxer as Session, 'speak');
      speak(near!);
      expect(spoken).toHaveBeenCalled();
      await vi.waitFor(() => expect(socket.bytesRead).toBeGreaterThan(before));
      expect(near!.status).toBe('open');
    },
  },

  // Both ends read into memory that Node.js was given.
  'reading into own memory': {
    members: ['_handle', 'useUserBuffer'],
    sing: async () => {
      for (const end of await connect()) {
        const socket = socketOf(end)!;
        const memory = Object.getOwnPropertySymbols(socket).find(
          ({ description }) => description === 'kBuffer',
        );
        expect(Reflect.get(socket, memory!)).toBeInstanceOf(Uint8Array);
      }
    },
  },

  // A record that another node sends is kept, found and forgotten by the store of our own.
  'provider records': {
    members: ['addProvider', 'removeProvider', 'getProviders'],
    sing: async () => {
      const calls = (['add', 'list', 'remove'] as const).map((name) =>
        vi.spyOn(ProviderStore.prototype, name),
      );
      const [keeper, teller] = [await startNode(), await startNode()];
      await teller.dial(keeper.getMultiaddrs());
      const { dht } = teller.services;
      await vi.waitFor(() => expect(dht.routingTable.size).toBe(1), 20_000);
      const cid = rawCid(sha256(randomBytes(100)));
      const { providers } = keeper.services.dht;
      for await (const _ of dht.provide(cid));
      // A record is sent without an answer.
      await vi.waitFor(async () => {
        const providing = await providers.getProviders(cid);
        expect(providing.map(String)).toEqual([teller.peerId.toString()]);
      });
      await providers.removeProvider(cid, teller.peerId);
      expect(await providers.getProviders(cid)).toEqual([]);
      for (const call of calls) expect(call).toHaveBeenCalled();
    },
  },

  // Who is asked from afar names a peer of our own host: it stays without an address.
  'addresses in answers of the DHT': {
    members: ['sendRequest', 'safeDispatchEvent'],
    sing: async () => {
      const [asker, teller, third] = [await startNode(), await startNode(), await startNode()];
      beFarFromAll(asker);
      await third.dial(teller.getMultiaddrs());
      await asker.dial(teller.getMultiaddrs());
      await vi.waitFor(async () => {
        expect(asker.services.dht.routingTable.size).toBe(1);
        expect(await nearAddresses(teller, third)).not.toEqual([]);
      }, 20_000);
      const cid = rawCid(sha256(randomBytes(100)));
      await teller.services.dht.providers.addProvider(cid, third.peerId);
      const named: PeerInfo[] = [];
      const discovered = vi.fn();
      asker.addEventListener('peer:discovery', ({ detail }) => discovered(detail));
      for await (const event of asker.services.dht.findProviders(cid)) {
        if (event.name === 'PEER_RESPONSE') named.push(...event.providers, ...event.closer);
      }
      const ofThird = named.filter(({ id }) => id.equals(third.peerId));
      expect(ofThird.map(({ multiaddrs }) => multiaddrs)).not.toEqual([]);
      expect(ofThird.flatMap(({ multiaddrs }) => multiaddrs)).toEqual([]);
      await vi.waitFor(() => expect(discovered).toHaveBeenCalled());
      expect(await nearAddresses(asker, third)).toEqual([]);
    },
  },

  // A provider from afar that says it is on our own host has no address there.
  'addresses in provider records': {
    members: ['handlers', 'ADD_PROVIDER', 'handle'],
    sing: async () => {
      const [keeper, teller] = [await startNode(), await startNode()];
      beFarFromAll(keeper);
      await teller.dial(keeper.getMultiaddrs());
      const { dht } = teller.services;
      await vi.waitFor(() => expect(dht.routingTable.size).toBe(1), 20_000);
      const { handlers } = keeper.services.dht.rpc;
      const handled = vi.spyOn(handlers.ADD_PROVIDER, 'handle');
      const cid = rawCid(sha256(randomBytes(100)));
      for await (const _ of dht.provide(cid));
      // A record is sent without an answer.
      await vi.waitFor(() => expect(handled).toHaveBeenCalled());
      await handled.mock.results[0]!.value;
      expect(await nearAddresses(keeper, teller)).toEqual([]);
    },
  },

  // A peer from afar that says so when it is asked who it is has none there either.
  'addresses that peers say they listen at': {
    members: ['_identify'],
    sing: async () => {
      const [near, far] = [await startNode(), await startNode()];
      beFarFromAll(near);
      const identified = once(near as never, 'peer:identify');
      await far.dial(near.getMultiaddrs());
      await identified;
      expect(await nearAddresses(near, far)).toEqual([]);
    },
  },

  // The LAN names addresses of the LAN.
  'addresses heard by mDNS': {
    members: ['dispatchEvent'],
    sing: async () => {
      const { node, service } = await nodeWithMdns(() => {});
      const id = peerIdFromPrivateKey(await generateKeyPair('Ed25519'));
      const multiaddrs = ['/ip4/127.0.0.1/tcp/2222', '/ip4/10.1.2.3/tcp/4001'].map((text) =>
        multiaddr(text),
      );
      const discovered = once(node as never, 'peer:discovery');
      service.dispatchEvent(new CustomEvent('peer', { detail: { id, multiaddrs } }));
      const [{ detail }] = (await discovered) as [CustomEvent<PeerInfo>];
      expect(detail.multiaddrs.map(String)).toEqual(['/ip4/10.1.2.3/tcp/4001']);
    },
  },

  // Its ciphers are bounded and given back, and the short way is taken.
  'memory of pnet': {
    members: ['inboundXor', 'maConn', 'outboundXor'],
    sing: async () => {
      const text = `/key/swarm/psk/1.0.0/\n/base16/\n${'ab'.repeat(32)}`;
      const options = { swarmKey: { text, swarm: 'a', exposed: false } };
      const [a, b] = [await startNode(options), await startNode(options)];
      const connection = await a.dial(b.getMultiaddrs());
      expect(insideOf(connection).muxer).toBeInstanceOf(Session);
    },
  },
  // Who asked is told that nothing is heard; a failure in its timer ends nothing.
  'failures of mDNS': {
    members: ['mdns', 'once', 'update'],
    sing: async () => {
      const failed = vi.fn();
      const told = vi.fn();
      hearFailures(told);
      const { service } = await nodeWithMdns(failed);
      const { mdns: heard } = service as unknown as { mdns: EventEmitter & { update(): void } };
      heard.emit('error', new Error('no port'));
      expect(failed).toHaveBeenCalledWith(new Error('no port'));
      vi.spyOn(os, 'networkInterfaces').mockImplementation(() => {
        throw new Error('no interfaces');
      });
      heard.update();
      const what = "looking at this machine's interfaces";
      expect(told).toHaveBeenCalledWith(what, new Error('no interfaces'));
    },
  },
};

const MEMBERS = Object.entries(CANARIES).flatMap(([patch, { members }]) =>
  members.map((member) => ({ patch, member })),
);

describe('a patch', () => {
  it.each(Object.entries(CANARIES))('works: %s', async (patch, { members, sing }) => {
    await sing();
    expect([...asked.members.get(patch)!].sort()).toEqual([...members].sort());
  });

  it.each(MEMBERS)('is found idle: $patch without $member', async (gone) => {
    asked.gone = gone;
    hearFailures(() => {});
    await expect(CANARIES[gone.patch]!.sing()).rejects.toThrow();
  });

  it('has a canary', () => {
    expect(Object.keys(CANARIES)).toEqual(expect.arrayContaining([...asked.members.keys()]));
  });
});

describe('inside', () => {
  it('tells once of a patch whose member is gone, and hands nothing over', () => {
    const heard: string[] = [];
    hearFailures((what, error) => heard.push(`${what}: ${(error as Error).message}`));
    const known = { a: 1 };
    expect(inside<{ a: number }>('of a', known, 'a')).toBe(known);
    for (let i = 0; i < 2; i++) {
      expect(inside<{ a: number; b: number; c: number }>('of b', known, 'a', 'b', 'c')).toBe(
        undefined,
      );
    }
    expect(inside<{ a: number }>('of nothing', undefined, 'a')).toBe(undefined);
    expect(heard).toEqual([
      "the patch 'of b': there is no b, no c",
      "the patch 'of nothing': there is no a",
    ]);
  });
});
