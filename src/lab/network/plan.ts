// The commands that make a lab's hosts: one network namespace each, wired to a bridge
// in a namespace of its own, with a rate limit of the kernel's both ways. What a host
// sends is limited as it leaves the host, what it takes as it leaves the bridge. Every
// device lives inside a namespace that bears the lab's process id, so that nothing of
// it is seen outside and removing the namespaces removes all. Pure: strings only.
//
// Sources: ip-netns(8), veth(4), tc-tbf(8).
import type { LinkRates } from '../scenario.ts';

/** Not only `hubswarm-`: whatever else makes namespaces must not be taken for a lab. */
const PREFIX = 'hubswarm-lab-';

/**
 * Of an Ethernet frame's 1514 bytes, which are what tbf counts, TCP's payload with
 * timestamps: 1500 - 20 (IPv4) - 32. A line is made wider by this, so that a rate means
 * payload with either kind of link, and bounds and caps need no second meaning.
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
/** Of a home router's buffer. Chosen. */
const QUEUE_MS = 100;
/** Two of the largest bursts that TCP hands to a line (64 KiB with their bookkeeping). Chosen. */
export const SOCKET_BYTES = 64 * 1024;

/** Of every host, whatever the machine has. */
const TCP = [
  // The one that every kernel has; as most do, it fills a queue until it loses.
  ['congestion_control', 'reno'],
  // A run must not start with what was learnt of the line in the run before.
  ['no_metrics_save', '1'],
  // Least, first and most bytes that a socket keeps to be sent. What the kernel keeps
  // goes out after its process was killed: with the usual megabytes, the whole file.
  ['wmem', `4096 16384 ${SOCKET_BYTES}`],
] as const;

export interface Host {
  readonly namespace: string;
  readonly address: string;
}

/** One call of a program, and what the machine lacks when it fails. */
export interface NetworkCommand {
  readonly program: 'ip' | 'tc';
  readonly args: readonly string[];
  /** Commands of a batch, on stdin. */
  readonly lines: readonly string[];
  readonly makes: string;
}

export interface NetworkPlan {
  readonly hosts: readonly Host[];
  readonly commands: readonly NetworkCommand[];
}

const namespaceOf = (pid: number, what: string | number): string => `${PREFIX}${pid}-${what}`;

/** The process id of the lab that made it; undefined for a namespace of somebody else. */
export function labOf(namespace: string): number | undefined {
  const match = /^hubswarm-lab-(\d+)-(?:\d+|bridge)$/.exec(namespace);
  return match ? Number(match[1]) : undefined;
}

/** The names in what `ip netns list` prints, which may have an id behind each. */
export const namespacesIn = (listing: string): string[] =>
  listing.split('\n').flatMap((line) => line.split(' ')[0] || []);

function tbf(device: string, payloadBytesPerSecond: number): string {
  // `bps` is tc's word for bytes per second.
  const rate = Math.ceil(payloadBytesPerSecond / PAYLOAD_SHARE);
  const burst = Math.max(LEAST_BURST_BYTES, Math.ceil((rate * BURST_MS) / 1000));
  return `qdisc add dev ${device} root tbf rate ${rate}bps burst ${burst} latency ${QUEUE_MS}ms`;
}

/** Commands for so many hosts of this lab, first to last. */
export function planNetwork(pid: number, count: number, rates: LinkRates): NetworkPlan {
  const bridge = namespaceOf(pid, 'bridge');
  const hosts = Array.from({ length: count }, (_, i) => ({
    namespace: namespaceOf(pid, i),
    address: `10.77.0.${i + 1}`,
  }));
  const inside = (namespace: string): string[] => ['-n', namespace];
  const batch = (
    program: 'ip' | 'tc',
    namespace: readonly string[],
    makes: string,
    lines: readonly string[],
  ): NetworkCommand => ({ program, args: [...namespace, '-batch', '-'], lines, makes });
  return {
    hosts,
    commands: [
      batch(
        'ip',
        [],
        'network namespaces',
        [bridge, ...hosts.map(({ namespace }) => namespace)].map((name) => `netns add ${name}`),
      ),
      batch('ip', inside(bridge), 'a bridge', [
        'link add bridge0 type bridge',
        'link set bridge0 up',
      ]),
      batch(
        'ip',
        [],
        'veth devices',
        hosts.map(
          ({ namespace }, i) =>
            `link add wan0 netns ${namespace} type veth peer name port${i} netns ${bridge}`,
        ),
      ),
      batch(
        'ip',
        inside(bridge),
        'a bridge of veth devices',
        hosts.map((_, i) => `link set port${i} master bridge0 up`),
      ),
      ...hosts.map(({ namespace, address }) =>
        batch('ip', inside(namespace), 'addresses', [
          'link set lo up',
          `addr add ${address}/24 dev wan0`,
          'link set wan0 up',
        ]),
      ),
      ...hosts.map(({ namespace }) =>
        batch('tc', inside(namespace), 'the tbf queue', [tbf('wan0', rates.uplinkBytesPerSecond)]),
      ),
      batch(
        'tc',
        inside(bridge),
        'the tbf queue',
        hosts.map((_, i) => tbf(`port${i}`, rates.downlinkBytesPerSecond)),
      ),
      ...hosts.map(
        ({ namespace }): NetworkCommand => ({
          program: 'ip',
          args: ['netns', 'exec', namespace, 'sh', '-e'],
          lines: TCP.map(([name, value]) => `echo ${value} > /proc/sys/net/ipv4/tcp_${name}`),
          makes: 'processes in namespaces',
        }),
      ),
    ],
  };
}
