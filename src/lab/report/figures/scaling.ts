// How a transfer grows with its receivers: makespans beside what theory allows at best, and
// what the origin had to send. Every run is a point, lines join medians, y starts at 0.
import * as Plot from '@observablehq/plot';
import { equalUplinkServerBound, serialMeanSeconds } from '../../../theory/service.ts';
import { linksOf } from '../../analysis/bound.ts';
import type { MetricName } from '../../terms/metric.ts';
import type { Run } from '../../terms/result.ts';
import {
  boundLines,
  type NamedLine,
  type RunPoint,
  runsPerPoint,
  type XY,
} from '../data/series.ts';
import { sweptScale } from '../drawing/axis.ts';
import { drawChart, FIGURE_WIDTH } from '../drawing/chart.ts';
import { figure } from '../drawing/figure.ts';
import type { Markup } from '../drawing/html.ts';
import { metricScale, plotted, plottedText } from '../drawing/metric-axis.ts';
import { NAMES_WIDTH, runDots, runMedians, theoryLines, topOf } from '../drawing/run-marks.ts';
import { type Scene, stylesOf } from '../drawing/scene.ts';

const HEIGHT = 340;
const MARGIN = { top: 20, bottom: 42, left: 52 } as const;
const FRAME = {
  width: FIGURE_WIDTH - MARGIN.left - NAMES_WIDTH,
  height: HEIGHT - MARGIN.top - MARGIN.bottom,
} as const;

const receiversOf = (run: Run): number => run.setting.receivers;

function seriesOf({ arms }: Scene, metric: MetricName): RunPoint[][] {
  return arms.map(({ runs }) =>
    runs.flatMap((run) => {
      const y = plotted(metric, run);
      return y === undefined ? [] : [{ run, x: receiversOf(run), y }];
    }),
  );
}

/** Parts between two numbers of receivers that were run: smooth to the eye. */
const PARTS = 8;

/** A bound grows with N, not with its logarithm: straight between two N is bent on the axis. */
function bent({ name, points }: NamedLine): NamedLine {
  const between = points.slice(1).flatMap((to, i): XY[] => {
    const from = points[i]!;
    return Array.from({ length: PARTS }, (_, part) => ({
      x: from.x + ((to.x - from.x) * part) / PARTS,
      y: from.y + ((to.y - from.y) * part) / PARTS,
    }));
  });
  return { name, points: [...between, ...points.slice(-1)] };
}

function draw(
  label: string,
  metric: MetricName,
  scene: Scene,
  theory: (series: RunPoint[][]) => NamedLine[],
): string {
  const series = seriesOf(scene, metric);
  const lines = theory(series);
  const top = topOf([
    ...series.flat().map(({ y }) => y),
    ...lines.flatMap(({ points }) => points.map(({ y }) => y)),
  ]);
  return drawChart(label, {
    height: HEIGHT,
    marginTop: MARGIN.top,
    marginBottom: MARGIN.bottom,
    marginLeft: MARGIN.left,
    marginRight: NAMES_WIDTH,
    x: sweptScale('receivers', scene.runs.map(receiversOf), FRAME.width),
    y: metricScale(metric, top),
    marks: [
      Plot.ruleY([0]),
      ...theoryLines(lines, { top, height: FRAME.height }),
      ...scene.arms.map(({ style }, i) => runMedians(style, series[i]!)),
      ...scene.arms.flatMap(({ style }, i) =>
        runDots(style, series[i]!, { text: plottedText(metric) }),
      ),
    ],
  });
}

/** A line of theory over the numbers of receivers of those runs; none for fewer than two. */
function theoryLine(
  name: string,
  runs: readonly Run[],
  seconds: (run: Run) => number,
): NamedLine[] {
  const held = runs.filter(({ boundMs }) => boundMs > 0);
  const byCount = new Map(held.map((run) => [receiversOf(run), seconds(run)]));
  const points = [...byCount].map(([x, y]) => ({ x, y })).sort((a, b) => a.x - b.x);
  return points.length > 1 ? [bent({ name, points })] : [];
}

/** Bound of one server with the uplinks of all: a swarm is fast because receivers bring them. */
const fatServer = ({ runs }: Scene): NamedLine[] =>
  theoryLine(
    'a server with all their uplinks',
    runs.filter(({ architecture }) => architecture === 'swarm'),
    ({ setting }) => equalUplinkServerBound(linksOf(setting, 'swarm')).seconds,
  );

const hollowText = ({ runs }: Scene): string =>
  runs.some(({ verdict }) => verdict.state !== 'valid') ? ' Hollow: a run that is not valid.' : '';

export function makespanFigure(scene: Scene): Markup {
  const bounded = scene.runs.some(({ boundMs }) => boundMs > 0);
  const svg = draw('Makespan over the number of receivers', 'makespanMs', scene, (series) => [
    ...boundLines(series).map(bent),
    ...fatServer(scene),
  ]);
  return figure(
    'Makespan over the number of receivers',
    svg,
    `From the go to the last completion; every point is one run with fresh processes (${runsPerPoint(seriesOf(scene, 'makespanMs'))} for each arm and N), lines join medians. ${bounded ? 'Dashed: what theory allows at best. A point below its bound would mean that a link was not held. A server with the uplinks of all would be as fast as the swarm can be: receivers bring them.' : 'Nothing holds the links, so theory sets no bound.'}${hollowText(scene)}`,
    stylesOf(scene),
  );
}

/** Drawn only if an arm serves one by one: its makespan is the same, its mean is not. */
export function meanFigure(scene: Scene): Markup[] {
  const isSerial = ({ setting }: Run): boolean => setting.arrivals === 'one by one';
  const serial = scene.runs.filter(isSerial);
  if (serial.length === 0) return [];
  const svg = draw('Mean completion over the number of receivers', 'meanMs', scene, () => [
    ...theoryLine('bound: one by one, mean', serial, ({ setting }) =>
      serialMeanSeconds(linksOf(setting, 'server')),
    ),
    ...theoryLine(
      'bound: equal shares, mean',
      scene.runs.filter((run) => run.architecture === 'server' && !isSerial(run)),
      ({ boundMs }) => boundMs / 1000,
    ),
  ]);
  return [
    figure(
      'Mean completion over the number of receivers',
      svg,
      `How long a receiver waits on average, from the go, at which all of them want the file. A server that serves one after the other needs as long for the last one, and little more than half as long on average: (N + 1) / 2 N. No order of sending has a lesser mean; one below its line would prove us wrong.${hollowText(scene)}`,
      stylesOf(scene),
    ),
  ];
}

export function originFigure(scene: Scene): Markup {
  const counts = scene.runs.map(receiversOf);
  const one = [Math.min(...counts), Math.max(...counts)].map((x) => ({ x, y: 1 }));
  const svg = draw('Copies that the origin sent, by receivers', 'originCopies', scene, () => [
    { name: 'one copy: the least possible', points: one },
  ]);
  return figure(
    'What the origin has to send',
    svg,
    `Payload that left the origin, in copies of the file, every run. What a receiver of a swarm has, it passes on: the rest of the swarm is fed by its own members. A swarm whose origin sends as much more with every N as a server does would prove us wrong.${hollowText(scene)}`,
    stylesOf(scene),
  );
}
