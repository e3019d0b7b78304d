// One scenario of a result as its figures want it: its runs, its arms as they are drawn,
// and those of its runs that were looked at from near.
import type { Exhibit, Result, Run, ScenarioResult } from '../../terms/result.ts';
import type { Scenario } from '../../terms/scenario.ts';
import { receives } from '../../terms/trace.ts';
import { type ArmStyle, armStyles } from './arm-style.ts';

export interface ArmRuns {
  readonly style: ArmStyle;
  /** At least one. */
  readonly runs: readonly Run[];
}

export interface ShownExhibit {
  readonly exhibit: Exhibit;
  readonly run: Run;
  readonly style: ArmStyle;
}

export interface Scene {
  readonly scenario: Scenario;
  readonly runs: readonly Run[];
  /** Arms that were run, in the scenario's order. */
  readonly arms: readonly ArmRuns[];
  readonly exhibits: readonly ShownExhibit[];
}

export function sceneOf(result: Result, { scenario }: ScenarioResult): Scene {
  const runs = result.runs.filter((run) => run.scenario === scenario.id);
  const styles = armStyles(scenario);
  const arms = styles
    .map((style) => ({ style, runs: runs.filter(({ arm }) => arm === style.id) }))
    .filter((arm) => arm.runs.length > 0);
  const exhibits = result.exhibits.flatMap((exhibit): ShownExhibit[] => {
    const run = runs.find(({ id }) => id === exhibit.run);
    const style = styles.find(({ id }) => id === run?.arm);
    return run && style ? [{ exhibit, run, style }] : [];
  });
  return { scenario, runs, arms, exhibits };
}

/** The same of some of its runs; arms without any are left out. */
export const onlyRuns = (scene: Scene, keep: (run: Run) => boolean): Scene => ({
  ...scene,
  runs: scene.runs.filter(keep),
  arms: scene.arms
    .map(({ style, runs }) => ({ style, runs: runs.filter(keep) }))
    .filter(({ runs }) => runs.length > 0),
});

export const stylesOf = ({ arms }: Scene): ArmStyle[] => arms.map(({ style }) => style);

/** Nodes that want the file: receivers and free riders. */
export const receiversOf = ({ nodes }: Run): Run['nodes'] => nodes.filter(receives);

/** Time of the last event in any of the runs, seconds. */
export function endSeconds(runs: readonly Run[]): number {
  const moments = runs.flatMap((run) => [
    ...receiversOf(run).flatMap(({ completedMs, progress }) => [
      completedMs ?? 0,
      progress.at(-1)?.[0] ?? 0,
    ]),
    ...run.faults.map(({ atMs }) => atMs),
  ]);
  return Math.max(0, ...moments) / 1000 || 1;
}
