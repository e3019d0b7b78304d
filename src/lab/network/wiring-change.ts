// The commands that change a network while it is used: lines are cut and healed, the
// network is split and joined, rates are set. Each sets a state, whatever was before, so
// a change made twice is made once. Pure: strings only.
//
// A cut takes down the bridge's end of the line: that drops what is queued to the host,
// and what the host sends from then on. The host sees its plug pulled; addresses, rates,
// neighbours and connections stay. A split moves the bridge's ends of some hosts to the
// second bridge: no host sees anything but silence from the others.
// Sources: ip-link(8), bridge(8), ethtool(8).
import type { Rates } from '../terms/setting.ts';
import type { NetworkCommand } from './command.ts';
import { batch, type Host, limit, planHalves } from './wiring.ts';

export const planCut = (bridge: string, hosts: readonly Host[]): NetworkCommand =>
  batch(
    'ip',
    bridge,
    'a link cannot be cut',
    hosts.map(({ port }) => `link set ${port} down`),
  );

export const planHeal = (bridge: string, hosts: readonly Host[]): NetworkCommand =>
  batch(
    'ip',
    bridge,
    'a link cannot be healed',
    hosts.map(({ port }) => `link set ${port} up`),
  );

/** A host in neither stays where it is. */
export const planSplit = (
  bridge: string,
  one: readonly Host[],
  other: readonly Host[],
): NetworkCommand[] => planHalves(bridge, [one, other], 'the network cannot be split');

export const planJoin = (bridge: string, hosts: readonly Host[]): NetworkCommand[] =>
  planHalves(bridge, [hosts, []], 'the network cannot be joined');

/** Whether lines hand on segments in batches, both ways at both ends. */
export function planOffloads(
  bridge: string,
  hosts: readonly Host[],
  on: boolean,
): NetworkCommand[] {
  // What a veth receives is not put together in either case, unless somebody asks for it.
  const states = on ? 'tso on gso on' : 'tso off gso off gro off';
  const inside = (namespace: string, devices: readonly string[]): NetworkCommand => ({
    program: 'ip',
    args: ['netns', 'exec', namespace, 'sh', '-e'],
    lines: devices.map((device) => `ethtool -K ${device} ${states}`),
    does: 'segmentation offloads cannot be set',
  });
  return [
    ...hosts.map(({ namespace }) => inside(namespace, ['wan0'])),
    inside(
      bridge,
      hosts.map(({ port }) => port),
    ),
  ];
}

/** Rates of all hosts, set by two calls: `tc` changes a whole namespace in one. */
export const planRates = (
  bridge: string,
  hosts: readonly Host[],
  { uplinkBytesPerSecond, downlinkBytesPerSecond }: Rates,
): NetworkCommand[] => [
  {
    program: 'sh',
    args: ['-e'],
    lines: hosts.map(
      ({ namespace }) => `tc -n ${namespace} ${limit('wan0', uplinkBytesPerSecond)}`,
    ),
    does: 'rates cannot be set',
  },
  batch(
    'tc',
    bridge,
    'rates cannot be set',
    hosts.map(({ port }) => limit(port, downlinkBytesPerSecond)),
  ),
];
