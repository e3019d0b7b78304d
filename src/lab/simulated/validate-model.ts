// How far the simulator is from what was measured at the same setting. A ratio of
// makespans alone would mix two things: booting and connecting, which the model leaves
// out and which take their time whatever the file is, and how well it moves pieces. So
// the first piece anywhere divides a makespan into start-up and transfer.

import { median, rangeOf } from '../analysis/stats/quantile.ts';
import type { Run, Simulated } from '../terms/result.ts';
import type { Found } from './run-simulation.ts';

/** Beyond, two cores measure themselves: 17 peers keep them busy with connecting. */
const MOST_RECEIVERS = 16;

type Validation = Simulated['validation'][number];
type Compared = Omit<Validation, 'scenario' | 'arm' | 'point'>;

/** Median in which null (never) is later than every number. */
function medianOf(values: readonly (number | null | undefined)[]): number | null {
  const middle = median(values.map((value) => value ?? Number.POSITIVE_INFINITY));
  return Number.isFinite(middle) ? middle : null;
}

/** When some receiver had a piece. */
function firstPieceMs({ nodes }: Run): number | null {
  const times = nodes.flatMap((node) => node.firstPieceMs ?? []);
  return times.length > 0 ? Math.min(...times) : null;
}

/** @param runs of one arm at one point, one or more */
export function validate(runs: readonly Run[], simulated: Found): Compared {
  const realMs = medianOf(runs.map(({ metrics }) => metrics.makespanMs));
  const realFirstMs = medianOf(runs.map(firstPieceMs));
  const { makespanMs: simulatedMs, firstPieceMs: simulatedFirstMs } = simulated;
  return {
    receivers: runs[0]!.setting.receivers,
    runs: runs.length,
    realMs,
    simulatedMs,
    ratio: over(realMs, simulatedMs),
    startMs: less(realFirstMs, simulatedFirstMs),
    transferRatio: over(less(realMs, realFirstMs), less(simulatedMs, simulatedFirstMs)),
    realReach: median(runs.map(({ metrics }) => metrics.reach ?? 0)),
    simulatedReach: simulated.reach,
  };
}

const less = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : a - b;

/** Null for a file of one piece: nothing is left after the first. */
const over = (a: number | null, b: number | null): number | null =>
  a === null || b === null || b <= 0 ? null : a / b;

/**
 * What to expect of points that no machine can check; null without any that one did.
 *
 * @param validations of the scenarios that have such points
 */
export function modelError(validations: readonly Validation[]): Simulated['error'] {
  const of = validations.filter(({ receivers }) => receivers <= MOST_RECEIVERS);
  const spread = (pick: (validation: Validation) => number | null) =>
    rangeOf(of.flatMap((validation) => pick(validation) ?? []));
  const ratio = spread((validation) => validation.ratio);
  const startMs = spread((validation) => validation.startMs);
  const transfer = spread((validation) => validation.transferRatio);
  if (!ratio || !startMs || !transfer) return null;
  return { receivers: Math.max(...of.map(({ receivers }) => receivers)), ratio, startMs, transfer };
}
