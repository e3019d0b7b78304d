import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../src/lab/catalogue/catalogue.ts';
import { drawTable } from '../../../src/lab/terminal/result-table.ts';
import type { Result } from '../../../src/lab/terms/result.ts';
import type { Scenario } from '../../../src/lab/terms/scenario.ts';
import { syntheticResult } from '../synthetic-result.ts';

const some = (...ids: string[]): Scenario[] =>
  ids.map((id) => CATALOGUE.find((one) => one.id === id)!);

/** The cells of the line that begins with this. */
function row(table: string, first: string): string[] {
  const line = table.split('\n').find((text) => text.startsWith(`\u2502 ${first} `));
  return (line ?? '')
    .split('\u2502')
    .map((cell) => cell.trim())
    .slice(1, -1);
}

const draw = (of: Result, width?: number): string =>
  drawTable(of, { dir: 'results/now', program: 'hubswarm', width });

const result = syntheticResult((plan) => ({ slower: 1.01 + 0.02 * plan.repetition }), CATALOGUE, {
  wire: 'it needs root',
});
const WIDE = 200;
const table = draw(result, WIDE);

describe('the table', () => {
  it('has every makespan beside its bound', () => {
    const [n, server, bound, efficiency, swarm] = row(table, '32');
    expect(n).toBe('32');
    expect(server).toMatch(/^\d+\.\d\d \[\d+\.\d\d \d+\.\d\d\]$/);
    expect(Number(bound)).toBe(96);
    expect(Number(efficiency)).toBeGreaterThan(0.9);
    expect(Number.parseFloat(swarm!)).toBeLessThan(5);
  });

  it('has who completed after each kill', () => {
    expect(row(table, 'server + mirror').slice(1)).toEqual(Array(9).fill('8/8'));
    const swarm = row(table, 'swarm').length;
    expect(swarm).toBeGreaterThan(0);
    expect(table).toContain('* all were done before');
    expect(table).toMatch(/first copy/);
  });

  it('names every scenario, and why one was not run', () => {
    for (const { scenario } of result.scenarios) {
      expect(table).toContain(`${scenario.id}: ${scenario.title}`);
    }
    expect(table).toContain('Not run: it needs root');
  });

  it('has claims with their thresholds and ends with the verdict', () => {
    for (const { state, text } of result.claims)
      expect(table).toContain(`claim   ${state}: ${text}`);
    expect(table.split('\n').at(-1)).toMatch(/^verdict (valid|unknown|invalid).* \(61 s\)$/);
  });

  it('has no escape codes, so that a pipe gets text', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what is looked for
    expect(table).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it('puts what failed first', () => {
    const slow = draw(
      syntheticResult(
        ({ architecture }) => (architecture === 'swarm' ? { slower: 16 } : {}),
        some('scaling'),
      ),
    );
    const states = [...slow.matchAll(/^claim {3}(\w+):/gm)].map(([, state]) => state);
    expect(states[0]).toBe('fails');
    expect(states).toEqual(states.toSorted());
  });

  it.each([80, 100])('has no table wider than a terminal of %d columns', (width) => {
    const lines = draw(result, width).split('\n');
    const drawn = lines.filter((line) => /^[\u2500-\u257f]/.test(line));
    expect(drawn.length).toBeGreaterThan(20);
    expect(Math.max(...drawn.map((line) => line.length))).toBeLessThanOrEqual(width);
    // Whatever is left out or goes on below, each makespan is there.
    for (const n of [2, 4, 8, 16, 32]) expect(row(lines.join('\n'), String(n))[1]).toMatch(/^\d/);
  });

  it('leaves out the spread of the runs before it breaks the table of makespans', () => {
    const scaling = syntheticResult(
      (plan) => ({ slower: 1.01 + 0.02 * plan.repetition }),
      some('scaling'),
    );
    expect(draw(scaling, 150)).toMatch(/scaling: .*\(median \[min max\]\)/);
    expect(draw(scaling, 80)).toMatch(/scaling: .*\(medians\)/);
  });

  it('says never where nobody completed', () => {
    const stranded = syntheticResult(() => ({ stranded: 1 }), some('churn'));
    expect(row(draw(stranded, WIDE), 'all stay')).toContain('never');
  });
});
