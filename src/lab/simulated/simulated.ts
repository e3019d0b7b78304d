// Past this machine: the swarm arms of a comparison again in the simulator, first where
// runs were made, which says how far it can be believed, then with many more receivers.
// Always the binary. A simulation that fails is a note and no failed comparison.
import { HubswarmError } from '../../runtime/errors.ts';
import { type PlannedRun, pointText } from '../terms/planned-run.ts';
import type { Run, Simulated } from '../terms/result.ts';
import type { Scenario } from '../terms/scenario.ts';
import type { Setting } from '../terms/setting.ts';
import { type Found, runSimulation } from './run-simulation.ts';
import { simulateArgs } from './simulate-args.ts';
import { modelError, validate } from './validate-model.ts';

/** Receivers of a growing swarm. Four times as many are roughly two rounds more for a piece. */
const SIZES = [64, 256, 1000, 4000, 10_000];
/** So many that it takes no minutes: reach hardly depends on N. */
const FAR_RECEIVERS = 256;
/** Receivers times pieces: 480,000 take 88 s of CPU at least, and 1.1 GiB. */
const MOST_PIECES_HELD = 600_000;

interface Options {
  /** The binary under test. */
  readonly cliPath: string;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Before each simulation, from 0. */
  readonly onStart: (receivers: number, index: number, total: number) => void;
}

export interface ScaleOptions extends Options {
  readonly scenarios: readonly Pick<Scenario, 'id' | 'simulate'>[];
  readonly runs: readonly Run[];
  /** Receivers of the largest simulation. */
  readonly most: number;
}

export interface PlanOptions extends Options {
  readonly plans: readonly PlannedRun[];
}

interface Subject {
  readonly scenario: string;
  readonly arm: string;
  readonly point: Run['point'];
  readonly setting: Setting;
  /** Runs at this very point; empty for points that were not run. */
  readonly runs: readonly Run[];
}

/** @throws the signal's reason when it aborts */
export function simulateScale(options: ScaleOptions): Promise<Simulated> {
  const { scenarios, runs, most } = options;
  const made = subjectsOf(runs);
  const far = scenarios.flatMap(({ id, simulate }) =>
    beyond(
      made.filter(({ scenario }) => scenario === id),
      simulate,
      most,
    ),
  );
  const growing = scenarios.filter(({ simulate }) => simulate === 'growing').map(({ id }) => id);
  return simulateSubjects([...made, ...far], growing, options);
}

/** Simulates plans that are not run as processes. @throws the signal's reason when it aborts */
export function simulatePlans(options: PlanOptions): Promise<Simulated> {
  return simulateSubjects(
    options.plans.map((plan) => ({ ...plan, runs: [] })),
    [],
    options,
  );
}

async function simulateSubjects(
  subjects: readonly Subject[],
  growing: readonly string[],
  options: Options,
): Promise<Simulated> {
  const { seed } = options;
  const notes = new Set<string>();
  const points: Simulated['points'] = [];
  const validation: Simulated['validation'] = [];
  const simulate = memoized(options);
  for (const [index, subject] of subjects.entries()) {
    const args = argsOf(subject, seed);
    if ('reason' in args) {
      notes.add(`${nameOf(subject)}: not simulated: ${args.reason}`);
      continue;
    }
    options.onStart(subject.setting.receivers, index, subjects.length);
    const found = await simulate(args.args);
    if (found instanceof HubswarmError) {
      notes.add(`${nameOf(subject)}, ${subject.setting.receivers} receivers: ${found.message}`);
      continue;
    }
    points.push(pointOf(subject, found));
    if (subject.runs.length > 0) validation.push(validated(subject, found));
  }
  const error = modelError(validation.filter(({ scenario }) => growing.includes(scenario)));
  return { points, validation, error, notes: [...notes] };
}

/** Settings that differ in what a swarm does not heed are one simulation. */
function memoized({ cliPath, signal }: Options) {
  const known = new Map<string, Promise<Found | HubswarmError>>();
  return (args: readonly string[]): Promise<Found | HubswarmError> => {
    const key = args.join(' ');
    const running = known.get(key) ?? runSimulation(cliPath, args, signal).catch(noteOf);
    known.set(key, running);
    return running;
  };
}

function noteOf(error: unknown): HubswarmError {
  if (error instanceof HubswarmError && error.code === 'ERR_MEASUREMENT') return error;
  throw error;
}

/** Points of swarm arms with runs that are worth something, in the order of the runs. */
function subjectsOf(runs: readonly Run[]): Subject[] {
  const of = runs.filter(
    ({ architecture, verdict }) => architecture === 'swarm' && verdict.state !== 'invalid',
  );
  const subjects = new Map<string, Subject>();
  for (const run of of) {
    const { scenario, arm, point, setting } = run;
    const key = [scenario, arm, pointText(point)].join('/');
    const runs = [...(subjects.get(key)?.runs ?? []), run];
    subjects.set(key, { scenario, arm, point, setting, runs });
  }
  return [...subjects.values()];
}

/** @param made the subjects of one scenario */
function beyond(made: readonly Subject[], simulate: Scenario['simulate'], most: number): Subject[] {
  if (simulate === 'as run') return [];
  if (simulate === 'far') {
    return made.map((subject) => withReceivers(subject, Math.min(FAR_RECEIVERS, most)));
  }
  const largest = Math.max(...made.map(({ setting }) => setting.receivers));
  const last = made.filter(({ setting }) => setting.receivers === largest);
  return SIZES.filter((size) => size > largest && size <= most).flatMap((size) =>
    last.map((subject) => withReceivers(subject, size)),
  );
}

function withReceivers({ point, setting, ...subject }: Subject, receivers: number): Subject {
  return {
    ...subject,
    point: 'receivers' in point ? { ...point, receivers } : point,
    setting: { ...setting, receivers },
    runs: [],
  };
}

function argsOf({ setting }: Subject, seed: number): ReturnType<typeof simulateArgs> {
  const pieces = Math.ceil(setting.fileBytes / (setting.pieceLength ?? setting.fileBytes));
  if (setting.receivers * pieces > MOST_PIECES_HELD) {
    return { reason: `${setting.receivers} receivers of ${pieces} pieces would take minutes` };
  }
  return simulateArgs(setting, seed);
}

const nameOf = ({ scenario, arm }: Subject): string => `${scenario}, ${arm}`;

function pointOf(subject: Subject, found: Found): Simulated['points'][number] {
  const { scenario, arm, point, setting } = subject;
  const { receivers, fileBytes, pieceLength, uplinkBytesPerSecond } = setting;
  return {
    scenario,
    arm,
    point,
    receivers,
    fileBytes,
    uplinkBytesPerSecond,
    pieceLength: pieceLength ?? fileBytes,
    ...found,
  };
}

const validated = (subject: Subject, found: Found): Simulated['validation'][number] => ({
  scenario: subject.scenario,
  arm: subject.arm,
  point: subject.point,
  ...validate(subject.runs, found),
});
