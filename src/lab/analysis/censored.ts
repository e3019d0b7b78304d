// A figure that is missing because it never came to that must not drop out of a median:
// the slowest runs would be left out, and the rest look fast. Here is what it counts as.
import type { MetricName } from '../terms/metric.ts';
import type { Run } from '../terms/result.ts';

type Measured = Pick<Run, 'architecture' | 'metrics' | 'nodes' | 'boundMs'>;

const COMPLETIONS: readonly MetricName[] = [
  'makespanMs',
  'medianMs',
  'meanMs',
  'firstPieceMs',
  'giversMs',
];

/**
 * The figure as it counts among others: infinite for a time that never came, 0 for the
 * part of theory's best that it is. Null: it has no meaning in this run, or was not measured.
 */
export function countedValue(run: Measured, name: MetricName): number | null {
  const value = run.metrics[name] ?? null;
  if (value !== null) return value;
  // A rival tells of no piece.
  if (name === 'firstPieceMs' && run.architecture === 'rival') return null;
  if (COMPLETIONS.includes(name)) return Number.POSITIVE_INFINITY;
  if (name === 'efficiency') return run.boundMs > 0 ? 0 : null;
  if (!run.nodes.some(({ role }) => role === 'rider')) return null;
  if (name === 'ridersMs') return Number.POSITIVE_INFINITY;
  // Riders that never come to it, among givers that do.
  const givers = run.metrics.giversMs ?? null;
  return name === 'ridersOverGivers' && givers !== null ? Number.POSITIVE_INFINITY : null;
}

export const isCensored = (run: Measured, name: MetricName): boolean =>
  (run.metrics[name] ?? null) === null && countedValue(run, name) !== null;
