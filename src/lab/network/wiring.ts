// The commands that make a lab's hosts: one network namespace each, wired to a bridge
// in a namespace of its own, with a rate limit of the kernel's both ways. What a host
// sends is limited as it leaves the host, what it takes as it leaves the bridge. Every
// device lives inside a namespace that bears the lab's process id, so that nothing of
// it is seen outside and removing the namespaces removes all. Pure: strings only.
//
// Hosts know each other's Ethernet address from the start. Between homes there is no
// ARP: what is sent to a host whose line is cut is lost in silence, not refused after 3 s.
// And all namespaces share one table of 1024 learnt addresses, which the pairs of 33
// hosts overflow; what was set does not count there. For the same reason the bridge is
// told where each host is, and does not try every line: half a network, split off, would
// fill the lines of all with what is sent to the other half (measured: 0.5 MB in the
// first second, to a host that talked to nobody).
//
// Sources: ip-netns(8), veth(4), tc-tbf(8), bridge(8), arp(7) for gc_thresh3.
import { HubswarmError } from '../../runtime/errors.ts';
import type { Rates } from '../terms/setting.ts';
import type { NetworkCommand } from './command.ts';

/** Longer than `hubswarm-`, so that no other program's namespace is taken for a lab's. */
const PREFIX = 'hubswarm-lab-';

/**
 * TCP's payload with timestamps, 1500 - 20 (IPv4) - 32 bytes, over the 1514 bytes of an
 * Ethernet frame, which tbf counts. A line's rate is divided by this share, so that a rate
 * means payload with either kind of link, and bounds and caps have one meaning.
 * Acknowledgements of what a host takes pass its uplink too (a 66-byte frame for two
 * segments, 2 % of as much again) and are not made up for.
 */
export const PAYLOAD_SHARE = 1448 / 1514;

/**
 * What may go at once, at least two frames, after a pause or a late timer of the kernel's.
 * A bound counts from an empty bucket, so this is how much a run may be below it. Chosen.
 */
const BURST_MS = 4;
const LEAST_BURST_BYTES = 2 * 1514;
/** Queue length of a home router, milliseconds. Chosen. */
const QUEUE_MS = 100;
/** Two of the largest bursts that TCP hands to a line (64 KiB with their bookkeeping). Chosen. */
export const SOCKET_BYTES = 64 * 1024;

/** The bridge of all hosts, and the one to which some of them are moved by a split. */
export const HALVES = ['bridge0', 'bridge1'] as const;

/** TCP settings of every host, whatever the machine's own are. */
export const TCP = [
  // The one that every kernel has; as most do, it fills a queue until it loses.
  ['congestion_control', 'reno'],
  // A run must not start with what was learnt of the line in the run before.
  ['no_metrics_save', '1'],
  // Least, first and most bytes that a socket keeps to be sent. What the kernel keeps
  // goes out after its process was killed: with the usual megabytes, the whole file.
  ['wmem', `4096 16384 ${SOCKET_BYTES}`],
].map(([name, value]) => `echo ${value} > /proc/sys/net/ipv4/tcp_${name}`);

/** Limit of an address' last part. */
const MAX_HOSTS = 254;

export interface Host {
  readonly namespace: string;
  readonly address: string;
  /** Its Ethernet address. */
  readonly mac: string;
  /** The bridge's end of its line. */
  readonly port: string;
}

export interface NetworkPlan {
  readonly hosts: readonly Host[];
  /** Where the lines end, and a device for each half of a network that is split. */
  readonly bridge: string;
  readonly commands: readonly NetworkCommand[];
}

export const namespaceOf = (pid: number, what: number | 'bridge' | 'probe'): string =>
  `${PREFIX}${pid}-${what}`;

/** The process id of the lab that made it; undefined for a namespace of somebody else. */
export function labOf(namespace: string): number | undefined {
  const match = /^hubswarm-lab-(\d+)-(?:\d+|bridge|probe)$/.exec(namespace);
  return match ? Number(match[1]) : undefined;
}

/** The names in what `ip netns list` prints, which may have an id behind each. */
export const namespacesIn = (listing: string): string[] =>
  listing.split('\n').flatMap((line) => line.split(' ')[0] || []);

/** A command of `tc` that gives a device this rate, whichever it has. */
export function limit(device: string, payloadBytesPerSecond: number): string {
  const qdisc = `qdisc replace dev ${device} root`;
  if (payloadBytesPerSecond === Number.POSITIVE_INFINITY) return `${qdisc} noqueue`;
  // `bps` is tc's word for bytes per second.
  const rate = Math.ceil(payloadBytesPerSecond / PAYLOAD_SHARE);
  const burst = Math.max(LEAST_BURST_BYTES, Math.ceil((rate * BURST_MS) / 1000));
  return `${qdisc} tbf rate ${rate}bps burst ${burst} latency ${QUEUE_MS}ms`;
}

