// The only file that builds libp2p: TCP, Noise and yamux, with identify, ping and a kad-dht of
// Hubswarm's own beside them. Every option that departs from libp2p's default says why; the
// defaults are those of a wallet in the open internet, and a swarm on one host or one LAN dies of
// several of them. Other files decide which peers are dialled, and speak over the streams. Code
// that reaches into the packages' own objects is in patches/.
import type { Identify } from '@libp2p/identify';
import type {
  Address,
  Connection,
  DialOptions,
  Libp2p,
  PeerId,
  PrivateKey,
  Startable,
} from '@libp2p/interface';
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht';
import { type Ping, ping } from '@libp2p/ping';
import { loopbackAddressLast, publicAddressesFirst } from '@libp2p/utils';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { type Cancel, type Clock, systemClock, type Timers } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { guarded, unawaited } from '../../runtime/guarded.ts';
import { scopeOfPeer } from '../address/scope.ts';
import { isCircuit } from '../circuit/circuit-address.ts';
import { createCircuits } from '../circuit/transport.ts';
import { createIdentify } from '../patches/identify.ts';
import { inside } from '../patches/inside.ts';
import { type Dht, keepProviders, sieveAddresses } from '../patches/kad-dht.ts';
import { OwnAddresses } from '../patches/own-addresses.ts';
import { createTcp } from '../patches/tcp.ts';
import { asTold } from '../patches/told-addresses.ts';
import type { SwarmKey } from '../private/swarm-key.ts';
import { createEncrypter, createMuxer } from '../wire/encrypter.ts';
import { boundDials, DialBudget } from './dial-budget.ts';
import { FromPort, type FromPortComponents } from './from-port.ts';
import { answerProbes } from './probe-answers.ts';
import { ProviderStore } from './provider-store.ts';

type Services = {
  identify: Identify;
  ping: Ping;
  probes: Startable;
  dials: DialBudget;
  addresses: OwnAddresses;
  fromPort: FromPort;
  dht: Dht;
};

export type Node = Libp2p<Services>;

export interface NodeOptions {
  readonly privateKey: PrivateKey;
  /** systemClock by default. libp2p itself takes none. */
  readonly clock?: Timers;
  /** Multiaddrs; by default any free port of 127.0.0.1. */
  readonly listen?: readonly string[];
  /** Multicast to find peers on the LAN: heard on every interface, sent by the system's route. */
  readonly mdns?: boolean;
  /** Called if the port of multicast DNS cannot be opened; the node goes on without. */
  readonly onMdnsFailed?: (error: Error) => void;
  /** Most connections; further ones are refused. libp2p's default: 300. */
  readonly maxConnections?: number;
  /**
   * Whether a peer is refused: it is not dialled, and its connections end once its PeerId is known.
   */
  readonly isRefused?: (peer: string) => boolean;
  /** Whether an address may be dialled, and a connection from it be taken; all by default. */
  readonly allowsAddress?: (address: Multiaddr) => boolean;
  /** Only peers that have it can be connected to; anybody without one. */
  readonly swarmKey?: SwarmKey;
}

/**
 * Protocol of the DHT. It is not /ipfs/kad, so that Hubswarm's records and peers stay out of the
 * public DHT.
 */
export const KAD_PROTOCOL = '/hubswarm/kad/1.0.0';

/** Time for which a record is valid: libp2p keeps the addresses that it needs for as long. */
const RECORD_VALID_MS = 60 * 60_000;

/** The next is asked twice as late at the most. */
const IDENTIFY_AFTER_MS = 2500;
/** Half of the wait before a peer that did not answer is asked again; it doubles. Chosen. */
const IDENTIFY_AGAIN_MS = 1000;
const MOST_IDENTIFICATIONS = 6;

const SELF_QUERY_AFTER_MS = 60_000;

/**
 * A window of 256 KiB, where every stream starts, costs a third of the speed. The window is also
 * what can be queued in kernels ahead of a control frame, so `most` is the smallest that is fast
 * enough for a link of 1 Gbit/s. Over 4 MiB a reader that lags overflows libp2p's read buffer.
 */
const WINDOWS = { most: 2 ** 20, mostOnFast: 2 ** 22 };

/** 64 peers behind one address (a host, a NAT) may all dial, and redial, within a second. */
const CONNECTIONS_PER_HOST_PER_SECOND = 256;

/**
 * Starts a node; its addresses are final.
 *
 * @throws HubswarmError ERR_LISTEN when an address is taken, not this machine's or no address
 */
