// Which figures a scenario has: those that it names, or else its makespan over whatever
// number is swept, or arm by arm.
import type { Result, ScenarioResult } from '../../terms/result.ts';
import type { FigureName } from '../../terms/scenario.ts';
import type { SettingKey } from '../../terms/setting.ts';
import type { Markup } from '../drawing/html.ts';
import { type Scene, sceneOf } from '../drawing/scene.ts';
import { availabilityFigures } from '../figures/availability.ts';
import { breakEvenFigures } from '../figures/break-even.ts';
import { calibrationFigures, linksFigures } from '../figures/calibration.ts';
import { churnFigures } from '../figures/churn.ts';
import { costFigures, wireFigures } from '../figures/cost.ts';
import { killFigures, scalingFigures } from '../figures/headline.ts';
import { lateFigures } from '../figures/late.ts';
import { maliceFigures } from '../figures/malice.ts';
import { metricRowsFigure } from '../figures/metric-rows.ts';
import { pieceLengthFigures } from '../figures/piece-length.ts';
import { replicasFigures } from '../figures/replicas.ts';
import { ridersFigures } from '../figures/riders.ts';
import { stripFigures } from '../figures/strip.ts';
import { sweepFigure } from '../figures/sweep.ts';
import { unequalFigures } from '../figures/unequal.ts';
import { uplinksFigures } from '../figures/uplinks.ts';
import { keyAxis } from '../words/point-text.ts';

type Draw = (scene: Scene, shown: ScenarioResult, result: Result) => Markup[];

const reachFigure: Draw = (scene) =>
  metricRowsFigure(scene, {
    metric: 'reach',
    title: 'Who completes?',
    caption:
      'Completed over started. The claims below say what is expected; a single run beside it proves them wrong.',
  });

const FIGURES: Readonly<Record<FigureName, Draw>> = {
  calibration: calibrationFigures,
  links: linksFigures,
  scaling: scalingFigures,
  uplinks: uplinksFigures,
  kill: killFigures,
  availability: availabilityFigures,
  churn: churnFigures,
  'free riders': ridersFigures,
  malice: maliceFigures,
  late: lateFigures,
  'piece length': pieceLengthFigures,
  unequal: unequalFigures,
  replicas: replicasFigures,
  strip: stripFigures,
  reach: reachFigure,
  'break-even': breakEvenFigures,
  cost: costFigures,
  wire: wireFigures,
};

const anyFigures: Draw = (scene, { scenario }) => {
  const swept = Object.entries(scenario.sweep).find(([, values]) =>
    values?.every((value) => typeof value === 'number'),
  );
  if (!swept || swept[1]!.length < 2) {
    return metricRowsFigure(scene, {
      metric: 'makespanMs',
      title: 'How long does it take?',
      caption: 'A point left of its bound would mean that a link was not held.',
    });
  }
  const others = Object.keys(scenario.sweep).filter((key) => key !== swept[0]);
  return sweepFigure(scene, {
    key: swept[0] as SettingKey,
    metric: 'makespanMs',
    title: `How long does it take, over ${keyAxis(swept[0])}?`,
    caption:
      others.length > 0
        ? `All values of ${others.map(keyAxis).join(' and ')} are in it together.`
        : '',
    apart: scene.arms.length > 3 ? 5 : 0,
  });
};

/** Headline first; none for a scenario without a run. */
export function figuresOf(result: Result, scenarioResult: ScenarioResult): Markup[] {
  const scene = sceneOf(result, scenarioResult);
  if (scene.runs.length === 0) return [];
  const made = scenarioResult.scenario.figures.flatMap((name) =>
    FIGURES[name](scene, scenarioResult, result),
  );
  // A figure draws nothing of a scenario that lacks what it is about.
  return made.length > 0 ? made : anyFigures(scene, scenarioResult, result);
}
