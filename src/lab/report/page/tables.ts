// The report's tables: claims with what failed first, every figure beside its bound, every
// run listed.

import { boundText, percentText, secondsText } from '../../terms/amount-text.ts';
import { METRICS, type MetricName } from '../../terms/metric.ts';
import type { Cell, Claim, Result, Run, ScenarioResult, Summary } from '../../terms/result.ts';
import { completions } from '../data/lookup.ts';
import { type ArmStyle, armName, armStyles } from '../drawing/arm-style.ts';
import {
  abbreviated,
  folded,
  html,
  isLong,
  type Markup,
  type Part,
  table,
} from '../drawing/html.ts';
import { failsFirst, measuredText, thresholdText } from '../words/claim-text.ts';
import { columnFigure, columnHead, spreadText, summaryText } from '../words/metric-text.ts';
import { keyAxis, pointText, scalarText } from '../words/point-text.ts';
import { STAND_IN_HEAD, standInCells, standIns } from '../words/stand-in.ts';

const runAnchor = (id: string): string => `run-${id}`;

/** Lets a long id wrap after each '/'. */
const breakable = (id: string): Markup =>
  html`${id.split('/').map((part, i) => (i === 0 ? html`${part}` : html`/<wbr>${part}`))}`;

const runLink = (id: string): Markup => html`<a href="#${encodeURI(runAnchor(id))}">${id}</a>`;

export function claimsTable(result: Result, claims: readonly Claim[]): Markup {
  return table(
    ['claim', 'threshold', 'measured', 'decided at', ''],
    failsFirst(claims).map((claim) => [
      html`<span title="claim ${claim.id}">${claim.text}</span>`,
      thresholdText(result, claim),
      measuredText(result, claim),
      claim.point ? pointText(claim.point) : '',
      html`<b class="${claim.state}">${claim.state}</b>`,
    ]),
  );
}

/** Marked where some of its runs are far from the others. */
function summaryCell(name: MetricName, summary: Summary | undefined): Part {
  const words = summaryText(name, summary);
  if (!summary || summary.outliers.length === 0) return words;
  return abbreviated(`${words} \u2020`, `far from the others: ${summary.outliers.join(', ')}`);
}

function runsCell({ runs, validRuns, scriptedRuns }: Cell): string {
  return [
    `${runs}`,
    ...(validRuns < runs ? [`${validRuns} valid`] : []),
    ...(scriptedRuns < runs ? [`script met in ${scriptedRuns}`] : []),
  ].join(', ');
}

function outliersNote(cells: readonly Cell[]): Markup {
  const ids = new Set(
    cells.flatMap(({ metrics }) => Object.values(metrics).flatMap(({ outliers }) => outliers)),
  );
  if (ids.size === 0) return html``;
  return html`<p class="note">\u2020 Far from the others, and counted like all: ${[...ids].map(
    (id, i) => html`${i > 0 ? ', ' : ''}${runLink(id)}`,
  )}.</p>`;
}

/** How the figures of a table are to be read. */
function summaryNote(cells: readonly Cell[]): string {
  const intervals = cells.some(({ metrics }) =>
    Object.values(metrics).some(({ interval }) => interval !== null),
  );
  return intervals
    ? 'Median (95 % interval) of five runs and more, median [min max] of fewer; one figure where there is no spread.'
    : 'Median [min max] over the runs; one figure where there is no spread.';
}

/** One arm at one point a row. */
export function cellsTable(
  { scenario, cells }: ScenarioResult,
  styles: ReadonlyMap<string, ArmStyle>,
): Markup {
  const keys = Object.keys(scenario.sweep);
  const bounded = cells.some(({ boundMs }) => boundMs > 0);
  const head = [
    'arm',
    ...keys.map(keyAxis),
    ...scenario.metrics.map(columnHead),
    ...(bounded ? ['bound, s'] : []),
    'runs',
  ];
  const rows = cells.map((cell) => [
    armName(styles.get(cell.arm)!),
    ...keys.map((key) => scalarText(key, cell.point[key] ?? '')),
    ...scenario.metrics.map((name) => summaryCell(name, cell.metrics[name])),
    ...(bounded ? [abbreviated(boundText(cell.boundMs), cell.boundName)] : []),
    runsCell(cell),
  ]);
  const drawn = table(head, rows);
  return html`${isLong(rows.length) ? folded(`${rows.length} rows: every arm at every point`, drawn) : drawn}
<p class="note">${summaryNote(cells)}</p>${outliersNote(cells)}`;
}

