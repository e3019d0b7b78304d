// The long tail: how long each receiver waits, over the moment at which it came, and how
// much of all that the origin had to send.
import * as Plot from '@observablehq/plot';
import { secondsText } from '../../terms/amount-text.ts';
import { medianLine, type XY } from '../data/series.ts';
import { armDots, armLine, drawChart } from '../drawing/chart.ts';
import { figure } from '../drawing/figure.ts';
import type { Markup } from '../drawing/html.ts';
import { NEVER_ROOM, topOf } from '../drawing/run-marks.ts';
import type { ArmRuns } from '../drawing/scene.ts';
import { receiversOf, type Scene, stylesOf } from '../drawing/scene.ts';
import { metricRowsFigure } from './metric-rows.ts';

export interface Arrival {
  /** Seconds after the first one. */
  readonly came: number;
  /** Its place in the order of arrival, which all runs share; from 1. */
  readonly rank: number;
  /** Seconds; null: never done. */
  readonly waited: number | null;
  readonly title: string;
}

/** Whoever never came (the run was over) is not there. */
export const arrivalsOf = ({ runs }: Pick<ArmRuns, 'runs'>): Arrival[] =>
  runs.flatMap((run) =>
    receiversOf(run)
      .filter(({ goMs }) => goMs !== null)
      .toSorted((a, b) => a.goMs! - b.goMs!)
      .map(({ id, goMs, completedMs }, i): Arrival => {
        const waited = completedMs === null ? null : (completedMs - goMs!) / 1000;
        const end = waited === null ? 'never done' : `waited ${secondsText(waited * 1000)} s`;
        return {
          came: goMs! / 1000,
          rank: i + 1,
          waited,
          title: `${run.id}, ${id}: came at ${secondsText(goMs!)} s, ${end}`,
        };
      }),
  );

/** Through the ranks, since no two runs have their arrivals at the very same moment. */
export function waitedLine(arrivals: readonly Arrival[]): XY[] {
  const came = medianLine(arrivals.map((arrival) => ({ x: arrival.rank, y: arrival.came })));
  const waited = medianLine(arrivals.map((arrival) => ({ x: arrival.rank, y: arrival.waited })));
  return came.map(({ y }, i) => ({ x: y, y: waited[i]!.y }));
}

function waitFigure(scene: Scene): Markup[] {
  const arms = scene.arms
    .map(({ style, runs }) => ({ style, arrivals: arrivalsOf({ runs }) }))
    .filter(({ arrivals }) => arrivals.length > 0);
  const all = arms.flatMap(({ arrivals }) => arrivals);
  if (all.length === 0) return [];
  const svg = drawChart('How long each receiver waits, over the moment at which it came', {
    x: { label: 'came after, s', domain: [0, topOf(all.map(({ came }) => came))] },
    y: {
      label: 'waited, s',
      domain: [
        0,
        topOf(
          all.map(({ waited }) => waited),
          NEVER_ROOM,
        ),
      ],
      grid: true,
    },
    marginTop: 26,
    marks: [
      Plot.ruleY([0]),
      ...arms.flatMap(({ style, arrivals }, i) => [
        armLine(style, waitedLine(arrivals), { x: ({ x }: XY) => x, y: ({ y }: XY) => y }),
        armDots(
          style,
          arrivals.filter(({ waited }) => waited !== null),
          {
            x: ({ came }: Arrival) => came,
            y: ({ waited }: Arrival) => waited!,
            title: ({ title }: Arrival) => title,
          },
        ),
        Plot.text(
          arrivals.filter(({ waited }) => waited === null),
          {
            x: 'came',
            title: 'title',
            frameAnchor: 'top',
            // Each arm's crosses on a line of their own.
            dy: 12 * i,
            text: () => '\u2715',
            fill: style.colour,
            fontWeight: 'bold',
          },
        ),
      ]),
    ],
  });
  const never = all.some(({ waited }) => waited === null)
    ? ' A cross at the top: never done, in the colour of its arm.'
    : '';
  return [
    figure(
      'How long does who comes late wait?',
      svg,
      `Every point is one receiver of one run, lines join medians of the first to come, the second and so on.${never} A swarm whose late comers wait longer than the first, or are left when the origin dies, would prove us wrong.`,
      stylesOf(scene),
    ),
  ];
}

export const lateFigures = (scene: Scene): Markup[] => [
  ...waitFigure(scene),
  ...metricRowsFigure(scene, {
    metric: 'originCopies',
    title: 'How much of it did the origin send?',
    caption: 'In copies of the file. A swarm at one copy for each receiver would be a server.',
  }),
];
