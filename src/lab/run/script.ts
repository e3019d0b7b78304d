// The steps of a run: which node is told to go, is killed, comes back, and when. Made from
// the setting and the run's seed, so that the same run has the same script.
import { createRng } from '../../runtime/rng.ts';
import type { Fault, When } from '../terms/fault.ts';
import type { PlannedRun } from '../terms/planned-run.ts';
import type { Setting } from '../terms/setting.ts';

/** Passes before a killed receiver comes back. Chosen: long enough to be missed. */
const AWAY_PASSES = 0.5;
/** Shortest life, as a share of the file: at least a piece or two. */
const SHORTEST_LIFE = 0.05;

export interface Go {
  readonly do: 'go';
  readonly node: string;
  readonly when: When;
}

export type Step = Fault | Go;

const AT_ONCE: When = { passes: 0 };

/** When each receiver starts, first to last. */
function goes({ receivers, arrivals, attackers }: Setting): Go[] {
  const when = (index: number): When => {
    if (arrivals === 'together' || index === 0) return AT_ONCE;
    if (arrivals === 'one by one') return { completed: index };
    return { passes: arrivals.apartPasses };
  };
  const go = (role: string, index: number, at: When): Go => ({
    do: 'go',
    node: `${role}-${index + 1}`,
    when: at,
  });
  return [
    ...Array.from({ length: attackers }, (_, index) => go('attacker', index, AT_ONCE)),
    ...Array.from({ length: receivers }, (_, index) => go('receiver', index, when(index))),
  ];
}

function killOf({ kill }: Setting): Fault[] {
  if (kill === null) return [];
  const when: When = kill === 'first copy' ? { firstCopy: true } : { sentCopies: kill };
  return [{ do: 'kill', node: 'origin', when }];
}

/** Every second receiver has a life, counted in what it has of the file. */
function lifetimes({ receivers, lifetimeShare, rejoin }: Setting, seed: number): Fault[] {
  if (lifetimeShare === null) return [];
  const rng = createRng(seed);
  return Array.from({ length: Math.floor(receivers / 2) }, (_, i) => i).flatMap((i) => {
    // Exponential: whoever is there may leave at any moment, whatever it has.
    const share = Math.max(SHORTEST_LIFE, -lifetimeShare * Math.log(1 - rng.next()));
    if (share >= 1) return [];
    const node = `receiver-${2 * i + 2}`;
    const end: Fault = { do: 'kill', node, when: { node, verifiedShare: share } };
    return rejoin ? [end, { do: 'restart', node, when: { passes: AWAY_PASSES } }] : [end];
  });
}

/** In an order in which a step that counts passes follows the one that it counts from. */
export const scriptOf = ({ setting, seed }: PlannedRun): Step[] => [
  ...goes(setting),
  ...killOf(setting),
  ...lifetimes(setting, seed),
  ...setting.faults,
];

export const isGo = (step: Step): step is Go => step.do === 'go';
