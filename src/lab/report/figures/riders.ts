// Givers and free riders: medians of both over the share of free riders, one panel for
// each choker.
import * as Plot from '@observablehq/plot';
import { secondsText } from '../../terms/amount-text.ts';
import { medianLine, type RunPoint, runsPerPoint } from '../data/series.ts';
import type { ArmStyle } from '../drawing/arm-style.ts';
import { sweptScale } from '../drawing/axis.ts';
import { drawChart, FIGURE_HEIGHT, FIGURE_WIDTH } from '../drawing/chart.ts';
import { figure } from '../drawing/figure.ts';
import type { Markup } from '../drawing/html.ts';
import { KEYS_DY, KEYS_TOP, keys, runTitle, topOf } from '../drawing/run-marks.ts';
import type { ArmRuns, Scene } from '../drawing/scene.ts';
import { neverText, sweepFigure, sweptPoints } from './sweep.ts';

interface Panel {
  readonly style: ArmStyle;
  readonly givers: readonly RunPoint[];
  readonly riders: readonly RunPoint[];
}

/**
 * Runs without riders have no median of riders; that is not the same as riders that never
 * completed.
 */
export const panelOf = ({ style, runs }: ArmRuns): Panel => ({
  style,
  givers: sweptPoints(
    runs.filter(({ setting }) => setting.riderShare < 1),
    'riderShare',
    'giversMs',
  ),
  riders: sweptPoints(
    runs.filter(({ nodes }) => nodes.some(({ role }) => role === 'rider')),
    'riderShare',
    'ridersMs',
  ),
});

const GAP = 24;
/** Room for the name of a panel. */
const PANEL_TOP = 20;
const SIDES = 56 + 24;

function panelMarks({ style, givers, riders }: Panel): Plot.Markish[] {
  const fx = (): string => style.label;
  const title = (point: RunPoint): string => runTitle(point, (y) => `${secondsText(y * 1000)} s`);
  const line = (points: readonly RunPoint[]) => medianLine(points);
  const taking = {
    stroke: style.colour,
    strokeDasharray: '2 3',
  };
  return [
    Plot.line(line(givers), { fx, x: 'x', y: 'y', stroke: style.colour, strokeWidth: 2 }),
    Plot.line(line(riders), { fx, x: 'x', y: 'y', strokeWidth: 2, ...taking }),
    Plot.dot(givers.filter(isThere), {
      fx,
      x: 'x',
      y: 'y',
      r: 4.5,
      dx: -4,
      symbol: style.symbol,
      fill: style.colour,
      stroke: 'var(--paper)',
      title: (point: RunPoint) => `givers, ${title(point)}`,
    }),
    Plot.dot(riders.filter(isThere), {
      fx,
      x: 'x',
      y: 'y',
      r: 4.5,
      dx: 4,
      symbol: style.symbol,
      fill: 'var(--paper)',
      stroke: style.colour,
      strokeWidth: 1.75,
      title: (point: RunPoint) => `free riders, ${title(point)}`,
    }),
    Plot.text(
      [...givers, ...riders].filter((point) => !isThere(point)),
      {
        fx,
        x: 'x',
        frameAnchor: 'top',
        text: () => '\u2715',
        fill: style.colour,
        title,
      },
    ),
  ];
}

const isThere = ({ y }: RunPoint): boolean => y !== null;

export function ridersFigures(scene: Scene): Markup[] {
  const panels = scene.arms.map(panelOf);
  const all = panels.flatMap(({ givers, riders }) => [...givers, ...riders]);
  return [
    ...(all.length > 0 ? [mediansFigure(panels, all)] : []),
    ...sweepFigure(scene, {
      key: 'riderShare',
      metric: 'makespanMs',
      title: 'What do free riders cost the last one?',
      caption:
        'Bounds count the uplinks of those who give. A line far above its bound would mean that free riders cost more than their uplinks.',
      apart: 7,
    }),
  ];
}

function mediansFigure(panels: readonly Panel[], all: readonly RunPoint[]): Markup {
  const colour = 'currentColor';
  const width = (FIGURE_WIDTH - SIDES - GAP * (panels.length - 1)) / panels.length;
  const svg = drawChart('Median completion of givers and of free riders over the share of these', {
    height: FIGURE_HEIGHT + KEYS_TOP,
    marginTop: KEYS_TOP + PANEL_TOP,
    marginLeft: 56,
    marginRight: 24,
    x: sweptScale(
      'riderShare',
      all.map(({ x }) => x),
      width,
    ),
    fx: {
      label: null,
      domain: panels.map(({ style }) => style.label),
      padding: 0.12,
    },
    y: { label: 'median completion, s', domain: [0, topOf(all.map(({ y }) => y))], grid: true },
    marks: [
      ...keys(
        [
          { text: 'who gives', colour, glyph: '\u25CF' },
          { text: 'who only takes (dotted)', colour, glyph: '\u25CB' },
        ],
        KEYS_DY - PANEL_TOP,
      ),
      Plot.axisFx({ anchor: 'top', label: null, tickSize: 0, dy: 2, fontWeight: 'bold' }),
      Plot.ruleY([0]),
      ...panels.flatMap(panelMarks),
    ],
  });
  return figure(
    'Are free riders slowed?',
    svg,
    `Median completion within each run, over the share that never uploads; every point is one run (${runsPerPoint(panels.map(({ givers }) => givers))} in each place), lines join medians. ${neverText(all)}Under tit for tat, free riders that are done before those who give would prove us wrong.`,
  );
}
