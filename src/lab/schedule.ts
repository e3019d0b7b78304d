// The order of the runs. Arms alternate as A B B A, so that a machine which slowly
// gets busier or cooler favours neither; a discarded warm-up of each comes first.
import {
  ARMS,
  type ArmName,
  type Cell,
  type LinkKind,
  type Parameters,
  type PlannedRun,
} from './scenario.ts';

const MIRRORED = [...ARMS].reverse();

/** The arms of one repetition: A B in even ones, B A in odd ones. */
function armsOf(repetition: number): readonly ArmName[] {
  return repetition % 2 === 0 ? ARMS : MIRRORED;
}

type LinkedCell = Cell & { readonly link: LinkKind };

function repeat(
  cells: readonly LinkedCell[],
  repetitions: number,
  firstRepetition = 0,
): PlannedRun[] {
  return Array.from({ length: repetitions }, (_, i) => firstRepetition + i).flatMap((repetition) =>
    cells.flatMap((cell) => armsOf(repetition).map((arm) => plan(cell, arm, repetition))),
  );
}

function plan(cell: LinkedCell, arm: ArmName, repetition: number): PlannedRun {
  const kill = cell.killCopies === null ? '' : `-k${cell.killCopies}`;
  const link = cell.scenario === 'agreement' ? `-${cell.link}` : '';
  const id = `${cell.scenario}-n${cell.receivers}${kill}-${arm}${link}-${repetition + 1}`;
  return { ...cell, id, arm, repetition };
}

/** The same with links of both kinds, next to each other; the kinds alternate as the arms do. */
function agreement(cell: Omit<LinkedCell, 'link'>): PlannedRun[] {
  return [SHAPED, [...SHAPED].reverse()].flatMap((kinds, repetition) =>
    armsOf(repetition).flatMap((arm) =>
      kinds.map((link) => plan({ ...cell, link }, arm, repetition)),
    ),
  );
}

/** Every run, first to last. What matters most comes first: a budget cuts the tail. */
export function schedule(parameters: Parameters): PlannedRun[] {
  const { link, receivers, killCopies, killReceivers, repetitions, killRepetitions } = parameters;
  const cell = (
    scenario: Cell['scenario'],
    count: number,
    copies: number | null = null,
  ): LinkedCell => ({ scenario, receivers: count, killCopies: copies, link });
  const scaling = receivers.map((count) => cell('scaling', count));
  const kills = killCopies.map((copies) => cell('kill', killReceivers, copies));
  return [
    ...repeat([cell('warm-up', 1)], 1),
    ...(link === 'none' ? [] : repeat([cell('calibration', 1)], 1)),
    ...repeat(scaling, Math.min(repetitions, SURE_REPETITIONS)),
    ...repeat(kills, killRepetitions),
    ...(link === 'netns' ? agreement(cell('agreement', agreementReceivers(parameters))) : []),
    ...repeat(scaling, Math.max(0, repetitions - SURE_REPETITIONS), SURE_REPETITIONS),
  ];
}

/** The kinds of link that hold a rate. */
const SHAPED: readonly LinkKind[] = ['pacer', 'netns'];

/** Enough for a swarm to be one, and few enough not to wait for the CPU. */
const AGREEMENT_RECEIVERS = 4;

export const agreementReceivers = ({ receivers }: Parameters): number =>
  Math.min(AGREEMENT_RECEIVERS, Math.max(...receivers));

/** One A B B A: fewer cannot cancel a trend, and more are dropped first when time runs out. */
const SURE_REPETITIONS = 2;

/** True of a run that a spent time budget may drop. */
export const isExtra = (run: PlannedRun): boolean =>
  run.scenario === 'scaling' && run.repetition >= SURE_REPETITIONS;
