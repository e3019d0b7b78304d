// Which runs are looked at from near: those that show a difference in kind. One of each arm
// where something is taken away, and the largest of the plain runs.
import { type Point, pointText } from '../terms/planned-run.ts';
import type { Run } from '../terms/result.ts';
import { ARCHITECTURES, type Scenario } from '../terms/scenario.ts';

/** What the catalogue has is 20; more would make a page that is slow to open. */
const MOST = 20;

type Exhibits = NonNullable<Scenario['exhibits']>;

/** The moment that tells a swarm from a server. */
const TELLING = 'first copy';

/** Which runs of a scenario are shown, kind by kind in the order in which they matter. */
const CHOICES: Readonly<Record<Exhibits, (runs: readonly Run[]) => (Run | undefined)[]>> = {
  largest: (runs) => {
    const largest = Math.max(...runs.map(({ setting }) => setting.receivers));
    const all = runs.filter(({ setting }) => setting.receivers === largest);
    return ARCHITECTURES.map((each) => best(all.filter((run) => run.architecture === each)));
  },
  'first copy': (runs) => onePerArm(runs.filter(({ point }) => point.kill === TELLING)),
  'each arm': (runs) => onePerArm(firstPoint(runs)),
};

/** Ids, at most 20. */
export function chooseExhibits(scenarios: readonly Scenario[], runs: readonly Run[]): string[] {
  return Object.entries(CHOICES)
    .flatMap(([kind, choose]) =>
      scenarios
        .filter(({ exhibits }) => exhibits === kind)
        .flatMap(({ id }) => choose(runs.filter(({ scenario }) => scenario === id))),
    )
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
