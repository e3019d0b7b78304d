// Makespan over the number of attackers of each kind, against none.
import * as Plot from '@observablehq/plot';
import { medianOf } from '../data/series.ts';
import type { Markup } from '../drawing/html.ts';
import type { ArmRuns, Scene } from '../drawing/scene.ts';
import { sweepFigure, sweptPoints } from './sweep.ts';

/** Makespan of the arm without attackers, level over all numbers of attackers. */
function baseline({ style, runs }: ArmRuns): Plot.Markish[] {
  const honest = runs.filter(({ setting }) => setting.attackers === 0);
  const seconds = medianOf(sweptPoints(honest, 'attackers', 'makespanMs').map(({ y }) => y));
  if (Number.isNaN(seconds)) return [];
  const title = (): string => `${style.label}: ${seconds.toFixed(2)} s`;
  return [Plot.ruleY([seconds], { stroke: style.colour, strokeOpacity: 0.5, title })];
}

export const maliceFigures = (scene: Scene): Markup[] =>
  sweepFigure(scene, {
    key: 'attackers',
    metric: 'makespanMs',
    title: 'What do attackers cost?',
    caption:
      'Honest receivers only; at 0, and level from there, nobody is hostile. A cross, or a kind whose line climbs with its number, would mean that a few peers can hold up the others.',
    apart: 7,
    marks: scene.arms.flatMap(baseline),
  });
