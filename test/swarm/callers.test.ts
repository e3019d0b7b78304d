import { describe, expect, it } from 'vitest';
import { CALL_SPAN_MS, Callers } from '../../src/swarm/callers.ts';

/** Says hello at once. */
function call(callers: Callers, peer: string, now: number): string {
  const named = callers.admit(peer, now);
  if (typeof named === 'string') return named;
  named();
  return 'admitted';
}

describe('Callers', () => {
  it('admit any number of calls that are of use', () => {
    const callers = new Callers();
    for (let i = 0; i < 10_000; i++) expect(call(callers, 'ann', i / 10)).toBe('admitted');
  });

  it('refuse who called for nothing 64 times, and take it for a flood when it goes on', () => {
    const callers = new Callers();
    for (let i = 0; i < 64; i++) {
      expect(call(callers, 'ann', 0)).toBe('admitted');
      callers.noteUseless('ann', 0);
    }
    expect(call(callers, 'bob', 0)).toBe('admitted');
    for (let i = 0; i < 32; i++) expect(call(callers, 'ann', 1)).toBe('refused');
    expect(call(callers, 'ann', 1)).toBe('flood');
    expect(call(callers, 'ann', CALL_SPAN_MS)).toBe('admitted');
  });

  it('refuse more than 16 calls of one peer, and 128 of all, that have not said hello', () => {
    const callers = new Callers();
    const named = Array.from({ length: 16 }, () => callers.admit('ann', 0));
    expect(named.every((one) => typeof one === 'function')).toBe(true);
    expect(callers.admit('ann', 0)).toBe('refused');
    for (let i = 0; i < 112; i++) callers.admit(`peer ${i}`, 0);
    expect(callers.admit('bob', 0)).toBe('refused');
    (named[0] as () => void)();
    expect(call(callers, 'ann', 0)).toBe('admitted');
  });
});