export async function createNode(options: NodeOptions): Promise<Node> {
  const listen = [...(options.listen ?? ['/ip4/127.0.0.1/tcp/0'])];
  checkListen(listen);
  const clock = options.clock ?? systemClock;
  const dials = new DialBudget(clock);
  try {
    const node = await createLibp2p({
      privateKey: options.privateKey,
      addresses: { listen },
      transports: [
        (components) => boundDials(createTcp(components), dials),
        (components) => boundDials(createCircuits(components), dials),
      ],
      connectionEncrypters: [createEncrypter(clock)],
      ...(options.swarmKey && { connectionProtector: await protectBy(options.swarmKey) }),
      streamMuxers: [createMuxer({ windows: WINDOWS, clock })],
      connectionGater: {
        denyInboundEncryptedConnection: (peer) => options.isRefused?.(peer.toString()) ?? false,
        denyDialPeer: (peer) => options.isRefused?.(peer.toString()) ?? false,
        denyDialMultiaddr: (address) => options.allowsAddress?.(address) === false,
        denyInboundConnection: ({ remoteAddr }) => options.allowsAddress?.(remoteAddr) === false,
      },
      connectionManager: {
        addressSorter: relaysLast,
        ...(options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }),
        // Default 5: of 16 peers on one host that dial at once, 11 were refused.
        inboundConnectionThreshold: CONNECTIONS_PER_HOST_PER_SECOND,
        // Default 10: the same refusal, by handshakes under way. Chosen: twice 64 peers.
        maxIncomingPendingConnections: 128,
        // Default 5: whoever the DHT counts among the closest is called again when it
        // hangs up, and without a wait, since the call succeeds: one that had banned this
        // peer got 25 calls a second. Whom a swarm misses is called by contacts.ts.
        maxParallelReconnects: 0,
      },
      // It aborts a connection whose ping takes 5 s: exactly the busy ones. TCP
      // and yamux notice the dead.
      connectionMonitor: { enabled: false },
      peerDiscovery: options.mdns ? [await discoverByMdns(options)] : [],
      services: {
        identify: createIdentify,
        ping: createPing,
        probes: answerProbes(clock),
        dials: () => dials,
        addresses: (components: object): OwnAddresses => new OwnAddresses(components),
        fromPort: (components: FromPortComponents): FromPort => new FromPort(components),
        dht: createDht(clock),
      },
    });
    identifyInTime(node, clock);
    return node;
  } catch (error) {
    throw listenError(error, listen);
  }
}

/** As libp2p's default, but that calls a public relay before a private address. */
const relaysLast = (a: Address, b: Address): -1 | 0 | 1 => {
  const isOver = isCircuit(a.multiaddr);
  if (isOver !== isCircuit(b.multiaddr)) return isOver ? 1 : -1;
  return (
    loopbackAddressLast(a.multiaddr, b.multiaddr) || publicAddressesFirst(a.multiaddr, b.multiaddr)
  );
};

/** Loaded only where it is wanted. */
async function discoverByMdns({ onMdnsFailed = () => {}, swarmKey }: NodeOptions) {
  const { createMdns } = await import('../patches/mdns.ts');
  return createMdns(onMdnsFailed, swarmKey?.swarm);
}

/** Loaded only where it is wanted. */
async function protectBy({ text }: SwarmKey) {
  const { createProtector } = await import('../patches/pnet.ts');
  return createProtector(text);
}

/**
 * By default both ends ask at once, on every connection, what the other speaks. The
 * exchange need not know; with 16 receivers at once it cost the last of them 0.4 s. The DHT does: the first connection is its way in, the others follow later.
 */
function identifyInTime(node: Node, clock: Timers): void {
  const handleOpen = ({ detail: connection }: CustomEvent<Connection>): void => {
    let cancel: Cancel = () => undefined;
    const askAfter = (wait: number, tries: number): void => {
      cancel = clock.after(wait, 'identifying a peer', () => {
        if (connection.status !== 'open') return;
        // It may not answer: then the DHT does without it. But whoever asks this peer where that one is
        // needs the answer, and a link may have been down for seconds.
        const askAgain = (): void => {
          if (tries < MOST_IDENTIFICATIONS) askAfter(IDENTIFY_AGAIN_MS * 2 ** tries, tries + 1);
        };
        const identified = node.services.identify.identify(connection);
        unawaited('identifying a peer', identified.catch(askAgain));
      });
    };
    const isFirst = node.getConnections().length === 1;
    askAfter(isFirst ? 0 : IDENTIFY_AFTER_MS * (1 + Math.random()), 1);
    const stop = guarded('identifying a peer', () => cancel());
    connection.addEventListener('close', stop, { once: true });
  };
  node.addEventListener('connection:open', guarded('identifying a peer', handleOpen));
}

/**
 * kad-dht pings every peer before it enters the routing table. One that is connected
 * has just proven that it lives, and a ping costs two streams: a quarter of all that
 * a flash crowd opens.
 */
const createPing = (components: Parameters<ReturnType<typeof ping>>[0]): Ping => {
  const service = ping()(components);
  const measure = service.ping.bind(service);
  service.ping = async (peer, options) => {
    const [connection] = components.connectionManager.getConnections(peer as PeerId);
    return connection?.status === 'open' ? (connection.rtt ?? 0) : measure(peer, options);
  };
  return service;
};

