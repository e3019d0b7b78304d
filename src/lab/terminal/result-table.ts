// The result as terminal tables: every makespan beside its bound, the receivers that
// completed after each kill, the medians of all other scenarios, the claims and the
// verdict. Plain text: no escape code ever reaches a pipe or a log.
import { DEFAULT_COLUMNS } from '../../runtime/node/live-line.ts';
import {
  cellAt,
  completions,
  gainAt,
  medianAt,
  type Pair,
  pairsOf,
  runsOf,
  samePoint,
} from '../report/data/lookup.ts';
import { choiceText } from '../report/words/choice-outcome.ts';
import { failsFirst, measuredText, thresholdText } from '../report/words/claim-text.ts';
import { columnFigure, columnHead, summaryText } from '../report/words/metric-text.ts';
import { commandText, nextStep } from '../report/words/next-step.ts';
import { keyAxis, pointText, scalarText } from '../report/words/point-text.ts';
import {
  completedText,
  STAND_IN_HEAD,
  type StandIn,
  standInCells,
  standIns,
} from '../report/words/stand-in.ts';
import { boundText, mibText, timesText } from '../terms/amount-text.ts';
import type { MetricName } from '../terms/metric.ts';
import type { Cell, Result, Run, ScenarioResult } from '../terms/result.ts';
import { fitsTable, type TextCells, type TextRows, textTable } from './text-table.ts';

type Makespan = (cell: Cell | undefined) => string;

/** The least and the longest of the runs stand beside the median ... */
const spread: Makespan = (cell) =>
  summaryText('makespanMs', cell?.metrics.makespanMs) + markOf(cell);
/** ... or are left to the report. */
const median: Makespan = (cell) => (cell ? summaryMedian(cell, 'makespanMs') : '-') + markOf(cell);

/** After a figure that rests on disturbed runs, too. */
const DISTURBED = ' ?';

const markOf = (cell: Cell | undefined): string =>
  cell && cell.validRuns < cell.runs ? DISTURBED : '';

/** What the mark means, and the first reason for it. */
function disturbedNote(runs: readonly Run[]): string {
  const disturbed = runs.filter(({ verdict }) => verdict.state !== 'valid');
  const [first] = disturbed;
  if (!first) return '';
  return `\n? disturbed: ${disturbed.length} of ${runs.length} runs, as ${first.id}: ${first.verdict.reasons[0]}`;
}

const makespanCells = (cell: Cell, makespan: Makespan): TextCells => [
  makespan(cell),
  boundText(cell.boundMs),
  summaryMedian(cell, 'efficiency'),
];

function scalingRows(result: ScenarioResult, makespan: Makespan): TextRows {
  const pairs = pairsOf(result);
  const shown = new Set(pairs.flatMap(({ server, swarm }) => [server.arm, swarm.arm]));
  const others = result.scenario.arms.filter(({ id }) => !shown.has(id));
  const keys = Object.keys(result.scenario.sweep);
  const rows = pairs.map((pair): TextCells => {
    const gain = gainAt(result, pair);
    return [
      keys.map((key) => scalarText(key, pair.point[key] ?? '')).join(', '),
      ...makespanCells(pair.server, makespan),
      ...makespanCells(pair.swarm, makespan),
      ...others.map(({ id }) => makespan(cellAt(result, id, pair.point))),
      gain === null ? '-' : timesText(gain),
      copiesCell(pair),
    ];
  });
  return {
    head: [
      keys.map((key) => (key === 'receivers' ? 'N' : keyAxis(key))).join(', '),
      'server s',
      'bound',
      'eff',
      'swarm s',
      'bound',
      'eff',
      ...others.map(({ text }) => `${text} s`),
      'gain',
      'origin copies',
    ],
    rows,
  };
}

const copiesCell = ({ server, swarm }: Pair): string =>
  [server, swarm].map((cell) => summaryMedian(cell, 'originCopies')).join(' / ');

const summaryMedian = (cell: Cell, name: MetricName): string =>
  cell.metrics[name] ? columnFigure(name, medianAt(cell, name)) : '-';

