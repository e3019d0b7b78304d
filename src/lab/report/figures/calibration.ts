// Is each link's cap held, and is the same as fast as itself?
import type { Markup } from '../drawing/html.ts';
import { onlyRuns, type Scene } from '../drawing/scene.ts';
import { metricRowsFigure } from './metric-rows.ts';
import { ratiosFigure } from './ratios.ts';

function capBand({ scenario }: Scene): { band: readonly [number, number] } | object {
  const claim = scenario.claims.find(
    ({ metric, comparison }) => metric === 'linkUse' && comparison === 'within',
  );
  return claim ? { band: [1 - claim.threshold, 1 + claim.threshold] } : {};
}

export const calibrationFigures = (scene: Scene): Markup[] => [
  ...metricRowsFigure(
    onlyRuns(scene, ({ setting }) => setting.receivers === 1),
    {
      metric: 'linkUse',
      title: 'Are the links held?',
      caption:
        'Rate from the first verified piece to the last, over the cap, with one receiver; grey: what the claim allows. A point beyond it would mean that nothing else here can be believed.',
      ...capBand(scene),
    },
  ),
  ...ratiosFigure(
    scene,
    'Is the same as fast as itself?',
    'Makespans of the same arm run twice, and of a server with and without TLS. A ratio outside the grey would mean that a difference of that size elsewhere is noise, or encryption.',
  ),
];

export const linksFigures = (scene: Scene): Markup[] => [
  ...ratiosFigure(
    scene,
    'Do both kinds of link agree?',
    'Makespan with links of the kernel over that with links of the programs. A ratio outside the grey would mean that one of them is no link.',
  ),
  ...metricRowsFigure(scene, {
    metric: 'makespanMs',
    title: 'The same, in seconds',
    caption: 'A point left of its bound would mean that a link was not held.',
  }),
];
