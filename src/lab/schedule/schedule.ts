// Which run comes next. First all that is made in any case, scenario after scenario, its
// points in turn and arms as A B C, C B A, so that a machine which slowly gets busier
// favours none. Then repetitions beyond, in rounds over all points, the least settled one
// first, until each is settled, has had its most, or does not fit what time is left.
// Knows no clock: it is asked with the time that is left and told how long runs took.
import {
  type Design,
  type PlannedRun,
  type Point,
  planPoint,
  pointText,
  sweepPoints,
} from '../terms/planned-run.ts';
import type { Run } from '../terms/result.ts';
import { ARCHITECTURES, type Arm, type Scenario, scenarioSchema } from '../terms/scenario.ts';
import { isSettled, type Spread, spreadOf } from './settled.ts';

/** One point of one scenario's sweep, and what is known of it. */
interface Spot {
  readonly scenario: Scenario;
  readonly at: ReturnType<typeof sweepPoints>[number];
  /** Repetitions asked for so far. */
  asked: number;
  /** Makespan of each arm that has completed the repetition, by repetition. */
  readonly makespans: Map<string, number | null>[];
  readonly tookMs: Map<string, number>;
}

const keyOf = (scenario: string, point: Point): string => `${scenario}/${pointText(point)}`;

export class Schedule {
  readonly #design: Design;
  readonly #spots: Map<string, Spot>;
  readonly #made = new Set<string>();
  readonly #wanted = new Set<string>();
  readonly #queue: PlannedRun[] = [];
  /** Runs left in the present round of extra repetitions. */
  #round: Spot[] = [];

  /** @param done runs of an earlier sitting: they count and are not made again */
  constructor(design: Design, done: readonly Run[] = []) {
    this.#design = design;
    this.#spots = new Map(
      design.scenarios.flatMap((scenario) =>
        sweepPoints(scenario).map((at) => [keyOf(scenario.id, at.point), newSpot(scenario, at)]),
      ),
    );
    for (const run of done) this.#remember(run, run.endedMs);
    for (const scenario of design.scenarios) this.#askSure(scenario);
    // A repetition that was broken off is made whole: half a pair says nothing.
    for (const spot of this.#spots.values()) {
      while (spot.asked < spot.makespans.length) this.#ask(spot);
    }
  }

  /** The next run, if there is one; what it came to must be told by {@link handleEnd}. */
  next(leftMs: number): PlannedRun | undefined {
    if (this.#queue.length === 0) this.#askExtra(leftMs);
    return this.#queue.shift();
  }

  /** @param run undefined when it could not be made */
  handleEnd(plan: PlannedRun, run: Run | undefined, tookMs: number): void {
    if (run) this.#remember(run, tookMs);
    else this.#spotOf(plan)?.tookMs.set(plan.arm, tookMs);
  }

  /** Asked for already, in order. */
  upcoming(): readonly PlannedRun[] {
    return this.#queue;
  }

  /** Runs that were asked for and are not there. */
  missing(): number {
    return [...this.#wanted].filter((id) => !this.#made.has(id)).length;
  }

  #spotOf({ scenario, point }: Pick<Run, 'scenario' | 'point'>): Spot | undefined {
    return this.#spots.get(keyOf(scenario, point));
  }

  #remember(run: Run, tookMs: number): void {
    const spot = this.#spotOf(run);
    if (!spot?.scenario.arms.some(({ id }) => id === run.arm)) return;
    this.#made.add(run.id);
    spot.tookMs.set(run.arm, tookMs);
    while (spot.makespans.length <= run.repetition) spot.makespans.push(new Map());
    spot.makespans[run.repetition]!.set(run.arm, run.metrics.makespanMs ?? null);
  }

  #askSure(scenario: Scenario): void {
    const spots = [...this.#spots.values()].filter((spot) => spot.scenario === scenario);
    for (let i = 0; i < scenario.repetitions.least; i++) {
      for (const spot of spots) this.#ask(spot);
    }
  }

  /** One more repetition of a point, in all its arms. */
  #ask(spot: Spot): void {
    for (const plan of this.#plansOf(spot)) {
      this.#wanted.add(plan.id);
      if (!this.#made.has(plan.id)) this.#queue.push(plan);
    }
    spot.asked++;
  }

  #plansOf({ scenario, at, asked }: Spot): PlannedRun[] {
    return planPoint(scenario, at, asked, this.#design.base, this.#design.seed);
  }

  #askExtra(leftMs: number): void {
    const fits = (spot: Spot): boolean => this.#durationMs(spot) <= leftMs;
    // Time only gets shorter: what does not fit now never will.
    this.#round = this.#round.filter(fits);
    if (this.#round.length === 0) this.#round = this.#open().filter(fits);
    const spot = this.#round.shift();
    if (spot) this.#ask(spot);
  }

  /** Points that may be repeated again and ask for it, the least settled first. */
  #open(): Spot[] {
    return [...this.#spots.values()]
      .filter(({ asked, scenario }) => asked < scenario.repetitions.most)
      .map((spot) => ({ spot, spread: this.#spreadOf(spot) }))
      .filter(({ spread }) => !isSettled(spread))
      .sort((a, b) => bySettledness(a.spread, b.spread))
      .map(({ spot }) => spot);
  }

  #spreadOf(spot: Spot): Spread {
    // A rival that never completes must not ask for time.
    const arms = this.#plansOf({ ...spot, asked: 0 })
      .filter(({ rival }) => rival === undefined)
      .map(({ arm }) => arm);
    return spreadOf(
      spot.makespans
        .filter((made) => arms.every((arm) => made.has(arm)))
        .map((made) => arms.map((arm) => made.get(arm)!)),
    );
  }

  /** Time that all its arms took in the last repetition, milliseconds. */
  #durationMs(spot: Spot): number {
    return [...spot.tookMs.values()].reduce((sum, ms) => sum + ms, 0);
  }
}

const newSpot = (scenario: Scenario, at: Spot['at']): Spot => ({
  scenario,
  at,
  asked: 0,
  makespans: [],
  tookMs: new Map(),
});

/** Two infinite widths differ by nothing that a subtraction could tell. */
function bySettledness(a: Spread, b: Spread): number {
  return a.halfWidth === b.halfWidth ? a.pairs - b.pairs : b.halfWidth - a.halfWidth;
}

export const WARM_UP = 'warm-up';

/** One run of each architecture that fills caches and shows that it works; nobody keeps it. */
export function planWarmUp({ scenarios, base, seed }: Design): PlannedRun[] {
  const used = new Set(scenarios.flatMap(({ arms }) => arms.map((arm) => arm.architecture)));
  const arms = ARCHITECTURES.filter((architecture) => used.has(architecture)).map(
    (architecture): Pick<Arm, 'id' | 'architecture' | 'text'> => ({
      id: architecture,
      architecture,
      text: architecture,
    }),
  );
  if (arms.length === 0) return [];
  const scenario = scenarioSchema.parse({
    id: WARM_UP,
    title: 'warm-up',
    question: 'Does it work?',
    arms,
    setting: { receivers: 1 },
    metrics: ['reach'],
    repetitions: { least: 1, most: 1 },
  });
  return sweepPoints(scenario).flatMap((at) => planPoint(scenario, at, 0, base, seed));
}