/** Makespans against each other; nothing where no two arms were compared. */
export function comparisonsTable(
  { comparisons }: ScenarioResult,
  styles: ReadonlyMap<string, ArmStyle>,
): Markup {
  const shown = comparisons.flatMap((comparison) =>
    comparison.ratio ? [{ ...comparison, ratio: comparison.ratio }] : [],
  );
  if (shown.length === 0) return html``;
  const rows = shown.map(({ arm, against, point, ratio, pairs }) => [
    html`${armName(styles.get(arm)!)} over ${armName(styles.get(against)!)}`,
    pointText(point),
    spreadText(ratio, (value) => (value ?? 0).toFixed(2)),
    pairs,
  ]);
  return folded(
    'Makespans over each other, run pair by run pair',
    table(['makespan', 'at', 'ratio', 'pairs'], rows),
  );
}

function faultsText({ faults, unmetFaults }: Run): Part {
  if (faults.length + unmetFaults.length === 0) return '';
  const met = faults.map(({ text: what, atMs }) => `${what}: at ${secondsText(atMs)} s`);
  const unmet = unmetFaults.map((what) => `${what}: never`);
  return abbreviated(
    `${faults.length} of ${faults.length + unmetFaults.length}`,
    [...met, ...unmet].join('; '),
  );
}

function verdictCell({ verdict: { state, reasons } }: Run): Markup {
  const why = reasons.length > 0 ? `: ${reasons.join('; ')}` : '';
  return html`<span class="why"><b class="${state}">${state}</b>${why}</span>`;
}

/** "Never" is said of times only. */
function figure(run: Run, name: MetricName): string {
  const value = run.metrics[name];
  if (value === undefined) return '-';
  return value === null && METRICS[name].unit !== 'ms' ? '-' : columnFigure(name, value);
}

export function runsTable({ runs, scenarios }: Result): Markup {
  const styles = new Map(
    scenarios.flatMap(({ scenario }) =>
      armStyles(scenario).map((style) => [`${scenario.id} ${style.id}`, style] as const),
    ),
  );
  const armOf = (run: Run): Part => {
    const style = styles.get(`${run.scenario} ${run.arm}`);
    return style ? armName(style) : run.arm;
  };
  return table(
    [
      'run',
      'arm',
      'at',
      'completed',
      columnHead('makespanMs'),
      'bound, s',
      columnHead('efficiency'),
      columnHead('originCopies'),
      'faults met',
      'other load',
      'verdict',
    ],
    runs.map((run) => {
      const { completed, started } = completions(run);
      return [
        breakable(run.id),
        armOf(run),
        pointText(run.point),
        `${completed}/${started}`,
        figure(run, 'makespanMs'),
        abbreviated(boundText(run.boundMs), run.boundName),
        figure(run, 'efficiency'),
        figure(run, 'originCopies'),
        faultsText(run),
        run.foreignCpuShare === null ? '-' : percentText(run.foreignCpuShare),
        verdictCell(run),
      ];
    }),
    { ids: runs.map(({ id }) => runAnchor(id)), texts: 3 },
  );
}

/** Empty if the swarm was measured. */
export function standInTable(result: Result, shown: ScenarioResult): Markup {
  const rows = standIns(result, shown);
  if (rows.length === 0) return html``;
  return html`<h3>Simulated beside it</h3>
${table(
  ['at', ...STAND_IN_HEAD],
  rows.map((row) => [pointText(row.simulated.point), ...standInCells(row)]),
)}
<p class="note">The swarm as the sessions of a real peer on a virtual clock, with these links alone: no CPU, no booting, no connecting. There was too little CPU here to run it as processes.</p>`;
}