const createDht =
  (clock: Clock) =>
  (components: Parameters<ReturnType<typeof kadDHT>>[0]): Dht => {
    const dht = kadDHT({
      protocol: KAD_PROTOCOL,
      // By default a node only serves records once it has a public address.
      clientMode: false,
      // By default private addresses, all that a LAN has, are dropped from answers.
      peerInfoMapper: passthroughMapper,
      // Every query would wait for the first self-query, which asks everybody. The
      // trap of this option, that a query of nobody succeeds, is closed by discovery.ts:
      // it asks only once the routing table has a peer, and counts who was told.
      allowQueryWithZeroPeers: true,
      // Not in the first second, which belongs to finding the file.
      initialQuerySelfInterval: SELF_QUERY_AFTER_MS,
      // Default 10 at a time on 10 disjoint paths: in a small swarm that asks everybody
      // everything. k stays 20: it is also how many providers a search ends at.
      alpha: 3,
      disjointPaths: 1,
      // Default 48 h: too long for peers that come and go. Forgets them within 15 min
      // more; telling again is Provision's, so no record of one's own is ever near its end.
      reprovide: { validity: RECORD_VALID_MS, interval: RECORD_VALID_MS / 4, threshold: 0 },
    })(asTold(components)) as Dht;
    keepProviders(dht, new ProviderStore(components.peerId, RECORD_VALID_MS, clock));
    const { connectionManager } = components;
    sieveAddresses(dht, (teller) => scopeOfPeer(connectionManager.getConnections(teller)));
    return dht;
  };

/**
 * Dials one peer, with those of its addresses exempt from the dial budget that this peer's user
 * gave, or where it was reached before.
 */
export async function dialGiven(
  node: Node,
  addresses: readonly Multiaddr[],
  given: readonly Multiaddr[],
  options: DialOptions,
): Promise<Connection> {
  const withdraw = node.services.dials.exempt(given.map(String));
  try {
    return await node.dial([...addresses], options);
  } finally {
    withdraw();
  }
}

/** What a started node (libp2p 3) is made of, as far as addresses at which it listens change. */
interface Listeners {
  listen(addresses: readonly Multiaddr[]): Promise<void>;
  getListeners(): { getAddrs(): Multiaddr[]; close(): Promise<void> }[];
}

function listenersOf(node: Node): Listeners | undefined {
  const patch = 'changing listeners';
  const known = inside<{ components: object }>(patch, node, 'components');
  const { components } = known ?? {};
  return inside<{ transportManager: Listeners }>(patch, components, 'transportManager')
    ?.transportManager;
}

/** Listens there as well. @throws HubswarmError ERR_LISTEN */
export async function listenAt(node: Node, address: string): Promise<void> {
  try {
    await listenersOf(node)?.listen([multiaddr(address)]);
  } catch (error) {
    throw listenError(error, [address]);
  }
}

/** The addresses at which the node listens, without those that it only announces. */
export const listenedAt = (node: Node): Multiaddr[] =>
  (listenersOf(node)?.getListeners() ?? []).flatMap((each) => each.getAddrs());

export const countListeners = (node: Node): number => listenersOf(node)?.getListeners().length ?? 0;

/** Stops listening there; connections that came in there end. */
export async function stopListening(node: Node, host: string): Promise<void> {
  const listening = (listenersOf(node)?.getListeners() ?? []).filter((each) =>
    each.getAddrs().some((address) => `${address}`.startsWith(`${host}/`)),
  );
  await Promise.all(listening.map((each) => each.close()));
}

function checkListen(listen: readonly string[]): void {
  for (const address of listen) {
    try {
      multiaddr(address);
    } catch (cause) {
      throw new HubswarmError(
        'ERR_LISTEN',
        `cannot listen on '${address}': not a multiaddr (as in /ip4/127.0.0.1/tcp/4001)`,
        { cause },
      );
    }
  }
}

/** What the system calls it, in words; libp2p keeps only the text of the causes. */
const LISTEN_REASONS: readonly (readonly [RegExp, string])[] = [
  [/EADDRINUSE/, 'the port is in use'],
  [/EADDRNOTAVAIL/, 'not an address of this machine'],
  [/EACCES/, 'permission denied'],
  [/UnsupportedListenAddress|not supported/i, 'only TCP addresses can be listened on'],
];

function listenError(error: unknown, listen: readonly string[]): unknown {
  if (!(error instanceof Error) || error.name !== 'UnsupportedListenAddressesError') return error;
  // The text lists only the addresses that failed.
  const failed = listen.filter((address) => error.message.includes(`${address}:`));
  const known = LISTEN_REASONS.find(([pattern]) => pattern.test(error.message));
  const reason = known?.[1] ?? 'only TCP addresses can be listened on';
  return new HubswarmError('ERR_LISTEN', `cannot listen on ${failed.join(', ')}: ${reason}`, {
    cause: error,
  });
}
