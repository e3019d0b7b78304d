import { describe, expect, it } from 'vitest';
import { Link } from '../../src/link/link.ts';
import type { Clock } from '../../src/runtime/clock.ts';

/** A clock whose sleepers wake, in order, as `advance` passes them. */
class TestClock implements Clock {
  #now = 0;
  readonly #sleepers: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason));
      this.#sleepers.push({ at: this.#now + ms, wake: resolve });
    });
  }

  async advance(to: number): Promise<void> {
    for (;;) {
      this.#sleepers.sort((a, b) => a.at - b.at);
      const next = this.#sleepers[0];
      if (!next || next.at > to) break;
      this.#now = next.at;
      this.#sleepers.shift();
      next.wake();
      // Whoever woke goes on, and perhaps to sleep again, before the next one.
      for (let i = 0; i < 10; i++) await Promise.resolve();
    }
    this.#now = to;
  }
}

describe('Link', () => {
  it('answers at once, without a promise, when there is no cap', () => {
    const link = new Link();
    expect(link.send(1e9)).toBeUndefined();
    expect(link.receive(5)).toBeUndefined();
    expect([link.sentBytes, link.receivedBytes]).toEqual([1e9, 5]);
  });

  it('counts bytes when they have passed, not when they are booked', async () => {
    const clock = new TestClock();
    const link = new Link({ uplinkBytesPerSecond: 1000, clock });
    const sent = link.send(100);
    await clock.advance(99);
    expect(link.sentBytes).toBe(0);
    await clock.advance(100);
    await sent;
    expect(link.sentBytes).toBe(100);
  });

  it('shares an uplink evenly among those who ask for a block at a time', async () => {
    const clock = new TestClock();
    const link = new Link({ uplinkBytesPerSecond: 1_000_000, clock });
    const got = [0, 0, 0];
    const sender = async (who: number): Promise<void> => {
      while (clock.now() < 1000) {
        await link.send(1000);
        got[who]! += 1000;
      }
    };
    const senders = [sender(0), sender(1), sender(2)];
    await clock.advance(1010);
    await Promise.all(senders);
    for (const bytes of got) expect(Math.abs(bytes - 1_000_000 / 3)).toBeLessThan(3000);
  });

  it('keeps its two directions apart', async () => {
    const clock = new TestClock();
    const link = new Link({ uplinkBytesPerSecond: 10, clock });
    void link.send(100);
    expect(link.receive(100)).toBeUndefined();
  });

  it('changes its cap while it runs', () => {
    const link = new Link({ uplinkBytesPerSecond: 10 });
    link.limit({ uplinkBytesPerSecond: Number.POSITIVE_INFINITY });
    expect(link.send(100)).toBeUndefined();
  });

  it('does not count what was aborted', async () => {
    const link = new Link({ uplinkBytesPerSecond: 10 });
    const abort = new AbortController();
    const sent = link.send(1000, abort.signal);
    abort.abort(new Error('enough'));
    await expect(sent).rejects.toThrow();
    expect(link.sentBytes).toBe(0);
  });
});
