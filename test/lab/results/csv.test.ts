import { describe, expect, it } from 'vitest';
import { csvOf, runsCsv, summaryCsv } from '../../../src/lab/results/csv.ts';
import { Schedule } from '../../../src/lab/schedule/schedule.ts';
import { METRIC_NAMES } from '../../../src/lab/terms/metric.ts';
import { DEFAULTS } from '../../../src/lab/terms/setting.ts';
import { mockRun, mockScenario, mockTrace } from '../mock-lab.ts';
import { mockCell, mockResult, mockSummary } from '../mock-result.ts';

/** Of one that quotes nothing. */
const fieldsOf = (csv: string): Record<string, string>[] => {
  const [head, ...rows] = csv.split('\r\n').map((line) => line.split(','));
  expect(rows.pop()).toEqual(['']);
  return rows.map((row) => {
    expect(row).toHaveLength(head!.length);
    return Object.fromEntries(row.map((value, i) => [head![i], value]));
  });
};

describe('csv', () => {
  it.each([
    ['plain', [['a', 1, 0.5]], 'a,1,0.5\r\n'],
    ['a comma', [['a,b']], '"a,b"\r\n'],
    ['a quote', [['say "no"']], '"say ""no"""\r\n'],
    ['lines', [['a\nb', 'c\rd']], '"a\nb","c\rd"\r\n'],
    ['nothing', [[null, undefined, '', 0]], ',,,0\r\n'],
  ])('quotes as RFC 4180: %s', (_, rows, text) => {
    expect(csvOf(rows)).toBe(text);
  });

  it('has a line for each run, with its point and every metric', () => {
    const scenarios = [mockScenario(), mockScenario({ id: 'two', sweep: { kill: [1] } })];
    const plans = new Schedule({ scenarios, base: DEFAULTS, seed: 1 }).upcoming();
    const runs = plans.map((plan) => mockRun(mockTrace(plan), plan.arm === 'a' ? 1234.5 : null));
    const swept = scenarios.map((scenario) => ({
      ...{ scenario, skipped: null, cells: [], comparisons: [] },
    }));
    const lines = fieldsOf(runsCsv(mockResult([], { runs, scenarios: swept })));
    expect(lines.map(({ id }) => id)).toEqual(plans.map(({ id }) => id));
    expect(lines[0]).toMatchObject({
      ...{ scenario: 'one', arm: 'a', architecture: 'server', repetition: '1', receivers: '2' },
      ...{ 'point.receivers': '2', 'point.kill': '', verdict: 'valid', makespanMs: '1234.5' },
    });
    // Never completed, and never measured: neither is 0.
    expect(lines[1]).toMatchObject({ arm: 'b', makespanMs: '', duplicateShare: '', reach: '0.5' });
    expect(lines.at(-1)).toMatchObject({ 'point.receivers': '', 'point.kill': '1' });
    expect(METRIC_NAMES.filter((name) => !(name in lines[0]!))).toEqual([]);
  });

  it('has a line for each figure of each cell', () => {
    const interval: [number, number] = [900, 1100];
    const lines = fieldsOf(
      summaryCsv(
        mockResult([
          mockCell('a', 2, {
            makespanMs: mockSummary(1000, { interval, outliers: ['one/n2/a/3'] }),
            reach: mockSummary(1),
          }),
          mockCell('b', 4, { makespanMs: mockSummary(500, { censored: 1, max: null }) }),
        ]),
      ),
    );
    expect(lines).toHaveLength(3);
    expect(lines[0]).toEqual({
      ...{ scenario: 'one', arm: 'a', 'point.receivers': '2', metric: 'makespanMs', unit: 'ms' },
      ...{ runs: '3', censored: '0', median: '1000', min: '950', max: '1050' },
      ...{ low95: '900', high95: '1100', outliers: 'one/n2/a/3' },
    });
    expect(lines[2]).toMatchObject({ arm: 'b', censored: '1', max: '', low95: '' });
  });
});
