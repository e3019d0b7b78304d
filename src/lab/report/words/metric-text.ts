// A metric's figures as people read them, by its unit, the same in every table, caption
// and hover text.
import { METRICS, type MetricName } from '../../terms/metric.ts';
import type { Summary } from '../../terms/result.ts';

type Unit = (typeof METRICS)[MetricName]['unit'];

const MIB = 2 ** 20;

const FIGURE: Readonly<Record<Unit, (value: number) => string>> = {
  ms: (ms) => (ms / 1000).toFixed(2),
  bytes: (bytes) => (bytes / MIB).toFixed(bytes < 10 * MIB ? 1 : 0),
  // Shares of 0, a half and 1 are counts of few, and read better without decimals.
  share: (share) => String(Number((share * 100).toFixed(1))),
  ratio: (ratio) => ratio.toFixed(2),
  copies: (copies) => copies.toFixed(2),
  'seconds per GiB': (seconds) => seconds.toFixed(1),
  count: String,
};

/** Unit in a column's head; empty if the metric's text says it already. */
const SYMBOL: Readonly<Record<Unit, string>> = {
  ms: 's',
  bytes: 'MiB',
  share: '%',
  copies: 'copies',
  ratio: '',
  'seconds per GiB': '',
  count: '',
};

/** `makespan, s`: as an axis of seconds has it. */
export const metricHead = (name: MetricName): string =>
  METRICS[name].unit === 'ms' ? `${METRICS[name].text}, s` : METRICS[name].text;

/** `reach, %`: what its figures leave out. */
export function columnHead(name: MetricName): string {
  const { text, unit } = METRICS[name];
  return SYMBOL[unit] === '' || unit === 'copies' ? text : `${text}, ${SYMBOL[unit]}`;
}

/** A value without its unit, which stands in the column's head. Null: it never happened. */
export const columnFigure = (name: MetricName, value: number | null): string =>
  value === null ? 'never' : FIGURE[METRICS[name].unit](value);

/** `1.05 s` */
export function metricText(name: MetricName, value: number | null): string {
  const symbol = SYMBOL[METRICS[name].unit];
  const figure = columnFigure(name, value);
  return value === null || symbol === '' ? figure : `${figure} ${symbol}`;
}

type Spread = Pick<Summary, 'median' | 'min' | 'max' | 'interval'> &
  Partial<Pick<Summary, 'censored'>>;

/**
 * `1.05 [1.02 1.08]`, or `1.05 (1.03 1.07)` for the 95 % interval that five runs and more
 * have, or the one figure when there is no spread to show.
 */
export function spreadText(
  { median, min, max, interval, censored = 0 }: Spread,
  text: (value: number | null) => string,
): string {
  if (interval) {
    const never = censored > 0 ? `, ${censored} never` : '';
    return `${text(median)} (${text(interval[0])} ${text(interval[1])})${never}`;
  }
  const [low, high] = [text(min), text(max)];
  return low === high ? low : `${text(median)} [${low} ${high}]`;
}

export function summaryText(name: MetricName, summary: Summary | undefined): string {
  if (summary === undefined || summary.runs === 0) return '-';
  return spreadText(summary, (value) => columnFigure(name, value));
}
