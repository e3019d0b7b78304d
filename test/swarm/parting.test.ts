import { describe, expect, it } from 'vitest';
import { part } from '../../src/swarm/parting.ts';
import { VirtualClock } from './virtual-clock.ts';

describe('a peer that wants to go', () => {
  it('asks the session again, with the time that it has waited', async () => {
    const clock = new VirtualClock();
    const asked: number[] = [];
    const mayLeave = (sinceMs: number): boolean => asked.push(sinceMs) === 4;
    await clock.advance(1000);
    let gone = false;
    const going = part({ mayLeave }, clock, new AbortController().signal).then(() => {
      gone = true;
    });
    await clock.advance(299);
    expect(gone).toBe(false);
    await clock.advance(1);
    await going;
    expect(asked).toEqual([0, 100, 200, 300]);
  });

  it('goes at once when others can do without it', async () => {
    const signal = AbortSignal.abort();
    await part({ mayLeave: () => true }, new VirtualClock(), signal);
  });

  it('waits no longer than its signal lets it', async () => {
    const clock = new VirtualClock();
    const abort = new AbortController();
    const going = part({ mayLeave: () => false }, clock, abort.signal);
    await clock.advance(150);
    abort.abort(new Error('enough'));
    await expect(going).rejects.toThrow('enough');
  });
});
