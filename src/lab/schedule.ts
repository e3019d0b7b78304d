// The order of the runs. Arms alternate as A B B A, so that a machine which slowly
// gets busier or cooler favours neither; a discarded warm-up of each comes first.
import { ARMS, type ArmName, type Cell, type Parameters, type PlannedRun } from './scenario.ts';

const MIRRORED = [...ARMS].reverse();

/** The arms of one repetition: A B in even ones, B A in odd ones. */
function armsOf(repetition: number): readonly ArmName[] {
  return repetition % 2 === 0 ? ARMS : MIRRORED;
}

function repeat(cells: readonly Cell[], repetitions: number, firstRepetition = 0): PlannedRun[] {
  return Array.from({ length: repetitions }, (_, i) => firstRepetition + i).flatMap((repetition) =>
    cells.flatMap((cell) => armsOf(repetition).map((arm) => plan(cell, arm, repetition))),
  );
}

function plan(cell: Cell, arm: ArmName, repetition: number): PlannedRun {
  const kill = cell.killCopies === null ? '' : `-k${cell.killCopies}`;
  const id = `${cell.scenario}-n${cell.receivers}${kill}-${arm}-${repetition + 1}`;
  return { ...cell, id, arm, repetition };
}

/** Every run, first to last. What matters most comes first: a budget cuts the tail. */
export function schedule(parameters: Parameters): PlannedRun[] {
  const { receivers, killCopies, killReceivers, repetitions, killRepetitions } = parameters;
  const cell = (scenario: Cell['scenario'], count: number, copies: number | null = null): Cell => ({
    scenario,
    receivers: count,
    killCopies: copies,
  });
  const scaling = receivers.map((count) => cell('scaling', count));
  const kills = killCopies.map((copies) => cell('kill', killReceivers, copies));
  return [
    ...repeat([cell('warm-up', 1)], 1),
    ...repeat([cell('calibration', 1)], 1),
    ...repeat(scaling, Math.min(repetitions, SURE_REPETITIONS)),
    ...repeat(kills, killRepetitions),
    ...repeat(scaling, Math.max(0, repetitions - SURE_REPETITIONS), SURE_REPETITIONS),
  ];
}

/** One A B B A: fewer cannot cancel a trend, and more are dropped first when time runs out. */
const SURE_REPETITIONS = 2;

/** True of a run that a spent time budget may drop. */
export const isExtra = (run: PlannedRun): boolean =>
  run.scenario === 'scaling' && run.repetition >= SURE_REPETITIONS;
