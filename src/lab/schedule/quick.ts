// The quick comparison: which receivers, file and rate, so that links and not the CPU
// decide, and the whole ends within two minutes.
import { type PlannedRun, planPoint, sweepPoints } from '../terms/planned-run.ts';
import { type Architecture, CONTEST, type Scenario } from '../terms/scenario.ts';
import { DEFAULTS, type LinkKind, type Setting } from '../terms/setting.ts';
import { type Cost, Machine } from './machine.ts';
import { findScenario, narrow, type Profile } from './profile.ts';

const MIB = 2 ** 20;

/**
 * Shares of the CPU aimed at, the best first, so that it stays below 60 % also where the model
 * is off: on a machine whose neighbours were busy a swarm took 1.28 times what it foretold.
 */
const CPU_SHARES = [0.42, 0.48];
/** A shorter copy is mostly the time in which processes find each other. */
const LEAST_COPY_SECONDS = 2;
/** Shorter than above: the time of a copy hardly changes who completes. */
const LEAST_KILL_COPY_SECONDS = 1.5;
/** Longest copy of a kill with all receivers; a kill that needs longer gets fewer receivers. */
const MOST_KILL_COPY_SECONDS = 2.25;
const FEW_RECEIVERS = 4;
/** A copy that takes longer than this is no quick comparison. */
const MOST_COPY_SECONDS = 12;
/** Seconds that a copy takes if no swarm is measured. */
const SERVER_COPY_SECONDS = 2;
/** Time of the whole by the model. Beside other programs it took 10 s more, of 120. */
const MOST_SECONDS = 105;

/** 48, 24 or 12 pieces: the more, the nearer a swarm comes to its bound, and the more CPU it takes. */
const FILE_BYTES = [3 * MIB, 1.5 * MIB, 0.75 * MIB];
/** The largest numbers of receivers, best first. */
const LARGEST = [8, 7, 6, 5, 4];
const KILLS = [0.5, 'first copy', 2] as const;

/** The parts of a quick comparison that are chosen. */
interface Shape {
  readonly receivers: readonly number[];
  readonly fileBytes: number;
  readonly uplinkBytesPerSecond: number;
  readonly killReceivers: number;
  /** Uplink of calibration and kills. */
  readonly baseUplinkBytesPerSecond: number;
  readonly repetitions: Scenario['repetitions'];
  /** Scenarios in which a hub that is a peer takes part. */
  readonly hybridIn: readonly HybridIn[];
}

type HybridIn = 'scaling' | 'kill';

export interface Fitted extends Shape {
  /** Whether there is CPU enough for a swarm of processes. */
  readonly swarm: 'measured' | 'simulated';
  /** By the model: share of the free CPU that the largest swarm uses, and seconds of the whole. */
  readonly cpuShare: number;
  readonly seconds: number;
}

/** Used if nothing can be measured beforehand, or if a person gives an option. */
const USUAL: Shape = {
  receivers: [2, 4, 8],
  fileBytes: 4 * MIB,
  uplinkBytesPerSecond: 4 * MIB,
  killReceivers: 8,
  baseUplinkBytesPerSecond: 4 * MIB,
  repetitions: { least: 2, most: 3 },
  hybridIn: ['scaling', 'kill'],
};

/** Tried in this order. */
const HYBRID_IN: readonly (readonly HybridIn[])[] = [['scaling', 'kill'], ['scaling']];

/** Repetitions beyond the first are made within it. */
const BUDGET_MS = 90_000;
const ONCE = { least: 1, most: 1 };

/** @param arms those of the contest that are run as processes */
export function quickProfile(
  link: LinkKind,
  shape = USUAL,
  arms: readonly Architecture[] = CONTEST,
): Profile {
  const { receivers, fileBytes, uplinkBytesPerSecond, hybridIn } = shape;
  const armsIn = (id: HybridIn): Architecture[] => [
    ...arms,
    ...(hybridIn.includes(id) ? (['hybrid'] as const) : []),
  ];
  const scenarios = [
    narrow(findScenario('calibration'), { arms, sweep: { receivers: [1] }, repetitions: ONCE }),
    narrow(findScenario('scaling'), {
      arms: armsIn('scaling'),
      setting: { fileBytes, uplinkBytesPerSecond },
      sweep: { receivers: [...receivers] },
      repetitions: shape.repetitions,
    }),
    narrow(findScenario('kill'), {
      arms: armsIn('kill'),
      setting: { receivers: shape.killReceivers },
      sweep: { kill: [...KILLS] },
      repetitions: ONCE,
    }),
  ];
  if (link === 'netns') {
    scenarios.push(narrow(findScenario('links'), { repetitions: { least: 2, most: 2 } }));
  }
  const base = { ...DEFAULTS, fileBytes, uplinkBytesPerSecond: shape.baseUplinkBytesPerSecond };
  return { name: 'quick', scenarios, base, budgetMs: BUDGET_MS };
}

