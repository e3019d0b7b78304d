import { describe, expect, it } from 'vitest';
import { conclude, summarize } from '../../../src/lab/analysis/summarize.ts';
import { CATALOGUE } from '../../../src/lab/catalogue/catalogue.ts';
import { type Cell, type Result, type Run, resultSchema } from '../../../src/lab/terms/result.ts';
import type { Scenario } from '../../../src/lab/terms/scenario.ts';
import { type Bending, HEADER, syntheticResult, syntheticRuns } from '../synthetic-result.ts';

const scenarioOf = (id: string): Scenario => CATALOGUE.find((scenario) => scenario.id === id)!;
const scaling = scenarioOf('scaling');

const concluded = (runs: readonly Run[], over: Partial<typeof HEADER> = {}): Result =>
  conclude({ ...HEADER, ...over }, [{ scenario: scaling, skipped: null }], runs, [], null);

const cellOf = ({ scenarios }: Result, arm: string, receivers: number): Cell | undefined =>
  scenarios[0]!.cells.find((cell) => cell.arm === arm && cell.point.receivers === receivers);

/** Runs of the swarm at 8, with these makespans; null never completed. */
function swarmOf(makespans: readonly (number | null)[]): Run[] {
  const [one] = syntheticRuns(scaling).filter(
    ({ arm, point }) => arm === 'swarm' && point.receivers === 8,
  );
  return makespans.map((makespanMs, repetition) => ({
    ...one!,
    ...{ id: `scaling/n8/swarm/${repetition + 1}`, repetition },
    metrics: { ...one!.metrics, makespanMs },
  }));
}

describe('a summary', () => {
  const of = (makespans: readonly (number | null)[]) =>
    summarize(swarmOf(makespans), 'makespanMs', 1);

  it('shows the range of few runs, and an interval from five on', () => {
    expect(of([3, 1, 2])).toEqual({
      ...{ runs: 3, censored: 0, median: 2, min: 1, max: 3, interval: null, outliers: [] },
    });
    const [low, high] = of([10, 11, 12, 13, 14])!.interval!;
    expect(low).toBeGreaterThanOrEqual(10);
    expect(low).toBeLessThan(12);
    expect(high).toBeGreaterThan(12);
    expect(high).toBeLessThanOrEqual(14);
  });

  it('keeps who never completed: later than all others', () => {
    expect(of([3, null, 1])).toMatchObject({ runs: 3, censored: 1, median: 3, min: 1, max: null });
    expect(of([null, null, 1])).toMatchObject({ censored: 2, median: null, min: 1, max: null });
  });

  it('marks a run far from the others, and counts it', () => {
    const found = of([10, 11, 10, 12, 11, 90])!;
    expect(found.outliers).toEqual(['scaling/n8/swarm/6']);
    expect(found.max).toBe(90);
  });

  it('is left out where the metric has no meaning', () => {
    expect(summarize(swarmOf([1, 2]), 'ridersMs', 1)).toBeUndefined();
  });

  it('is the same whenever it is drawn again', () => {
    expect(of([10, 11, 12, 13, 19])).toEqual(of([10, 11, 12, 13, 19]));
  });
});

