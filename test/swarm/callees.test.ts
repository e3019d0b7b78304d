import { describe, expect, it } from 'vitest';
import { Callees } from '../../src/swarm/callees.ts';
import { CALL_SPAN_MS } from '../../src/swarm/callers.ts';

const calls = (callees: Callees, count: number, now = 0): (() => void)[] =>
  Array.from({ length: count }, () => callees.begin('ann', now));

describe('callees', () => {
  it('lets eight calls to one peer wait for an answer, whatever the others do', () => {
    const callees = new Callees();
    const [first] = calls(callees, 8);
    expect(callees.mayCall('ann', 0)).toBe(false);
    expect(callees.mayCall('bob', 0)).toBe(true);
    first!();
    expect(callees.mayCall('ann', 0)).toBe(true);
  });

  it('tells one that waits for each call that is answered', () => {
    const callees = new Callees();
    const answered = calls(callees, 8);
    const told: string[] = [];
    for (const name of ['x', 'y']) callees.mayCall('ann', 0, () => told.push(name));
    answered[0]!();
    expect(told).toEqual(['x']);
    answered[1]!();
    answered[2]!();
    expect(told).toEqual(['x', 'y']);
  });

  it('calls often who was called eight times in a span', () => {
    const callees = new Callees();
    expect(callees.isCalledOften('ann', 0)).toBe(false);
    calls(callees, 7);
    expect(callees.isCalledOften('ann', 0)).toBe(false);
    calls(callees, 1);
    expect(callees.isCalledOften('ann', CALL_SPAN_MS - 1)).toBe(true);
    expect(callees.isCalledOften('ann', CALL_SPAN_MS)).toBe(false);
    calls(callees, 1, CALL_SPAN_MS);
    expect(callees.isCalledOften('ann', CALL_SPAN_MS)).toBe(false);
  });

  it('leaves one that refused a call alone for a span', () => {
    const callees = new Callees();
    callees.noteRefused('ann', 100);
    expect(callees.mayCall('ann', 100 + CALL_SPAN_MS - 1)).toBe(false);
    expect(callees.mayCall('ann', 100 + CALL_SPAN_MS)).toBe(true);
  });
});
