import { describe, expect, it } from 'vitest';
import type { SessionEffect } from '../../src/exchange/effect.ts';
import type { SessionEvent } from '../../src/exchange/event.ts';
import { SessionLoop } from '../../src/swarm/session-loop.ts';
import { VirtualClock } from './virtual-clock.ts';

const LOST: SessionEvent = { type: 'neighbour_left', neighbour: 'a' };
const STORED: SessionEvent = { type: 'piece_stored', piece: 0 };

/** A loop round a session that answers each event with `effects`, and what came in, and when. */
function open(effects: SessionEffect[] = []) {
  const clock = new VirtualClock();
  const seen: [number, SessionEvent['type']][] = [];
  const session = {
    wakeAt: Number.POSITIVE_INFINITY,
    step(now: number, { type }: SessionEvent): SessionEffect[] {
      seen.push([now, type]);
      if (type === 'tick') session.wakeAt = Number.POSITIVE_INFINITY;
      return type === 'tick' ? [] : effects.splice(0);
    },
  };
  const carried: SessionEffect['type'][] = [];
  const inner: { carryOut?: (effect: SessionEffect) => void } = {};
  const carryOut = (effect: SessionEffect): void => {
    inner.carryOut?.(effect);
    carried.push(effect.type);
  };
  const loop = new SessionLoop({ session, clock, carryOut });
  return { clock, loop, session, seen, carried, inner };
}

describe('a session loop', () => {
  it('lets an event that an effect causes wait for its turn', () => {
    const { loop, seen, carried, inner } = open([{ type: 'completed' }, { type: 'completed' }]);
    inner.carryOut = () => {
      if (carried.length === 0) loop.step(STORED);
      expect(seen).toHaveLength(1);
    };
    loop.step(LOST);
    expect(seen.map(([, type]) => type)).toEqual(['neighbour_left', 'piece_stored']);
    expect(carried).toEqual(['completed', 'completed']);
  });

  it('wakes the session when it asked to be, once, and earlier when it asks anew', async () => {
    const { clock, loop, session, seen } = open();
    session.wakeAt = 500;
    loop.step(LOST);
    session.wakeAt = 200;
    loop.step(LOST);
    await clock.advance(1000);
    expect(seen.slice(2)).toEqual([[200, 'tick']]);
    expect(clock.isIdle).toBe(true);
  });

  it('handles the next events after an effect that failed', () => {
    const { loop, seen, inner } = open([{ type: 'completed' }]);
    inner.carryOut = () => {
      throw new Error('failed');
    };
    expect(() => loop.step(LOST)).toThrow('failed');
    loop.step(STORED);
    expect(seen.map(([, type]) => type)).toEqual(['neighbour_left', 'piece_stored']);
  });

  it('wakes nobody once it is closed', async () => {
    const { clock, loop, session, seen } = open();
    session.wakeAt = 100;
    loop.step(LOST);
    loop.close();
    loop.step(LOST);
    await clock.advance(1000);
    expect(seen).toHaveLength(2);
    expect(clock.isIdle).toBe(true);
  });
});
