// Results for spreadsheets and statistics programs: one line a run, and one line for each
// figure of each cell. RFC 4180: commas, CRLF, quotes where needed; an empty field means
// that it was not measured or never happened, never 0.
import { METRIC_NAMES, METRICS, type MetricName } from '../terms/metric.ts';
import type { Cell, Result, Run } from '../terms/result.ts';

type Field = string | number | boolean | null | undefined;

function field(value: Field): string {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const csvOf = (rows: readonly (readonly Field[])[]): string =>
  rows.map((row) => `${row.map(field).join(',')}\r\n`).join('');

/** All keys that some scenario sweeps, each a column of its own. */
const sweptKeys = ({ scenarios }: Result): string[] => [
  ...new Set(scenarios.flatMap(({ scenario }) => Object.keys(scenario.sweep))),
];

/** Keys of a setting that stand in every row, swept or not. */
const SETTINGS = ['receivers', 'fileBytes', 'pieceLength', 'uplinkBytesPerSecond', 'link'] as const;

const RUN_COLUMNS: readonly [string, (run: Run) => Field][] = [
  ['id', (run) => run.id],
  ['scenario', (run) => run.scenario],
  ['arm', (run) => run.arm],
  ['architecture', (run) => run.architecture],
  ['repetition', (run) => run.repetition + 1],
  ['seed', (run) => run.seed],
  ['verdict', (run) => run.verdict.state],
  ['reasons', (run) => run.verdict.reasons.join('; ')],
  ['endedMs', (run) => run.endedMs],
  ['boundMs', (run) => run.boundMs],
  ['boundName', (run) => run.boundName],
  ['foreignCpuShare', (run) => run.foreignCpuShare],
  ...SETTINGS.map((key): [string, (run: Run) => Field] => [key, (run) => run.setting[key]]),
];

export function runsCsv(result: Result): string {
  const swept = sweptKeys(result);
  const head = [
    ...RUN_COLUMNS.map(([name]) => name),
    // A sweep of what is a column already has one of its own beside it.
    ...swept.map((key) => `point.${key}`),
    ...METRIC_NAMES,
  ];
  const rows = result.runs.map((run) => [
    ...RUN_COLUMNS.map(([, of]) => of(run)),
    ...swept.map((key) => run.point[key]),
    ...METRIC_NAMES.map((name) => run.metrics[name]),
  ]);
  return csvOf([head, ...rows]);
}

export function summaryCsv(result: Result): string {
  const swept = sweptKeys(result);
  const head = [
    'scenario',
    'arm',
    ...swept.map((key) => `point.${key}`),
    'metric',
    'unit',
    'runs',
    'censored',
    'median',
    'min',
    'max',
    'low95',
    'high95',
    'outliers',
  ];
  const rows = result.scenarios.flatMap(({ scenario, cells }) =>
    cells.flatMap((cell) => {
      const at = [scenario.id, cell.arm, ...swept.map((key) => cell.point[key])];
      return summaryRows(cell).map((row) => [...at, ...row]);
    }),
  );
  return csvOf([head, ...rows]);
}

function summaryRows({ metrics }: Cell): Field[][] {
  return (Object.keys(metrics) as MetricName[]).map((name) => {
    const { runs, censored, median, min, max, interval, outliers } = metrics[name]!;
    return [
      name,
      METRICS[name].unit,
      runs,
      censored,
      median,
      min,
      max,
      interval?.[0],
      interval?.[1],
      outliers.join(' '),
    ];
  });
}
