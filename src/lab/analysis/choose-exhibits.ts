// Which runs are looked at from near: those that show a difference in kind. One of each arm
// where something is taken away, and the largest of the plain runs.
import { type Point, pointText } from '../terms/planned-run.ts';
import type { Run } from '../terms/result.ts';

const MOST = 18;

/** Scenarios with one run of each arm, in the order in which they matter. */
const FAULTS = ['partition', 'replica-killed', 'front-killed', 'churn'];

/** The moment that tells a swarm from a server. */
const TELLING = 'first copy';

/** Ids, at most 18. */
export function chooseExhibits(runs: readonly Run[]): string[] {
  const of = (scenario: string): Run[] => runs.filter((run) => run.scenario === scenario);
  const scaling = of('scaling');
  const largest = Math.max(...scaling.map(({ setting }) => setting.receivers));
  const chosen = [
    ...['server', 'swarm'].map((architecture) =>
      best(
        scaling.filter(
          (run) => run.architecture === architecture && run.setting.receivers === largest,
        ),
      ),
    ),
    ...onePerArm(of('kill').filter(({ point }) => point.kill === TELLING)),
    ...FAULTS.flatMap((scenario) => onePerArm(firstPoint(of(scenario)))),
  ];
  return chosen
    .filter((run) => run !== undefined)
    .slice(0, MOST)
    .map(({ id }) => id);
}

function firstPoint(runs: readonly Run[]): Run[] {
  const at: Point | undefined = runs[0]?.point;
  return runs.filter(({ point }) => at && pointText(point) === pointText(at));
}

const onePerArm = (runs: readonly Run[]): (Run | undefined)[] =>
  [...new Set(runs.map(({ arm }) => arm))].map((arm) =>
    best(runs.filter((run) => run.arm === arm)),
  );

/** The first that can be trusted and that the script hit. */
const best = (runs: readonly Run[]): Run | undefined =>
  runs.find((run) => run.verdict.state === 'valid' && run.unmetFaults.length === 0) ??
  runs.find((run) => run.verdict.state === 'valid') ??
  runs[0];
