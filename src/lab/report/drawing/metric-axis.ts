// A metric on an axis: in seconds, MiB or per cent, from 0.
import type * as Plot from '@observablehq/plot';
import { METRICS, type MetricName } from '../../terms/metric.ts';
import type { Run } from '../../terms/result.ts';
import { metricHead, metricText } from '../words/metric-text.ts';

const MIB = 2 ** 20;

type Unit = (typeof METRICS)[MetricName]['unit'];

/** Number of base units in one unit of the axis. */
const STEP: Partial<Record<Unit, number>> = { ms: 1000, bytes: MIB };

const stepOf = (metric: MetricName): number => STEP[METRICS[metric].unit] ?? 1;

/** Undefined where it was not measured; null where it never came to that, as only times can. */
export function plotted(metric: MetricName, { metrics }: Run): number | null | undefined {
  const value = metrics[metric];
  if (value === null) return METRICS[metric].unit === 'ms' ? null : undefined;
  return value === undefined ? undefined : value / stepOf(metric);
}

/** Text of a value at its point. */
export const plottedText =
  (metric: MetricName) =>
  (value: number): string =>
    metricText(metric, value * stepOf(metric));

export function metricScale(metric: MetricName, top: number): Plot.ScaleOptions {
  const { unit } = METRICS[metric];
  return {
    label: unit === 'bytes' ? `${metricHead(metric)}, MiB` : metricHead(metric),
    domain: [0, top],
    grid: true,
    ...(unit === 'share' ? { tickFormat: (share: number) => `${Math.round(share * 100)} %` } : {}),
  };
}
