import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Link } from '../../src/link/link.ts';
import { TestClock } from './test-clock.ts';

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

  it('changes its cap while it runs, one direction at a time', () => {
    const link = new Link({ uplinkBytesPerSecond: 10, downlinkBytesPerSecond: 20 });
    link.limit({ uplinkBytesPerSecond: Number.POSITIVE_INFINITY });
    expect(link.send(100)).toBeUndefined();
    expect([link.uplinkBytesPerSecond, link.downlinkBytesPerSecond]).toEqual([Infinity, 20]);
  });

  it.each([
    ['faster', 10 * 2 ** 20, 1000 + 6.25],
    ['off', Number.POSITIVE_INFINITY, 1000],
    ['slower', 512, 1000 + 126_000],
  ])('holds a cap that gets %s for a wait that is under way', async (_, rate, passedAt) => {
    const clock = new TestClock();
    const link = new Link({ uplinkBytesPerSecond: 1024, clock });
    let at: number | undefined;
    void link.send(64 * 1024)!.then(() => {
      at = clock.now();
    });
    await clock.advance(1000);
    link.limit({ uplinkBytesPerSecond: rate });
    await clock.advance(1_000_000);
    expect(at).toBeCloseTo(passedAt, -1);
  });

  it('never passes more than its caps allowed, nor less than 97 % of it while it is busy', async () => {
    const phase = fc.record({
      ms: fc.integer({ min: 1, max: 2000 }),
      rate: fc.integer({ min: 20_000, max: 8_000_000 }),
    });
    const sizes = fc.array(fc.integer({ min: 2000, max: 16_384 }), { minLength: 1, maxLength: 20 });
    const late = fc.array(fc.nat(20), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(phase, { minLength: 1, maxLength: 6 }), sizes, late, runPhases),
      { numRuns: 40 },
    );
  });

  it('gives the turn of one who leaves the line to the next', async () => {
    const clock = new TestClock();
    const link = new Link({ uplinkBytesPerSecond: 1000, clock });
    const abort = new AbortController();
    const first = link.send(10_000, abort.signal);
    const last = link.send(10_000, abort.signal);
    let at: number | undefined;
    void link.send(100)!.then(() => {
      at = clock.now();
    });
    await clock.advance(500);
    abort.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    await expect(last).rejects.toThrow('enough');
    await clock.advance(1000);
    expect([at, link.sentBytes]).toEqual([600, 100]);
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

/** One sender that always has more to send, over a cap that changes, with late timers. */
async function runPhases(
  phases: readonly { ms: number; rate: number }[],
  sizes: readonly number[],
  late: readonly number[],
): Promise<void> {
  let slept = 0;
  const clock = new TestClock(() => late[slept++ % late.length]!);
  const link = new Link({ uplinkBytesPerSecond: phases[0]!.rate, clock });
  let [allowed, since, rate] = [0, 0, phases[0]!.rate];
  const allowedNow = (): number => allowed + ((clock.now() - since) * rate) / 1000;
  let over = false;
  let mostOver = 0;
  const send = async (): Promise<void> => {
    for (let i = 0; !over; i++) {
      const wait = link.send(sizes[i % sizes.length]!);
      if (wait !== undefined) await wait;
      mostOver = Math.max(mostOver, link.sentBytes - allowedNow());
    }
  };
  const sending = send();
  for (const { ms, rate: next } of phases) {
    link.limit({ uplinkBytesPerSecond: next });
    [allowed, since, rate] = [allowedNow(), clock.now(), next];
    await clock.advance(since + ms);
  }
  expect(mostOver).toBeLessThan(1e-3);
  // What a timer that is late holds up is caught up at its next turn, which may come
  // when the cap is another: then only so far as that one's credit goes.
  const fastest = Math.max(...phases.map((phase) => phase.rate));
  const slackBytes = Math.max(...sizes) + (Math.max(...late) * fastest) / 1000;
  expect(link.sentBytes).toBeGreaterThanOrEqual(0.97 * allowedNow() - slackBytes);
  over = true;
  await clock.advance(clock.now() + 2_000);
  await sending;
}
