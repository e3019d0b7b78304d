// The two ends of a simulated access link.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockLength } from '../../src/exchange/block-length.ts';
import { Downlink } from '../../src/simulate/downlink.ts';
import { Uplink } from '../../src/simulate/uplink.ts';

describe('a downlink', () => {
  it('is through with a block that trickled in when its last byte comes', () => {
    expect(new Downlink(1000).carry(100, 10, 10)).toBe(100);
    expect(new Downlink(1000).carry(100, 10, 40)).toBe(100);
  });

  it('holds up what comes faster than it carries', () => {
    const downlink = new Downlink(1000);
    expect(downlink.carry(100, 10, 5)).toBe(105);
    expect(downlink.carry(100, 10, 5)).toBe(115);
    expect(downlink.carry(200, 10, 10)).toBe(200);
  });

  it('without a cap holds up nothing', () => {
    const downlink = new Downlink(Number.POSITIVE_INFINITY);
    expect([1, 1, 2].map((now) => downlink.carry(now, 1e9, 0))).toEqual([1, 1, 2]);
  });

  it('never carries more than rate x time, whatever comes', () => {
    const block = fc.record({
      pauseMs: fc.nat({ max: 50 }),
      bytes: fc.integer({ min: 1, max: 100 }),
      spreadMs: fc.nat({ max: 50 }),
    });
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 30 }), (blocks) => {
        const downlink = new Downlink(1000);
        let now = 100;
        const through = blocks.map(({ pauseMs, bytes, spreadMs }) => {
          now += pauseMs;
          return { at: downlink.carry(now, bytes, spreadMs), bytes, startedAt: now - spreadMs };
        });
        // From the first byte of any block on, to any later end.
        for (let first = 0; first < through.length; first++) {
          let bytes = 0;
          for (const { at, bytes: more } of through.slice(first)) {
            bytes += more;
            const from = Math.min(...through.slice(first).map(({ startedAt }) => startedAt));
            expect(bytes).toBeLessThanOrEqual(at - from + 1e-6);
          }
        }
      }),
    );
  });
});

describe('an uplink', () => {
  const RATE = 2_500_000;
  const PIECE = 256 * 1024;
  const BLOCK = blockLength(PIECE, RATE);

  it('sends pieces one after the other, in blocks, one block at a time', () => {
    const uplink = new Uplink<string>();
    uplink.add('a', 7, PIECE);
    uplink.add('b', 8, 5);
    const first = uplink.start(RATE)!;
    expect(first).toMatchObject({ begin: 0, length: BLOCK });
    expect(uplink.start(RATE)).toBeUndefined();
    expect(uplink.finish(first)).toBe(false);
    const last = uplink.start(RATE)!;
    expect(last).toMatchObject({ begin: BLOCK, length: PIECE - BLOCK });
    expect(last.upload).toMatchObject({ stream: 'a', piece: 7 });
    expect(uplink.finish(last)).toBe(true);
    expect(uplink.start(RATE)!.upload).toMatchObject({ stream: 'b', piece: 8 });
  });

  it('lets a block go that is passing when its piece is stopped, and no other', () => {
    const uplink = new Uplink<string>();
    uplink.add('a', 1, PIECE);
    uplink.add('a', 2, 5);
    uplink.add('b', 1, 5);
    const passing = uplink.start(RATE)!;
    uplink.stop('a', 1);
    expect(uplink.finish(passing)).toBe(false);
    expect(uplink.start(RATE)!.upload).toMatchObject({ stream: 'a', piece: 2 });
  });

  it('forgets all of a stream', () => {
    const uplink = new Uplink<string>();
    uplink.add('a', 1, 5);
    uplink.add('b', 1, 5);
    uplink.add('a', 2, 5);
    uplink.stop('a');
    const only = uplink.start(RATE)!;
    expect(only.upload.stream).toBe('b');
    expect(uplink.finish(only)).toBe(true);
    expect(uplink.start(RATE)).toBeUndefined();
  });
});