function killTable(result: Result, kill: ScenarioResult, width: number): string {
  const { scenario } = kill;
  const runs = runsOf(result, kill);
  const points = kill.cells
    .map(({ point }) => point)
    .filter((point, i, all) => all.findIndex((other) => samePoint(other, point)) === i);
  const reached = (arm: string, point: Cell['point']): string => {
    const of = runs.filter((run) => run.arm === arm && samePoint(run.point, point));
    const counts = of.map((run) => {
      const { completed, started } = completions(run);
      const done = run.faults.length === 0 ? '*' : '';
      return `${completed}/${started}${done}${run.verdict.state === 'valid' ? '' : DISTURBED}`;
    });
    return [...new Set(counts)].join(' ') || '-';
  };
  const rows = scenario.arms.map(({ id, text }) => [
    text,
    ...points.map((point) => reached(id, point)),
  ]);
  const simulated = standIns(result, kill);
  if (simulated.length > 0) {
    const texts = points.map((point) => {
      const found = simulated.find((one) => samePoint(one.simulated.point, point));
      return found ? completedText(found.simulated) : '-';
    });
    rows.push(['simulated swarm', ...texts]);
  }
  const note = runs.some(({ faults }) => faults.length === 0)
    ? '\n* all were done before the origin had sent that much'
    : '';
  const head = ['copies sent before the kill', ...points.map(killHead)];
  return textTable({ head, rows }, width) + note;
}

const killHead = (point: Cell['point']): string =>
  Object.entries(point)
    .map(([key, value]) => scalarText(key, value))
    .join(', ');

function plainTable({ scenario, cells }: ScenarioResult, width: number): string {
  const names = new Map(scenario.arms.map(({ id, text }) => [id, text]));
  const swept = Object.keys(scenario.sweep).length > 0;
  const head = ['arm', ...(swept ? ['at'] : []), ...scenario.metrics.map(columnHead), 'runs'];
  const rows = cells.map((cell) => [
    names.get(cell.arm) ?? cell.arm,
    ...(swept ? [pointText(cell.point)] : []),
    ...scenario.metrics.map((name) => summaryMedian(cell, name)),
    `${cell.runs}${markOf(cell)}`,
  ]);
  return textTable({ head, rows }, width);
}

function scenarioLines(result: Result, shown: ScenarioResult, width: number): string[] {
  const { scenario, skipped } = shown;
  const title = `${scenario.id}: ${scenario.title}`;
  if (skipped !== null) return [`${title} Not run: ${skipped}`];
  const note = disturbedNote(runsOf(result, shown));
  if (scenario.role === 'scaling' && pairsOf(shown).length > 0) {
    const full = scalingRows(shown, spread);
    return fitsTable(full, width)
      ? [`${title} (median [min max])`, textTable(full, width) + note]
      : [`${title} (medians)`, textTable(scalingRows(shown, median), width) + note];
  }
  if (scenario.role === 'kill') return [title, killTable(result, shown, width) + note];
  const rows = scenario.role === 'scaling' ? standIns(result, shown) : [];
  const drawn = rows.length > 0 ? textTable(standInRows(rows), width) : plainTable(shown, width);
  return [`${title} (medians)`, drawn + note];
}

const standInRows = (rows: readonly StandIn[]): TextRows => ({
  head: ['N', ...STAND_IN_HEAD],
  rows: rows.map((row) => [row.simulated.receivers, ...standInCells(row)]),
});

/** Warnings on a terminal; the report has them all. */
const MOST_WARNINGS = 5;

/** How a person goes on from a terminal. */
export interface Around {
  /** Where the result is. */
  readonly dir: string;
  /** What runs `compare` here. */
  readonly program: string;
  /** Characters in a line. */
  readonly width?: number | undefined;
}

/** What goes to stdout, without a newline at the end. */
export function drawTable(
  result: Result,
  { dir, program, width = DEFAULT_COLUMNS }: Around,
): string {
  const { claims, verdict, warnings, fileName, base } = result;
  const chosen = choiceText(result);
  const next = nextStep(result, dir);
  const lines = [
    ...(chosen === undefined ? [] : [`chosen  ${chosen}`]),
    `${fileName}, ${mibText(base.fileBytes)} unless a scenario says otherwise, seed ${result.seed}`,
    ...result.scenarios.flatMap((shown) => scenarioLines(result, shown, width)),
    ...failsFirst(claims).map(
      (claim) =>
        `claim   ${claim.state}: ${claim.text} (${measuredText(result, claim)}, ${thresholdText(result, claim)})`,
    ),
    ...warnings.slice(0, MOST_WARNINGS).map((text) => `warning ${text}`),
    ...(warnings.length > MOST_WARNINGS
      ? [`warning and ${warnings.length - MOST_WARNINGS} more: see the report`]
      : []),
    `verdict ${verdict.state}${verdict.reasons.length > 0 ? `: ${verdict.reasons.join('; ')}` : ''} (${result.wallSeconds.toFixed(0)} s)`,
    ...(next
      ? [`next    ${next.sentence}`, `        ${program} ${commandText(['compare', ...next.args])}`]
      : []),
  ];
  return lines.join('\n');
}
