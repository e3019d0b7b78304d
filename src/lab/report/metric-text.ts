// A metric's figures as people read them, by its unit, the same in every table, caption
// and hover text.
import { METRICS, type MetricName } from '../metric.ts';
import type { Summary } from '../result.ts';
import { mibText } from '../words.ts';

type Unit = (typeof METRICS)[MetricName]['unit'];

/** Shares of 0, a half and 1 are counts of few, and read better without decimals. */
const shareText = (share: number): string => `${Number((share * 100).toFixed(1))} %`;

const FIGURE: Readonly<Record<Unit, (value: number) => string>> = {
  ms: (ms) => (ms / 1000).toFixed(2),
  bytes: mibText,
  share: shareText,
  ratio: (ratio) => ratio.toFixed(2),
  copies: (copies) => copies.toFixed(2),
  'seconds per GiB': (seconds) => seconds.toFixed(1),
  count: String,
};

const SUFFIX: Partial<Record<Unit, string>> = { ms: ' s', copies: ' copies' };

/** `makespan, s`: the unit where a column's figures leave it out. */
export const metricHead = (name: MetricName): string =>
  METRICS[name].unit === 'ms' ? `${METRICS[name].text}, s` : METRICS[name].text;

/** Without its unit where a column's head has it. Null: it never came to that. */
export const metricFigure = (name: MetricName, value: number | null): string =>
  value === null ? 'never' : FIGURE[METRICS[name].unit](value);

/** `1.05 s` */
export const metricText = (name: MetricName, value: number | null): string =>
  metricFigure(name, value) + (value === null ? '' : (SUFFIX[METRICS[name].unit] ?? ''));

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
  return spreadText(summary, (value) => metricFigure(name, value));
}