describe('conclude', () => {
  const runs = syntheticRuns(scaling);

  it('has a cell for each arm and point that was run, with what is always asked', () => {
    const result = concluded(runs);
    const { cells } = result.scenarios[0]!;
    expect(cells.filter(({ arm }) => arm === 'server-serial').map(({ point }) => point)).toEqual(
      [1, 2, 4, 8].map((receivers) => ({ receivers })),
    );
    expect(cells).toHaveLength(6 + 4 + 6 + 6);
    expect(cellOf(result, 'swarm', 8)).toMatchObject({
      ...{ runs: 2, validRuns: 2, scriptedRuns: 2, boundName: 'whole pieces' },
      metrics: { reach: { median: 1 }, makespanMs: { runs: 2 }, uplinkUse: { runs: 2 } },
    });
  });

  it('compares makespans with the first arm, pair by pair', () => {
    const { comparisons } = concluded(runs).scenarios[0]!;
    const found = comparisons.find(({ arm, point }) => arm === 'swarm' && point.receivers === 8);
    expect(found).toMatchObject({ against: 'server', pairs: 2 });
    expect(found?.ratio?.median).toBeGreaterThan(1 / 8);
    expect(found?.ratio?.median).toBeLessThan(1 / 6);
    expect(found?.ratio?.interval).toBeNull();
  });

  it('has no ratio of pairs of which one never completed, and says how many there are', () => {
    const bend: Bending = ({ arm, point, repetition }) =>
      arm === 'swarm' && point.receivers === 8 && repetition === 0 ? { stranded: 1 } : {};
    const { comparisons } = concluded(syntheticRuns(scaling, bend)).scenarios[0]!;
    const found = comparisons.find(({ arm, point }) => arm === 'swarm' && point.receivers === 8);
    expect(found?.pairs).toBe(1);
  });

  it('counts the runs in which every step of the script came to its moment', () => {
    const result = syntheticResult(undefined, [scenarioOf('kill')]);
    const scripted = (kill: number) =>
      result.scenarios[0]!.cells.find(({ arm, point }) => arm === 'swarm' && point.kill === kill);
    expect(scripted(0.5)?.scriptedRuns).toBe(1);
    expect(scripted(3)?.scriptedRuns).toBe(0);
  });

  it('warns of disturbed runs, of other programs and of outliers', () => {
    const bend: Bending = ({ id }) =>
      id === 'scaling/n4/swarm/1' ? { slower: 2, foreignCpuShare: 0.4 } : {};
    const environment = { ...HEADER.environment, foreignCpuShareBefore: 0.25 };
    const result = concluded(syntheticRuns(scaling, bend), { environment });
    expect(result.warnings).toEqual([
      'other programs kept 25 % of the CPU busy before the first run',
      'scaling/n4/swarm/1 is unknown: other programs used 40.0 % of the CPU',
    ]);
    expect(concluded(swarmOf([10, 11, 10, 12, 11, 90])).warnings).toEqual([
      'scaling/n8/swarm/6: its makespan is far from that of the others; it counts like all',
    ]);
  });

  it('keeps a warm-up among the runs, and judges nothing by it', () => {
    const warmUp = syntheticRuns(scaling, () => ({ file: 'different' })).slice(0, 1);
    const strange = warmUp.map((run) => ({ ...run, id: 'warm-up/1', scenario: 'warm-up' }));
    const result = concluded([...strange, ...runs]);
    expect(result.runs).toHaveLength(runs.length + 1);
    expect(result).toMatchObject({ verdict: { state: 'valid' }, warnings: [] });
  });

  it('a scenario that could not be run is a warning and leaves the verdict alone', () => {
    const some = ['links', 'small'].map(scenarioOf);
    const result = syntheticResult(undefined, some, { links: 'needs root' });
    expect(result.verdict).toEqual({ state: 'valid', reasons: [] });
    expect(result.warnings).toEqual(["scenario 'links' was not run: needs root"]);
    expect(result.scenarios[0]).toMatchObject({
      skipped: 'needs root',
      cells: [],
      comparisons: [],
    });
    expect(result.claims.map(({ scenario }) => scenario)).toEqual(['small', 'small']);
  });

  it('reads as it was written', () => {
    const some = ['kill', 'free-riders'].map(scenarioOf);
    const text = JSON.stringify(syntheticResult(undefined, some));
    expect(JSON.stringify(resultSchema.parse(JSON.parse(text)))).toHaveLength(text.length);
  });

  it('of the whole catalogue is valid, and all claims hold', () => {
    const result = syntheticResult();
    expect(result.verdict).toEqual({ state: 'valid', reasons: [] });
    expect(result.claims).toHaveLength(CATALOGUE.flatMap(({ claims }) => claims).length);
    expect(result.claims.filter(({ state }) => state !== 'holds')).toEqual([]);
    expect(result.warnings).toEqual([]);
  });
});