/** The swarm's runs that a scenario of the server alone leaves out. */
export function planSwarm(scenario: Scenario, base: Setting, seed: number): PlannedRun[] {
  const arms = findScenario(scenario.id).arms.filter(({ id }) => id === 'swarm');
  const whole = { ...scenario, arms };
  return sweepPoints(whole).flatMap((at) => planPoint(whole, at, 0, base, seed));
}

/**
 * The most receivers that fit, else a server alone.
 *
 * @param cores to be had
 * @param isHeld whether there is memory, and the like, for so many receivers
 */
export function fitQuick(
  cost: Cost,
  cores: number,
  isHeld: (receivers: number) => boolean = () => true,
): Fitted {
  const machine = new Machine(cost, cores);
  for (const cpuShare of CPU_SHARES) {
    for (const most of LARGEST) {
      const fitted = isHeld(most) ? fitReceivers(machine, most, cpuShare) : undefined;
      if (fitted && fitted.seconds <= MOST_SECONDS) return withHybrid(machine, fitted);
    }
  }
  return serverOnly(machine);
}

/** A hub that is a peer beside them, where that ends in time: it never costs a receiver. */
function withHybrid(machine: Machine, fitted: Fitted): Fitted {
  for (const hybridIn of HYBRID_IN) {
    const seconds = fitted.seconds + sum(hybridIn.map((id) => hybridSeconds(machine, fitted, id)));
    if (seconds <= MOST_SECONDS) return { ...fitted, hybridIn, seconds };
  }
  return fitted;
}

function hybridSeconds(machine: Machine, fitted: Fitted, id: HybridIn): number {
  const { receivers, fileBytes, uplinkBytesPerSecond, killReceivers } = fitted;
  if (id === 'scaling') return scalingSeconds(machine, 'hybrid', fitted, receivers);
  const copySeconds = fileBytes / fitted.baseUplinkBytesPerSecond;
  const warmUp = machine.seconds('hybrid', 1, fileBytes, fileBytes / uplinkBytesPerSecond);
  return (
    warmUp + killSeconds(machine, 'hybrid', fileBytes, { receivers: killReceivers, copySeconds })
  );
}

/** Each number of receivers once. */
const scalingSeconds = (
  machine: Machine,
  arm: Architecture,
  { fileBytes, uplinkBytesPerSecond }: Pick<Shape, 'fileBytes' | 'uplinkBytesPerSecond'>,
  receivers: readonly number[],
): number =>
  sum(receivers.map((n) => machine.seconds(arm, n, fileBytes, fileBytes / uplinkBytesPerSecond)));

function fitReceivers(machine: Machine, most: number, cpuShare: number): Fitted | undefined {
  const copySecondsOf = (receivers: number, fileBytes: number, least: number) =>
    copySecondsFor(machine, { receivers, fileBytes, least, cpuShare });
  const options = FILE_BYTES.flatMap((fileBytes) => {
    const copySeconds = copySecondsOf(most, fileBytes, LEAST_COPY_SECONDS);
    return copySeconds === undefined ? [] : [{ fileBytes, copySeconds }];
  });
  // The largest file that the CPU does not ask to be sent slowly, or else the one sent soonest.
  const soon = options.find(({ copySeconds }) => copySeconds <= LEAST_COPY_SECONDS);
  const best = soon ?? options.sort((a, b) => a.copySeconds - b.copySeconds)[0];
  if (!best) return undefined;
  const { fileBytes, copySeconds } = best;
  const kill = fitKill(most, (receivers) =>
    copySecondsOf(receivers, fileBytes, LEAST_KILL_COPY_SECONDS),
  );
  if (!kill) return undefined;
  const receivers = [2, 4, most].filter((count, i, all) => all.indexOf(count) === i);
  const file = { fileBytes, uplinkBytesPerSecond: Math.round(fileBytes / copySeconds) };
  return {
    ...file,
    receivers,
    hybridIn: [],
    swarm: 'measured',
    repetitions: { least: 1, most: 2 },
    killReceivers: kill.receivers,
    baseUplinkBytesPerSecond: Math.round(fileBytes / kill.copySeconds),
    cpuShare: machine.cpuShare(most, fileBytes, copySeconds),
    seconds:
      sum(CONTEST.map((arm) => scalingSeconds(machine, arm, file, receivers))) +
      aroundSeconds(machine, CONTEST, fileBytes, kill),
  };
}

