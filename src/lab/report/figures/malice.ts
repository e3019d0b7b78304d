// Makespan over the number of attackers of each kind, against none.
import type { Markup } from '../html.ts';
import type { Scene } from '../scene.ts';
import { sweepFigure } from './sweep.ts';

export const maliceFigures = (scene: Scene): Markup[] =>
  sweepFigure(scene, {
    key: 'attackers',
    metric: 'makespanMs',
    title: 'What do attackers cost?',
    caption:
      'Honest receivers only; at 0 nobody is hostile. A cross, or a kind whose line climbs with its number, would mean that a few peers can hold up the others.',
    apart: 7,
  });
