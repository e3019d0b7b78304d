import { describe, expect, it } from 'vitest';
import { modelError, validate } from '../../../src/lab/simulated/validate-model.ts';
import type { Run, Simulated } from '../../../src/lab/terms/result.ts';

type Validation = Simulated['validation'][number];

function run(makespanMs: number | null, firstPieceMs: number | null, reach = 1): Run {
  return {
    setting: { receivers: 4 },
    metrics: { makespanMs, reach },
    nodes: [{ firstPieceMs: null }, { firstPieceMs }, { firstPieceMs }],
  } as Run;
}

const FOUND = {
  ...{ reach: 1, makespanMs: 3100, firstPieceMs: 100, boundMs: 3000, originCopies: 1, wallMs: 9 },
};

describe('validate', () => {
  it('tells start-up from transfer', () => {
    expect(validate([run(3500, 350), run(3450, 300), run(3700, 400)], FOUND)).toEqual({
      ...{ receivers: 4, runs: 3, realMs: 3500, simulatedMs: 3100, ratio: 3500 / 3100 },
      ...{ startMs: 250, transferRatio: (3500 - 350) / 3000, realReach: 1, simulatedReach: 1 },
    });
  });

  it.each([
    ['never completed', [run(null, 200, 0.5)], FOUND],
    // Half of them never did: the median is later than any time.
    ['completed half of the time', [run(3500, 200, 1), run(null, 200, 0)], FOUND],
    ['completed in reality alone', [run(3500, 200, 0.5)], { ...FOUND, makespanMs: null }],
  ])('has no ratio of what %s', (_, runs, found) => {
    expect(validate(runs, found)).toMatchObject({
      ...{ ratio: null, transferRatio: null, startMs: 100, realReach: 0.5 },
    });
  });

  it('has no transfer where the first piece is the last', () => {
    const found = { ...FOUND, makespanMs: 100 };
    expect(validate([run(500, 500)], found)).toMatchObject({ ratio: 5, transferRatio: null });
  });
});

describe('modelError', () => {
  const at = (receivers: number, transferRatio: number, over: Partial<Validation> = {}) => ({
    ...{ scenario: 'scaling', arm: 'swarm', point: {}, receivers, runs: 1 },
    ...{ realMs: 1, simulatedMs: 1, ratio: 1.2, startMs: 300, transferRatio },
    ...{ realReach: 1, simulatedReach: 1, ...over },
  });

  it('spans what was validated with few enough peers for this machine', () => {
    expect(modelError([at(1, 1), at(8, 1.02), at(16, 1.1), at(32, 3)])).toEqual({
      receivers: 16,
      ratio: { median: 1.2, min: 1.2, max: 1.2 },
      startMs: { median: 300, min: 300, max: 300 },
      transfer: { median: 1.02, min: 1, max: 1.1 },
    });
  });

  it('is unknown where nothing was', () => {
    expect(modelError([])).toBeNull();
    expect(modelError([at(32, 1), at(4, 1, { ratio: null })])).toBeNull();
  });
});