interface Wanted {
  readonly receivers: number;
  readonly fileBytes: number;
  /** Seconds that a copy takes at least. */
  readonly least: number;
  readonly cpuShare: number;
}

/** Shortest time of a copy at which the CPU does not decide; undefined if no time is enough. */
function copySecondsFor(
  machine: Machine,
  { receivers, fileBytes, least, cpuShare }: Wanted,
): number | undefined {
  for (let seconds = least; seconds <= MOST_COPY_SECONDS; seconds += 0.25) {
    if (machine.cpuShare(receivers, fileBytes, seconds) <= cpuShare) return seconds;
  }
  return undefined;
}

interface Kill {
  readonly receivers: number;
  readonly copySeconds: number;
}

function fitKill(
  most: number,
  copySecondsOf: (receivers: number) => number | undefined,
): Kill | undefined {
  const all = copySecondsOf(most);
  if (all !== undefined && all <= MOST_KILL_COPY_SECONDS)
    return { receivers: most, copySeconds: all };
  const few = copySecondsOf(FEW_RECEIVERS);
  return few === undefined ? undefined : { receivers: FEW_RECEIVERS, copySeconds: few };
}

/** The most receivers of a server that fit, at least two. */
function serverOnly(machine: Machine): Fitted {
  const shapes = [[2, 4, 8], [2, 4], [2]].map((receivers) => serverShape(machine, receivers));
  return shapes.find(({ seconds }) => seconds <= MOST_SECONDS) ?? shapes.at(-1)!;
}

function serverShape(machine: Machine, receivers: readonly number[]): Fitted {
  const [fileBytes, copySeconds, most] = [
    FILE_BYTES.at(-1)!,
    SERVER_COPY_SECONDS,
    receivers.at(-1)!,
  ];
  const rate = Math.round(fileBytes / copySeconds);
  const file = { fileBytes, uplinkBytesPerSecond: rate };
  return {
    ...file,
    receivers,
    hybridIn: [],
    swarm: 'simulated',
    repetitions: ONCE,
    baseUplinkBytesPerSecond: rate,
    killReceivers: most,
    cpuShare: machine.cpuShare(most, fileBytes, copySeconds),
    seconds:
      scalingSeconds(machine, 'server', file, receivers) +
      aroundSeconds(machine, ['server'], fileBytes, { receivers: most, copySeconds }),
  };
}

/** After a kill, until it is clear that nothing more comes. */
const STALL_SECONDS = 1.5;

/** Time of all but scaling: warm-up, calibration and kills. */
function aroundSeconds(
  machine: Machine,
  arms: readonly Architecture[],
  fileBytes: number,
  kill: Kill,
): number {
  return sum(
    arms.map(
      (arm) =>
        2 * machine.seconds(arm, 1, fileBytes, kill.copySeconds) +
        killSeconds(machine, arm, fileBytes, kill),
    ),
  );
}

function killSeconds(
  machine: Machine,
  arm: Architecture,
  fileBytes: number,
  { receivers, copySeconds }: Kill,
): number {
  const start = machine.startSeconds(arm, receivers);
  if (arm === 'server') return (0.5 + 1 + 2) * copySeconds + 3 * (STALL_SECONDS + start);
  // Peers are done when one copy has left their origin, or soon after.
  const whole = machine.seconds(arm, receivers, fileBytes, copySeconds);
  return 0.5 * copySeconds + STALL_SECONDS + start + 2 * whole;
}

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);
