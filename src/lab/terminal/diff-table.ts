// A diff for the terminal: changed claims, then cells side by side, then what was
// different to begin with.
import { DEFAULT_COLUMNS } from '../../runtime/node/live-line.ts';
import { type CellChange, DIFF_METRICS, type Diff, type FigureChange } from '../results/diff.ts';
import { METRICS, type MetricName } from '../terms/metric.ts';
import { pointText } from '../terms/planned-run.ts';
import { textTable } from './text-table.ts';

function figureText(metric: MetricName, value: number | null): string {
  if (value === null) return 'never';
  return METRICS[metric].unit === 'ms' ? `${(value / 1000).toFixed(2)} s` : value.toFixed(2);
}

/** `2.06 s > 2.31 s x1.12 *`: the star where ranges do not overlap. */
function changeText(change: FigureChange | undefined): string {
  if (!change) return '-';
  const { metric, a, b, ratio, overlap } = change;
  const times = ratio === null ? '' : ` x${ratio.toFixed(2)}`;
  return `${figureText(metric, a)} > ${figureText(metric, b)}${times}${overlap ? '' : ' *'}`;
}

function cellsTable(cells: readonly CellChange[], width: number): string {
  const rows = cells.map(({ scenario, arm, point, figures }) => {
    const found = DIFF_METRICS.map((name) => figures.find(({ metric }) => metric === name));
    return [`${scenario}, ${pointText(point)}, ${arm}`, ...found.map(changeText)];
  });
  const head = ['scenario, point, arm', ...DIFF_METRICS.map((name) => METRICS[name].text)];
  return textTable({ head, rows }, width);
}

const listed = (head: string, lines: readonly string[]): string[] =>
  lines.length > 0 ? [head, ...lines.map((line) => `  ${line}`)] : [];

/** @param width characters in a line of a table */
export function drawDiff(
  { claims, cells, onlyA, onlyB, differing }: Diff,
  width = DEFAULT_COLUMNS,
): string {
  return [
    ...(claims.length > 0 ? [] : ['No claim has changed.']),
    ...listed(
      'Changed claims:',
      claims.map(({ scenario, id, text, a, b }) => {
        return `${a ?? 'not made'} > ${b ?? 'not made'}: ${scenario}/${id}: ${text}`;
      }),
    ),
    ...(cells.length > 0 ? [cellsTable(cells, width), '* ranges do not overlap'] : []),
    ...listed('Only in the first:', onlyA),
    ...listed('Only in the second:', onlyB),
    ...listed(
      'Different to begin with:',
      differing.map(({ what, a, b }) => `${what}: ${a} > ${b}`),
    ),
  ].join('\n');
}
