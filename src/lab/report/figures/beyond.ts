// Past what a machine can run as processes: the very sessions of a peer on a virtual clock,
// held against real runs where there are both.
import * as Plot from '@observablehq/plot';
import { secondsText } from '../../terms/amount-text.ts';
import type { Result, Simulated } from '../../terms/result.ts';
import type { XY } from '../data/series.ts';
import { sweptScale } from '../drawing/axis.ts';
import { armDots, armLine, drawChart, FIGURE_WIDTH, hollowDots } from '../drawing/chart.ts';
import { figure } from '../drawing/figure.ts';
import type { Markup } from '../drawing/html.ts';
import { NAMES_WIDTH, theoryLines, topOf } from '../drawing/run-marks.ts';
import { onlyRuns, type Scene, stylesOf } from '../drawing/scene.ts';

type SimulatedPoint = Simulated['points'][number];

const HEIGHT = 340;
const MARGIN = { top: 20, bottom: 42, left: 52 } as const;
const FRAME = {
  width: FIGURE_WIDTH - MARGIN.left - NAMES_WIDTH,
  height: HEIGHT - MARGIN.top - MARGIN.bottom,
} as const;

/** Doublings would be too many. */
const DECADES = [1, 10, 100, 1000, 10_000, 100_000];

interface RealPoint extends XY {
  readonly id: string;
}

const realTitle = ({ id, y }: RealPoint): string => `${id}: ${y.toFixed(2)} s`;
const xOf = ({ receivers }: SimulatedPoint): number => receivers;
const yOf = ({ makespanMs }: SimulatedPoint): number => (makespanMs ?? 0) / 1000;
const titleOf = (point: SimulatedPoint): string =>
  `simulated, ${point.receivers} receivers: ${secondsText(yOf(point) * 1000)} s, bound ${secondsText(point.boundMs)} s, ${point.originCopies.toFixed(2)} origin copies, in ${secondsText(point.wallMs)} s`;

/** Empty if nothing was simulated. */
export function beyondFigure({ simulated }: Result, whole: Scene): Markup[] {
  const of = (simulated?.points ?? []).filter(
    ({ scenario, makespanMs }) => scenario === whole.scenario.id && makespanMs !== null,
  );
  const scene = onlyRuns(whole, ({ arm }) => of.some((point) => point.arm === arm));
  if (!simulated || scene.arms.length === 0) return [];
  const most = Math.max(...of.map(xOf));
  return [
    figure(
      `Beyond this machine: to ${most.toLocaleString('en')} receivers, simulated`,
      draw(scene, of),
      `Filled: real runs. Hollow: simulated, with the same session objects on a virtual clock, links alone, no CPU and no connecting. ${errorText(simulated)} ${serverText(of, most)}`,
      stylesOf(scene),
    ),
  ];
}

function errorText({ error, validation }: Simulated): string {
  if (!error) {
    return validation.length === 0
      ? 'No real run could be held against them.'
      : 'No transfer that completed could be held against them.';
  }
  const { receivers, ratio, startMs, transfer } = error;
  const range = ({ min, max }: typeof ratio, text: (value: number) => string): string =>
    text(min) === text(max) ? text(min) : `${text(min)} to ${text(max)}`;
  return `Up to ${receivers} receivers real makespans were ${range(ratio, (value) => value.toFixed(2))} times the simulated ones: the first piece came ${range(startMs, (ms) => secondsText(ms))} s later, and from there on it took ${range(transfer, (value) => value.toFixed(2))} times as long.`;
}

/** Too far above the frame to be drawn: N copies take N times as long as one. */
function serverText(points: readonly SimulatedPoint[], most: number): string {
  const { fileBytes, uplinkBytesPerSecond } = points[0]!;
  const hours = ((fileBytes / uplinkBytesPerSecond) * most) / 3600;
  const time = hours >= 1 ? `${hours.toFixed(1)} hours` : `${(hours * 60).toFixed(1)} minutes`;
  return `A server with that uplink would need ${time} for ${most.toLocaleString('en')}.`;
}

function draw(scene: Scene, points: readonly SimulatedPoint[]): string {
  // Hollow means simulated here, whatever a run's verdict; who never completed has no height.
  const real = scene.arms.map(({ runs }) =>
    runs.flatMap(({ id, setting, metrics: { makespanMs } }): RealPoint[] =>
      makespanMs == null ? [] : [{ id, x: setting.receivers, y: makespanMs / 1000 }],
    ),
  );
  const bounds: XY[] = points
    .filter(({ arm }) => arm === scene.arms[0]!.style.id)
    .map((point) => ({ x: point.receivers, y: point.boundMs / 1000 }))
    .sort((a, b) => a.x - b.x);
  const top = topOf([...points.map(yOf), ...real.flat().map(({ y }) => y)]);
  return drawChart('Makespan of real and simulated swarms over the number of receivers', {
    height: HEIGHT,
    marginTop: MARGIN.top,
    marginBottom: MARGIN.bottom,
    marginLeft: MARGIN.left,
    marginRight: NAMES_WIDTH,
    x: {
      ...sweptScale('receivers', points.map(xOf), FRAME.width),
      ticks: DECADES.filter((count) => count <= Math.max(...points.map(xOf))),
      tickFormat: (count: number) => count.toLocaleString('en'),
    },
    y: { label: 'makespan, s', domain: [0, top], grid: true },
    marks: [
      Plot.ruleY([0]),
      ...theoryLines([{ name: 'bound: swarm', points: bounds }], { top, height: FRAME.height }),
      ...scene.arms.flatMap(({ style }, i) => {
        const simulated = points
          .filter(({ arm }) => arm === style.id)
          .toSorted((a, b) => a.receivers - b.receivers);
        return [
          armLine(style, simulated, { x: xOf, y: yOf }),
          armDots(style, real[i]!, { x: ({ x }) => x, y: ({ y }) => y, title: realTitle }),
          hollowDots(style, simulated, { x: xOf, y: yOf, title: titleOf }),
          Plot.text(simulated.slice(-1), {
            x: xOf,
            y: yOf,
            text: () => 'simulated',
            fill: style.colour,
            fontWeight: 'bold',
            textAnchor: 'end',
            dy: -14,
            dx: 6,
          }),
        ];
      }),
    ],
  });
}
