import { describe, expect, it } from 'vitest';
import { foreignShare, parseMachineCpu, parseProcessCpuMs } from '../../../src/lab/run/cpu.ts';

describe('cpu', () => {
  it('reads the machine, guest time not twice', () => {
    const stat = 'cpu  100 10 50 800 40 5 5 10 70 7\ncpu0 1 2 3\nintr 9\n';
    expect(parseMachineCpu(stat)).toEqual({ busyMs: 1800, totalMs: 10_200 });
  });

  it('reads a process, whatever its name holds', () => {
    const rest = 'S 1 1 1 0 -1 4194304 100 0 0 0 12 30 0 0 20 0 11 0';
    expect(parseProcessCpuMs(`42 (no) de (x) ${rest}`)).toBe(420);
  });

  it('of nothing is unknown, not 0', () => {
    expect(parseMachineCpu('')).toBeUndefined();
    expect(parseProcessCpuMs('')).toBeUndefined();
    expect(foreignShare(undefined, { busyMs: 1, totalMs: 2 }, 0)).toBeNull();
  });

  it.each([
    [300, 0.2],
    [500, 0],
    [700, 0],
  ])('is foreign what %i ms of our own do not explain', (own, share) => {
    const from = { busyMs: 1000, totalMs: 5000 };
    expect(foreignShare(from, { busyMs: 1500, totalMs: 6000 }, own)).toBeCloseTo(share, 12);
  });
});
