import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Agenda } from '../../src/simulate/agenda.ts';

describe('an agenda', () => {
  it('is empty at first', () => {
    const agenda = new Agenda();
    expect(agenda.next()).toBeUndefined();
    expect(agenda.size).toBe(0);
    expect(agenda.nextAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('gives events by time and, at equal times, in the order in which they came', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
        const agenda = new Agenda();
        const out: string[] = [];
        for (const [i, at] of times.entries()) agenda.add(at, () => out.push(`${at}:${i}`));
        expect(agenda.nextAt).toBe(Math.min(...times));
        for (let run = agenda.next(); run; run = agenda.next()) run();
        const expected = [...times.entries()].sort((a, b) => a[1] - b[1] || a[0] - b[0]);
        expect(out).toEqual(expected.map(([i, at]) => `${at}:${i}`));
      }),
    );
  });

  it('takes events while it is emptied', () => {
    const agenda = new Agenda();
    const out: number[] = [];
    const add = (at: number): void => agenda.add(at, () => out.push(at));
    for (const at of [5, 1, 3]) add(at);
    agenda.next()!();
    add(2);
    add(4);
    for (let run = agenda.next(); run; run = agenda.next()) run();
    expect(out).toEqual([1, 2, 3, 4, 5]);
  });
});
