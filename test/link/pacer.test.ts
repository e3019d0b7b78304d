import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IDLE_CREDIT_MS, LATE_CREDIT_MS, Pacer } from '../../src/link/pacer.ts';

describe('Pacer', () => {
  it('lets each item go when its last byte has passed', () => {
    const pacer = new Pacer(1000);
    expect(pacer.reserve(0, 100, false)).toBe(100);
    expect(pacer.reserve(0, 100, false)).toBe(200);
    expect(pacer.reserve(150, 50, true)).toBe(250);
  });

  it('lets everything go at once without a cap', () => {
    const pacer = new Pacer(Number.POSITIVE_INFINITY);
    expect(pacer.reserve(5, 1e12, false)).toBe(5);
  });

  it('never carries more than rate x time from its first use, however late its user is', () => {
    const wait = fc.record({
      bytes: fc.integer({ min: 1, max: 64 * 1024 }),
      lateMs: fc.nat(400),
      busy: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(wait, { minLength: 1, maxLength: 100 }), fc.nat(1e6), (items, start) => {
        const rate = 1e6;
        const pacer = new Pacer(rate);
        let now = start;
        let carried = 0;
        for (const { bytes, lateMs, busy } of items) {
          const at = Math.max(now, pacer.reserve(now, bytes, busy));
          carried += bytes;
          expect(carried).toBeLessThanOrEqual(((at - start) * rate) / 1000 + 1e-6);
          now = at + lateMs;
        }
      }),
    );
  });

  it('catches up what late timers lost', () => {
    const pacer = new Pacer(1000);
    let now = 0;
    for (let i = 0; i < 100; i++) now = Math.max(now, pacer.reserve(now, 10, true)) + 7;
    // 1000 bytes at 1000 bytes/s: each timer 7 ms late, the end late by one of them.
    expect(now).toBeLessThanOrEqual(1000 + 7 + 1e-6);
  });

  it('forgives an idle link, and a long stall, no more than their credit', () => {
    const idle = new Pacer(1000);
    idle.reserve(0, 1, false);
    expect(idle.reserve(5000, 100, false)).toBe(5000 - IDLE_CREDIT_MS + 100);
    const stalled = new Pacer(1000);
    stalled.reserve(0, 1, false);
    expect(stalled.reserve(5000, 200, true)).toBe(5000 - LATE_CREDIT_MS + 200);
  });

  it('takes a new rate for what is booked as well', () => {
    const pacer = new Pacer(1000);
    pacer.reserve(0, 100, false);
    pacer.changeRate(50, 2000);
    expect(pacer.freeAt).toBe(75);
    expect(pacer.reserve(50, 100, false)).toBe(125);
  });

  it('keeps its lateness in bytes, not in time, when the rate changes', () => {
    const pacer = new Pacer(1000);
    pacer.reserve(0, 100, false);
    pacer.changeRate(150, 5000);
    // 50 ms at 1000 bytes/s were missed: 10 ms at 5000.
    expect(pacer.reserve(150, 100, true)).toBe(160);
  });

  it('starts anew with a cap after a time without', () => {
    const pacer = new Pacer(1000);
    pacer.reserve(0, 100, false);
    pacer.changeRate(10, Number.POSITIVE_INFINITY);
    pacer.changeRate(20, 1000);
    expect(pacer.reserve(20, 100, true)).toBe(120);
  });
});
