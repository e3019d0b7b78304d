import { describe, expect, it } from 'vitest';
import { diffResults } from '../../../src/lab/results/diff.ts';
import { drawDiff } from '../../../src/lab/terminal/diff-table.ts';
import type { Claim, Result } from '../../../src/lab/terms/result.ts';
import { DEFAULTS } from '../../../src/lab/terms/setting.ts';
import { mockCell, mockResult, mockSummary } from '../mock-result.ts';

const claim = (id: string, state: Claim['state']): Claim => ({
  ...{ scenario: 'one', id, text: `It ${id}`, comparison: 'at least', threshold: 1 },
  ...{ value: 1, point: null, state },
});

const result = (makespanMs: number, over: Partial<Result> = {}): Result =>
  mockResult([mockCell('a', 2, { makespanMs: mockSummary(makespanMs) })], over);

const figureOf = (a: Result, b: Result) => diffResults(a, b).cells[0]!.figures[0]!;

describe('a diff', () => {
  it('of a result with itself is nothing', () => {
    const same = result(1000, { claims: [claim('holds', 'holds')] });
    expect(diffResults(same, same)).toMatchObject({
      ...{ claims: [], onlyA: [], onlyB: [], differing: [], worse: false },
      cells: [{ figures: [{ metric: 'makespanMs', ratio: 1, overlap: true }] }],
    });
    expect(drawDiff(diffResults(same, same))).toMatch(/^No claim has changed\./);
  });

  it('says how many times as long, and whether ranges overlap', () => {
    expect(figureOf(result(1000), result(1050))).toMatchObject({ ratio: 1.05, overlap: true });
    expect(figureOf(result(1000), result(1500))).toMatchObject({ ratio: 1.5, overlap: false });
  });

  it.each([
    ['intervals where both have one', { interval: [1400, 1600] as const }, true],
    ['ranges where only one has', { interval: null }, false],
  ])('goes by %s', (_, over, overlap) => {
    const a = mockResult([
      mockCell('a', 2, { makespanMs: mockSummary(1000, { interval: [900, 1450] }) }),
    ]);
    const interval = over.interval && ([...over.interval] as [number, number]);
    const b = mockResult([mockCell('a', 2, { makespanMs: mockSummary(1500, { interval }) })]);
    expect(figureOf(a, b).overlap).toBe(overlap);
  });

  it('takes what never completed for later than all others', () => {
    const never = { median: null, min: null, max: null, censored: 3 };
    const b = mockResult([mockCell('a', 2, { makespanMs: mockSummary(1, never) })]);
    expect(figureOf(result(1000), b)).toEqual({
      ...{ metric: 'makespanMs', a: 1000, b: null, ratio: null, overlap: false },
    });
    expect(figureOf(b, b).overlap).toBe(true);
    const partly = mockResult([
      mockCell('a', 2, { makespanMs: mockSummary(900, { max: null, censored: 1 }) }),
    ]);
    expect(figureOf(partly, result(5000)).overlap).toBe(true);
  });

  it('lists changed claims, the worst first, and is worse only when one fails that held', () => {
    const a = result(1, {
      claims: [claim('x', 'fails'), claim('y', 'holds'), claim('z', 'holds')],
    });
    const b = result(1, {
      claims: [claim('x', 'holds'), claim('y', 'fails'), claim('z', 'holds')],
    });
    const diff = diffResults(a, b);
    expect(diff.claims.map(({ id, ...to }) => [id, to.a, to.b])).toEqual([
      ['y', 'holds', 'fails'],
      ['x', 'fails', 'holds'],
    ]);
    expect(diff.worse).toBe(true);
    expect(diffResults(result(1, { claims: [claim('x', 'fails')] }), b).worse).toBe(false);
    const unknown = result(1, { claims: [claim('y', 'unknown')] });
    expect(diffResults(a, unknown).worse).toBe(false);
    expect(diffResults(a, unknown).claims.find(({ id }) => id === 'z')).toMatchObject({ b: null });
  });

  it('names what is only in one, and what was different to begin with', () => {
    const more = mockResult([mockCell('a', 2, {}), mockCell('b', 4, {})], {
      seed: 8,
      base: { ...DEFAULTS, downlinkFactor: 2 },
    });
    const cores = { ...more.environment, cores: 64, loadAverage: [9, 9, 9] };
    const diff = diffResults(result(1000), { ...more, environment: cores });
    expect([diff.onlyA, diff.onlyB]).toEqual([[], ['one/n4/b']]);
    expect(diff.differing).toEqual([
      { what: 'seed', a: '7', b: '8' },
      { what: 'cores', a: '2', b: '64' },
      { what: 'downlinkFactor', a: '5', b: '2' },
    ]);
    const text = drawDiff(diff);
    expect(text).toContain('Only in the second:\n  one/n4/b');
    expect(text).toContain('cores: 2 > 64');
  });

  it('is drawn with changed claims first and a star where ranges are apart', () => {
    const a = result(1000, { claims: [claim('y', 'holds')] });
    const b = result(1500, { claims: [claim('y', 'fails')] });
    const text = drawDiff(diffResults(a, b));
    expect(text).toMatch(/^Changed claims:\n {2}holds > fails: one\/y: It y\n/);
    expect(text).toContain('1.00 s > 1.50 s x1.50 *');
    expect(drawDiff(diffResults(a, result(1010)))).not.toContain('x1.01 *');
  });
});
