import { describe, expect, it } from 'vitest';
import { FrameBudget } from '../../../src/peer/wire/frame-budget.ts';
import { systemClock } from '../../../src/runtime/clock.ts';

/** A budget at a time, and after so many sent frames, as the test has it. */
function setup(): { budget: FrameBudget; at: { ms: number; sent: number } } {
  const at = { ms: 5, sent: 0 };
  const clock = { ...systemClock, now: () => at.ms };
  return { budget: new FrameBudget(clock, () => at.sent), at };
}

/** How many frames of so many bytes are taken, of a million at the most. */
function countTaken(take: () => boolean): number {
  let count = 0;
  while (count < 1e6 && take()) count++;
  return count;
}

describe('FrameBudget', () => {
  it.each([
    ['small frames', 163_840, (budget: FrameBudget) => budget.take(1023)],
    ['openings', 1280, (budget: FrameBudget) => budget.takeOpening()],
    ['large frames: all', 1e6, (budget: FrameBudget) => budget.take(1024)],
  ])('bears so many %s at once', (_, most, take) => {
    const { budget } = setup();
    expect(countTaken(() => take(budget))).toBe(most);
  });

  it('bears the same again after 10 s, and not before', () => {
    const { budget, at } = setup();
    for (let i = 0; i < 163_840; i++) budget.take(0);
    at.ms += 9999;
    expect(budget.take(0)).toBe(false);
    at.ms += 1;
    expect(countTaken(() => budget.take(0))).toBe(163_840);
  });

  it('bears a thousand pings a second for ever', () => {
    const { budget, at } = setup();
    for (let i = 0; i < 600_000; i++) {
      at.ms++;
      // The frame, and the message around it.
      if (!budget.take(0) || !budget.take(12)) throw new Error(`not the ${i}th`);
    }
  });

  it('bears eight frames more for each that was sent meanwhile', () => {
    const { budget, at } = setup();
    at.sent = 1000;
    expect(countTaken(() => budget.take(0))).toBe(163_840 + 8 * 1000);
    at.sent += 10;
    expect(countTaken(() => budget.take(0))).toBe(79);
    at.ms += 10_000;
    expect(countTaken(() => budget.take(0))).toBe(163_840);
  });
});
