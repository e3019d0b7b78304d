import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../src/lab/catalogue/catalogue.ts';
import { planWarmUp, Schedule } from '../../../src/lab/schedule/schedule.ts';
import type { Design, PlannedRun } from '../../../src/lab/terms/planned-run.ts';
import { DEFAULTS } from '../../../src/lab/terms/setting.ts';
import { mockRun, mockScenario, mockTrace } from '../mock-lab.ts';

const designed = (...scenarios: Design['scenarios']): Design => ({
  ...{ scenarios, base: DEFAULTS, seed: 7 },
});

/** Carries it out with makespans as given; every run takes a second. */
function carryOut(
  design: Design,
  makespan: (plan: PlannedRun) => number | null = () => 1000,
  leftMs: (made: number) => number = () => Number.POSITIVE_INFINITY,
): PlannedRun[] {
  const schedule = new Schedule(design);
  const made: PlannedRun[] = [];
  for (;;) {
    const plan = schedule.next(leftMs(made.length));
    if (!plan) return made;
    made.push(plan);
    schedule.handleEnd(plan, mockRun(mockTrace(plan), makespan(plan)), 1000);
  }
}

const ids = (plans: readonly PlannedRun[]): string[] => plans.map(({ id }) => id);
/** Apart by more than a stop rule lets pass, in the first arm alone. */
const noisy = ({ arm, repetition }: PlannedRun): number =>
  arm === 'a' ? 1000 : 1000 * (1 + (repetition % 3));

describe('what is made in any case', () => {
  it('goes scenario by scenario, points in turn, arms as A B, B A', () => {
    const other = mockScenario({ id: 'two', sweep: {}, repetitions: { least: 1, most: 1 } });
    expect(ids(carryOut(designed(mockScenario(), other)))).toEqual([
      ...['one/n2/a/1', 'one/n2/b/1', 'one/n4/a/1', 'one/n4/b/1'],
      ...['one/n2/b/2', 'one/n2/a/2', 'one/n4/b/2', 'one/n4/a/2'],
      ...['two/all/a/1', 'two/all/b/1'],
    ]);
  });

  it('is made whatever time is left', () => {
    const design = designed(mockScenario({ repetitions: { least: 2, most: 9 } }));
    expect(carryOut(design, noisy, () => -1)).toHaveLength(8);
  });

  it('is the same plan each time with one seed, and has other draws with another', () => {
    const design = designed(...CATALOGUE);
    const plans = new Schedule(design).upcoming();
    expect(new Schedule(design).upcoming()).toEqual(plans);
    expect(new Set(ids(plans)).size).toBe(plans.length);
    const others = new Schedule({ ...design, seed: 8 }).upcoming();
    expect(ids(others)).toEqual(ids(plans));
    expect(others.every(({ seed }, i) => seed !== plans[i]!.seed)).toBe(true);
  });
});

describe('repetitions beyond', () => {
  const most = 9;
  const repeatable = (over = {}) => mockScenario({ repetitions: { least: 2, most }, ...over });

  it('end with the fifth where they agree, and go on to the most where they do not', () => {
    const made = carryOut(designed(repeatable()), (plan) =>
      plan.point.receivers === 2 ? 1000 : noisy(plan),
    );
    const count = (receivers: number): number =>
      made.filter(({ point }) => point.receivers === receivers).length;
    expect([count(2), count(4)]).toEqual([2 * 5, 2 * most]);
  });

  it('take the least settled point first, across scenarios', () => {
    const quiet = repeatable({ sweep: {} });
    const loud = repeatable({ id: 'two', sweep: {} });
    const made = carryOut(designed(quiet, loud), (plan) =>
      plan.scenario === 'two' ? noisy(plan) : 1000 + 400 * (plan.repetition % 2),
    );
    // The sixth round: with five pairs each there is something to go by.
    const sixth = made.filter(({ repetition }) => repetition === 5);
    expect(sixth[0]!.scenario).toBe('two');
    const rounds = made.filter(({ repetition }) => repetition === 2);
    expect(rounds.map(({ scenario }) => scenario)).toEqual(['one', 'one', 'two', 'two']);
  });

  it('are whole pairs, as many as fit', () => {
    const pairs = 3;
    const leftMs = (made: number): number => (8 + 2 * pairs + 1 - made) * 1000;
    const made = carryOut(designed(repeatable()), noisy, leftMs);
    expect(made).toHaveLength(8 + 2 * pairs);
  });

  it('stop at the most although no run can be made', () => {
    const schedule = new Schedule(designed(repeatable({ sweep: {} })));
    let made = 0;
    for (let plan = schedule.next(1e9); plan; plan = schedule.next(1e9)) {
      schedule.handleEnd(plan, undefined, 1000);
      made++;
    }
    expect(made).toBe(2 * most);
    expect(schedule.missing()).toBe(2 * most);
  });
});

describe('another sitting', () => {
  it('makes what the first would have made, wherever that stopped', () => {
    const design = designed(
      mockScenario({ repetitions: { least: 2, most: 7 } }),
      mockScenario({ id: 'two', sweep: {}, repetitions: { least: 1, most: 3 } }),
    );
    const whole = carryOut(design, noisy);
    fc.assert(
      fc.property(fc.nat(whole.length), (cut) => {
        const done = whole.slice(0, cut).map((plan) => mockRun(mockTrace(plan), noisy(plan)));
        const schedule = new Schedule(design, done);
        const after: PlannedRun[] = [];
        for (let plan = schedule.next(1e9); plan; plan = schedule.next(1e9)) {
          after.push(plan);
          schedule.handleEnd(plan, mockRun(mockTrace(plan), noisy(plan)), 1000);
        }
        expect([...ids(whole.slice(0, cut)), ...ids(after)].sort()).toEqual(ids(whole).sort());
        expect(schedule.missing()).toBe(0);
      }),
    );
  });

  it('makes a broken pair whole, although no time is left', () => {
    const design = designed(mockScenario({ sweep: {}, repetitions: { least: 1, most: 5 } }));
    const [a, b, , half] = carryOut(design, noisy);
    const done = [a!, b!, half!].map((plan) => mockRun(mockTrace(plan)));
    const schedule = new Schedule(design, done);
    expect(schedule.missing()).toBe(1);
    expect(ids(schedule.upcoming())).toEqual(['one/all/b/2']);
  });

  it('knows nothing of runs that are not of its design', () => {
    const design = designed(mockScenario({ sweep: {} }));
    const foreign = carryOut(designed(mockScenario({ id: 'two' })));
    const done = foreign.map((plan) => mockRun(mockTrace(plan)));
    expect(new Schedule(design, done).missing()).toBe(4);
  });
});

describe('the warm-up', () => {
  it('is one run with one receiver of each architecture that is used', () => {
    expect(ids(planWarmUp(designed(mockScenario())))).toEqual([
      ...['warm-up/all/server/1', 'warm-up/all/swarm/1'],
    ]);
    const swarms = mockScenario({ arms: [{ id: 'b', architecture: 'swarm', text: 'B' }] });
    const plans = planWarmUp(designed(swarms));
    expect(plans.map(({ arm, setting }) => [arm, setting.receivers])).toEqual([['swarm', 1]]);
    expect(planWarmUp(designed())).toEqual([]);
  });
});
