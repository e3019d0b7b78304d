// Makespan over the length of a piece, with what theory and a cost for each piece make of
// it (src/theory/piece-cost.ts), and what short pieces cost in CPU time.
import * as Plot from '@observablehq/plot';
import { fitPieceCost, type PieceCostFit, secondsWith } from '../../../theory/piece-cost.ts';
import type { Run } from '../../terms/result.ts';
import type { Setting } from '../../terms/setting.ts';
import type { XY } from '../data/series.ts';
import { BOUND_COLOUR } from '../drawing/chart.ts';
import type { Markup } from '../drawing/html.ts';
import type { Scene } from '../drawing/scene.ts';
import { scalarText } from '../words/point-text.ts';
import { sweepFigure, sweptPoints } from './sweep.ts';

/** Parts of a curve: smooth to the eye. */
const CURVE_PARTS = 60;

export interface FittedCurve {
  readonly fit: PieceCostFit;
  /** Seconds over the length of a piece. */
  readonly points: readonly XY[];
  /** The lowest point of the curve; undefined if more pieces seem to cost nothing. */
  readonly best: XY | undefined;
}

/** The theorem is about uplinks that are all alike, and held. */
const isAlike = ({ link, uplinkFactors, originUplinkFactor }: Setting): boolean =>
  link !== 'none' && uplinkFactors.every((factor) => factor === originUplinkFactor);

/** Undefined of runs that do not differ in their pieces alone, or in too few of them. */
export function fittedCurve(runs: readonly Run[]): FittedCurve | undefined {
  const measured = sweptPoints(runs, 'pieceLength', 'makespanMs').flatMap(({ run, x, y }) =>
    y === null ? [] : [{ setting: run.setting, pieceLength: x, seconds: y }],
  );
  const first = measured[0]?.setting;
  if (!first || !measured.every(({ setting }) => isAlike(setting) && isLike(setting, first))) {
    return undefined;
  }
  const { fileBytes, receivers, uplinkBytesPerSecond, originUplinkFactor } = first;
  const distribution = { fileBytes, receivers, uplink: uplinkBytesPerSecond * originUplinkFactor };
  const fit = fitPieceCost(
    distribution,
    measured.map(({ pieceLength, seconds }) => ({
      pieces: Math.ceil(fileBytes / pieceLength),
      seconds,
    })),
  );
  if (!fit) return undefined;
  const at = (pieceLength: number): XY => ({
    x: pieceLength,
    y: secondsWith(distribution, fit, Math.max(1, fileBytes / pieceLength)),
  });
  const powers = measured.map(({ pieceLength }) => Math.log2(pieceLength));
  const [low, high] = [Math.min(...powers), Math.max(...powers)];
  const points = Array.from({ length: CURVE_PARTS + 1 }, (_, i) =>
    at(2 ** (low + ((high - low) * i) / CURVE_PARTS)),
  );
  return {
    fit,
    points,
    best: fit.bestPieces === undefined ? undefined : at(fileBytes / fit.bestPieces),
  };
}

const isLike = (a: Setting, b: Setting): boolean =>
  a.fileBytes === b.fileBytes &&
  a.receivers === b.receivers &&
  a.uplinkBytesPerSecond === b.uplinkBytesPerSecond;

function bestMarks({ fit, best, points }: FittedCurve): Plot.Markish[] {
  // Outside of what was measured the fit is a guess.
  if (!best || best.x < points[0]!.x || best.x > points.at(-1)!.x) return [];
  const text = `best: ${fit.bestPieces} pieces of ${scalarText('pieceLength', Math.round(best.x))}`;
  return [
    Plot.ruleX([best], { x: 'x', y1: 0, y2: 'y', stroke: BOUND_COLOUR, strokeDasharray: '2 3' }),
    Plot.dot([best], {
      x: 'x',
      y: 'y',
      r: 5,
      stroke: BOUND_COLOUR,
      strokeWidth: 2,
      fill: 'var(--paper)',
      title: () => text,
    }),
    Plot.text([best], {
      x: 'x',
      y: 0,
      dy: -12,
      dx: 8,
      textAnchor: 'start',
      text: () => text,
      fill: BOUND_COLOUR,
      fontStyle: 'italic',
    }),
  ];
}

const fitText = ({ fit }: FittedCurve): string =>
  `Fitted: (F/u)(1 + floor(log2 N)/M) + c M + d with c = ${(fit.secondsPerPiece * 1000).toFixed(2)} ms a piece and d = ${fit.fixedSeconds.toFixed(2)} s, ${fit.residualSeconds.toFixed(2)} s unexplained${fit.bestPieces === undefined ? '; pieces seem to cost nothing here, so that none is too short' : ''}. `;

export function pieceLengthFigures(scene: Scene): Markup[] {
  const only = scene.arms.length === 1 ? fittedCurve(scene.runs) : undefined;
  return [
    ...sweepFigure(scene, {
      key: 'pieceLength',
      metric: 'makespanMs',
      title: 'Is there a best piece length?',
      caption: `${only ? fitText(only) : ''}A line that never climbs to the right would mean that whole pieces hold nobody up.`,
      ...(only
        ? {
            curves: [{ name: 'fitted curve', points: only.points }],
            marks: bestMarks(only),
          }
        : {}),
    }),
    ...sweepFigure(scene, {
      key: 'pieceLength',
      metric: 'cpuSecondsPerGib',
      title: 'What do short pieces cost?',
      caption:
        'CPU time of all processes after the go, for each GiB delivered. A level line would mean that pieces cost nothing.',
    }),
  ];
}