/** Commands of one program in one namespace, in one call. */
export const batch = (
  program: 'ip' | 'tc' | 'bridge',
  namespace: string | null,
  does: string,
  lines: readonly string[],
): NetworkCommand => ({
  program,
  args: [...(namespace === null ? [] : ['-n', namespace]), '-batch', '-'],
  lines,
  does,
});

/** Locally administered MAC address that contains the host's index. */
const macOf = (index: number): string =>
  `02:00:0a:4d:00:${(index + 1).toString(16).padStart(2, '0')}`;

/**
 * Commands for hosts with these rates, first to last.
 *
 * @throws HubswarmError ERR_USAGE when they are too many
 */
export function planNetwork(pid: number, rates: readonly Rates[]): NetworkPlan {
  if (rates.length > MAX_HOSTS) {
    throw new HubswarmError(
      'ERR_USAGE',
      `--link netns: ${rates.length} hosts are not accepted; it makes up to ${MAX_HOSTS}`,
    );
  }
  const bridge = namespaceOf(pid, 'bridge');
  const hosts = rates.map((_, i) => ({
    namespace: namespaceOf(pid, i),
    address: `10.77.0.${i + 1}`,
    mac: macOf(i),
    port: `port${i}`,
  }));
  return {
    hosts,
    bridge,
    commands: [
      ...planBridge(bridge, hosts),
      ...planHosts(hosts, rates),
      planDownlinks(bridge, hosts, rates),
    ],
  };
}

function planBridge(bridge: string, hosts: readonly Host[]): NetworkCommand[] {
  const namespaces = [bridge, ...hosts.map(({ namespace }) => namespace)];
  return [
    batch(
      'ip',
      null,
      'network namespaces cannot be made',
      namespaces.map((name) => `netns add ${name}`),
    ),
    batch(
      'ip',
      bridge,
      'a bridge cannot be made',
      HALVES.flatMap((name) => [`link add ${name} type bridge`, `link set ${name} up`]),
    ),
    batch(
      'ip',
      null,
      'veth devices cannot be made',
      hosts.map(
        ({ namespace, mac, port }) =>
          `link add wan0 address ${mac} netns ${namespace} type veth peer name ${port} netns ${bridge}`,
      ),
    ),
    ...planHalves(bridge, [hosts, []], 'a bridge of veth devices cannot be made'),
    batch(
      'ip',
      bridge,
      'veth devices cannot be used',
      hosts.map(({ port }) => `link set ${port} up`),
    ),
  ];
}

/** Wires these hosts to either bridge. What a bridge knew of a port goes when that leaves it. */
export const planHalves = (
  bridge: string,
  halves: readonly [readonly Host[], readonly Host[]],
  does: string,
): NetworkCommand[] => [
  batch(
    'ip',
    bridge,
    does,
    halves.flatMap((hosts, i) =>
      hosts.flatMap(({ port }) => [
        `link set ${port} master ${HALVES[i as 0 | 1]}`,
        `link set ${port} type bridge_slave flood off learning off`,
      ]),
    ),
  ),
  batch(
    'bridge',
    bridge,
    does,
    halves.flat().map(({ mac, port }) => `fdb replace ${mac} dev ${port} master static`),
  ),
];

function planHosts(hosts: readonly Host[], rates: readonly Rates[]): NetworkCommand[] {
  const neighbours = hosts.map(
    ({ address, mac }) => `neigh add ${address} lladdr ${mac} dev wan0 nud permanent`,
  );
  return hosts.flatMap(({ namespace, address }, i): NetworkCommand[] => [
    batch('ip', namespace, 'addresses cannot be set', [
      'link set lo up',
      `addr add ${address}/24 dev wan0`,
      'link set wan0 up',
      ...neighbours.toSpliced(i, 1),
    ]),
    batch('tc', namespace, 'the tbf queue cannot be made', [
      limit('wan0', rates[i]!.uplinkBytesPerSecond),
    ]),
    {
      program: 'ip',
      args: ['netns', 'exec', namespace, 'sh', '-e'],
      lines: TCP,
      does: 'processes in namespaces cannot be started',
    },
  ]);
}

const planDownlinks = (
  bridge: string,
  hosts: readonly Host[],
  rates: readonly Rates[],
): NetworkCommand =>
  batch(
    'tc',
    bridge,
    'the tbf queue cannot be made',
    hosts.map(({ port }, i) => limit(port, rates[i]!.downlinkBytesPerSecond)),
  );
