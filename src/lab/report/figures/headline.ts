// The two headline figures: how long it takes, and who completes when the origin dies.
import type { Result, ScenarioResult } from '../../terms/result.ts';
import { headArm, samePoint } from '../data/lookup.ts';
import type { Markup } from '../drawing/html.ts';
import { onlyRuns, type Scene } from '../drawing/scene.ts';
import { killWords, tellingKill } from '../words/sentences.ts';
import { beyondFigure } from './beyond.ts';
import { completionFigure } from './completions.ts';
import { reachFigure } from './kill.ts';
import { lanesEnd, lanesFigure } from './run-lanes.ts';
import { makespanFigure, meanFigure, originFigure } from './scaling.ts';

/** The largest N at which every arm took part, or else the largest. */
function commonMost({ runs, arms }: Scene): number {
  const counts = [...new Set(runs.map(({ setting }) => setting.receivers))].sort((a, b) => b - a);
  const isCommon = (count: number): boolean =>
    arms.every((arm) => arm.runs.some(({ setting }) => setting.receivers === count));
  return counts.find(isCommon) ?? counts[0]!;
}

export function scalingFigures(scene: Scene, _: ScenarioResult, result: Result): Markup[] {
  const most = commonMost(scene);
  const largest = onlyRuns(scene, ({ setting }) => setting.receivers === most);
  return [
    makespanFigure(scene),
    originFigure(scene),
    ...meanFigure(scene),
    completionFigure(largest, `N = ${most}`),
    ...beyondFigure(result, scene),
  ];
}

/** Empty for a scenario that does not sweep `kill`. */
export function killFigures(scene: Scene, shown: ScenarioResult): Markup[] {
  if (!scene.scenario.sweep.kill) return [];
  const pair = tellingKill(shown);
  if (!pair) return [reachFigure(scene)];
  const near = onlyRuns(scene, ({ point }) => samePoint(point, pair.point));
  const heads = [pair.server.arm, pair.swarm.arm, headArm(shown, 'hybrid')?.id];
  const of = near.arms.filter(({ style, runs }) => runs.length > 0 && heads.includes(style.id));
  const end = lanesEnd(of.map(({ runs }) => runs[0]!));
  return [
    reachFigure(scene),
    ...of.map(({ style, runs }) => lanesFigure(runs[0]!, style, end, killWords(pair))),
  ];
}
