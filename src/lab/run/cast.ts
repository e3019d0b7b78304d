// The cast of a run: every process with its role, its link and its host. A pure
// function of the setting.
import type { PlannedRun } from '../terms/planned-run.ts';
import {
  hasFront,
  originRates,
  type Rates,
  receiverRates,
  riderCount,
  type Setting,
} from '../terms/setting.ts';
import type { Role } from '../terms/trace.ts';

/** `hub peer` is a hub that is a peer too. */
export type ProgramName =
  | 'hub'
  | 'hub peer'
  | 'front'
  | 'client'
  | 'peer'
  | 'rider'
  | 'attacker'
  | 'foreign';

export interface Member {
  readonly id: string;
  readonly role: Role;
  readonly program: ProgramName;
  /** Infinite where nothing is to hold it. */
  readonly rates: Rates;
}

const UNHELD: Rates = {
  uplinkBytesPerSecond: Number.POSITIVE_INFINITY,
  downlinkBytesPerSecond: Number.POSITIVE_INFINITY,
};

const counted = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Nodes that have the file come first, then the balancer in front of them, then all others. */
export function castOf({ architecture, setting, rival }: PlannedRun): Member[] {
  if (rival) return rivalCast(setting, rival.helper !== undefined);
  if (architecture === 'server') return serverCast(setting);
  return swarmCast(setting, architecture === 'hybrid' ? 'hub peer' : 'peer');
}

function serverCast(setting: Setting): Member[] {
  const hubs = counted(
    setting.hubs,
    (index): Member => ({
      id: index === 0 ? 'origin' : `hub-${index + 1}`,
      role: index === 0 ? 'origin' : 'hub',
      program: 'hub',
      rates: originRates(setting),
    }),
  );
  // A machine in a data centre: what it passes on is held by the hubs' links.
  const front: Member[] = hasFront(setting)
    ? [{ id: 'front', role: 'front', program: 'front', rates: UNHELD }]
    : [];
  const clients = counted(
    setting.receivers,
    (index): Member => ({
      id: `receiver-${index + 1}`,
      role: 'receiver',
      program: 'client',
      rates: receiverRates(setting, index),
    }),
  );
  return [...hubs, ...front, ...clients];
}

function rivalCast(setting: Setting, hasHelper: boolean): Member[] {
  const origin: Member = {
    id: 'origin',
    role: 'origin',
    program: 'foreign',
    rates: originRates(setting),
  };
  const helper: Member[] = hasHelper
    ? [{ id: 'helper', role: 'helper', program: 'foreign', rates: UNHELD }]
    : [];
  const receivers = counted(
    setting.receivers,
    (index): Member => ({
      id: `receiver-${index + 1}`,
      role: 'receiver',
      program: 'foreign',
      rates: receiverRates(setting, index),
    }),
  );
  return [origin, ...helper, ...receivers];
}

function swarmCast(setting: Setting, program: 'hub peer' | 'peer'): Member[] {
  const origin: Member = {
    id: 'origin',
    role: 'origin',
    program,
    rates: originRates(setting),
  };
  const firstRider = setting.receivers - riderCount(setting);
  const receivers = counted(setting.receivers, (index): Member => {
    const rides = index >= firstRider;
    return {
      id: `receiver-${index + 1}`,
      role: rides ? 'rider' : 'receiver',
      program: rides ? 'rider' : 'peer',
      rates: receiverRates(setting, index),
    };
  });
  const attackers = counted(
    setting.attackers,
    (index): Member => ({
      id: `attacker-${index + 1}`,
      role: 'attacker',
      program: 'attacker',
      rates: receiverRates(setting, index),
    }),
  );
  return [origin, ...receivers, ...attackers];
}
