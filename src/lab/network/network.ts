// Makes, changes and removes the hosts of plan.ts. Whatever a lab leaves when it is
// killed, the next one removes: its namespaces bear its process id, and that process is
// gone.
import { HubswarmError } from '../../runtime/errors.ts';
import type { Rates } from '../terms/setting.ts';
import { attemptAll, lackOf, type NetworkCommand, run } from './command.ts';
import { removeLeft, removeOwn } from './namespaces.ts';
import { WIRE_BYTES, type WireBytes, wireBytesIn } from './wire-bytes.ts';
import { type Host, planNetwork } from './wiring.ts';
import {
  planCut,
  planHeal,
  planJoin,
  planOffloads,
  planRates,
  planSplit,
} from './wiring-change.ts';

/**
 * All of it is done when a function returns, and doing it twice is doing it once.
 * What cannot be done is a HubswarmError, ERR_MEASUREMENT or ERR_ABORTED.
 */
export interface Network {
  readonly hosts: readonly Host[];
  /** These reach nobody any more, and nobody them; what is under way is lost. */
  cut(hosts: readonly Host[]): void;
  /** Undoes {@link cut}. */
  heal(hosts: readonly Host[]): void;
  /** Two networks that know nothing of each other. A host in neither stays where it is. */
  split(one: readonly Host[], other: readonly Host[]): void;
  /** Undoes {@link split}; a host that is cut stays so. */
  join(): void;
  /** Sets the rates of these hosts. Infinity: no limit. Called between runs. */
  setRates(hosts: readonly Host[], rates: Rates): void;
  /** Whether the lines of these hosts hand on segments in batches; they do when they are made. */
  setOffloads(hosts: readonly Host[], on: boolean): void;
  /** Counters in the order of the hosts, by one call of `ip`. */
  wireBytes(): WireBytes[];
  /** May be called more than once. */
  remove(): void;
}

/**
 * One host for each of these rates. A process has one network at a time.
 *
 * @throws HubswarmError ERR_USAGE, with what the machine lacks, or ERR_ABORTED; nothing is left then.
 */
export function makeNetwork(rates: readonly Rates[]): Network {
  if (process.platform !== 'linux') throw lacking(NOT_LINUX);
  const { hosts, bridge, commands } = planNetwork(process.pid, rates);
  try {
    removeOwn();
    removeLeft();
    const lack = attemptAll(commands);
    if (lack !== undefined) throw lacking(lack);
  } catch (error) {
    removeOwn();
    throw error;
  }
  const known = new Map(hosts.map((host, i) => [host, rates[i]!]));
  /** Those that hand on one segment at a time. */
  const single = new Set<Host>();
  return {
    hosts,
    cut: (some) => change([planCut(bridge, some)]),
    heal: (some) => change([planHeal(bridge, some)]),
    split: (one, other) => change(planSplit(bridge, one, other)),
    join: () => change(planJoin(bridge, hosts)),
    setRates: (some, to) => {
      const others = some.filter((host) => !isSame(known.get(host), to));
      if (others.length === 0) return;
      change(planRates(bridge, others, to));
      for (const host of others) known.set(host, to);
    },
    setOffloads: (some, on) => {
      const others = some.filter((host) => single.has(host) === on);
      if (others.length === 0) return;
      change(planOffloads(bridge, others, on));
      for (const host of others)
        if (on) single.delete(host);
        else single.add(host);
    },
    wireBytes: () => wireBytesIn(readLinks(bridge), hosts),
    remove: removeOwn,
  };
}

export const NOT_LINUX = `this is ${process.platform}`;

/** The error for a person who asked for links of the kernel. */
export const lacking = (what: string): HubswarmError =>
  new HubswarmError(
    'ERR_USAGE',
    `--link netns: ${what}; it needs Linux, root, iproute2 (ip, tc, bridge), and a kernel with network namespaces, veth, bridge and tbf`,
  );

function change(commands: readonly NetworkCommand[]): void {
  const lack = attemptAll(commands);
  if (lack !== undefined) throw failure(lack);
}

function readLinks(bridge: string): string {
  try {
    return run('ip', ['-n', bridge, ...WIRE_BYTES]);
  } catch (error) {
    throw failure(lackOf({ program: 'ip', does: 'bytes cannot be counted' }, error));
  }
}

const failure = (what: string): HubswarmError =>
  new HubswarmError('ERR_MEASUREMENT', `--link netns: ${what}`);

const isSame = (one: Rates | undefined, other: Rates): boolean =>
  one?.uplinkBytesPerSecond === other.uplinkBytesPerSecond &&
  one.downlinkBytesPerSecond === other.downlinkBytesPerSecond;
