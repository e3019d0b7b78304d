import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type Lane,
  type Segment,
  Segments,
  type Window,
} from '../../../src/client/download/segments.ts';
import { Speed } from '../../../src/client/mirrors/speed.ts';
import { Bitfield } from '../../../src/content/bitfield.ts';
import { Geometry } from '../../../src/content/geometry.ts';

const PIECE = 256 * 1024;
const TICK_MS = 5;

interface SimLane extends Lane {
  /** By the time since the start. */
  readonly bytesPerMs: (at: number) => number;
  segment: Segment | undefined;
  piece: number;
  filled: number;
  credit: number;
}

/** Runs lanes on a virtual clock; resolves to the time taken and the bytes that were moved. */
function simulate(
  pieces: number,
  rates: readonly ((at: number) => number)[],
  window?: Window & { first: number },
): { ms: number; moved: number; have: Bitfield } {
  const geometry = new Geometry(Array.from({ length: pieces }, () => PIECE));
  const have = new Bitfield(pieces);
  const segments = new Segments(geometry, have, window);
  const lanes: SimLane[] = rates.map((bytesPerMs) => ({
    speed: new Speed(),
    bytesPerMs,
    segment: undefined,
    piece: 0,
    filled: 0,
    credit: 0,
  }));
  let now = 0;
  let moved = 0;
  const step = (lane: SimLane): void => {
    if (!lane.segment) {
      lane.segment = segments.take(lane, lanes.length, now);
      if (!lane.segment) return;
      lane.piece = lane.segment.next;
      lane.filled = 0;
      if (window) {
        const ahead = (lane.piece - window.first) * PIECE;
        expect(ahead).toBeLessThanOrEqual(window.bytes);
      }
    }
    const { segment } = lane;
    const bytes = Math.floor(lane.bytesPerMs(now) * TICK_MS);
    if (bytes === 0) return;
    lane.filled += bytes;
    moved += bytes;
    lane.speed.note(bytes, now);
    let needed = true;
    while (needed && lane.filled >= PIECE && lane.piece < segment.end) {
      have.add(lane.piece++);
      lane.filled -= PIECE;
    }
    needed = segments.handleBytes(segment, lane.piece, lane.filled, now);
    while (window && window.first < pieces && have.has(window.first)) window.first++;
    if (needed) return;
    segments.release(segment);
    lane.segment = undefined;
  };
  while (!have.isFull && now < 1e6) {
    now += TICK_MS;
    for (const lane of lanes) step(lane);
  }
  return { ms: now, moved, have };
}

const MIB_PER_S = 2 ** 20 / 1000;
const steady = (mebibytes: number) => () => mebibytes * MIB_PER_S;

it.each([[[20, 20]], [[20, 5]], [[40, 20, 10]], [[20, 0.2]], [[20, 0]]])(
  'takes little more than the sum of the rates allows: %j MiB/s',
  (mebibytes) => {
    const { ms } = simulate(512, mebibytes.map(steady));
    const sum = mebibytes.reduce((a, b) => a + b);
    const best = (128 / sum) * 1000;
    expect(ms).toBeLessThan(best * 1.06 + 100);
  },
);

it('loses under a second to one that goes silent in the middle', () => {
  const dies = (at: number): number => (at < 1500 ? 20 * MIB_PER_S : 0);
  const { ms, have } = simulate(512, [steady(20), dies]);
  expect(have.isFull).toBe(true);
  const best = 1500 + ((128 - 60) / 20) * 1000;
  expect(ms).toBeLessThan(best + 1000);
});

it('moves few bytes twice', () => {
  const { moved } = simulate(512, [steady(20), steady(13)]);
  expect(moved).toBeLessThan(128 * 2 ** 20 * 1.03);
});

it('gives one lane alone everything at once', () => {
  const geometry = new Geometry([PIECE, PIECE, 5]);
  const segments = new Segments(geometry, new Bitfield(3));
  expect(segments.take({ speed: new Speed() }, 1, 0)).toMatchObject({ next: 0, end: 3 });
});

it('gets every piece, whatever the lanes do', () => {
  const rate = fc.oneof(fc.constant(0), fc.double({ min: 0.05, max: 60, noNaN: true }));
  const lane = fc.array(rate, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.array(lane, { minLength: 0, maxLength: 4 }),
      fc.boolean(),
      (pieces, rates, ordered) => {
        const changing = rates.map((list) => (at: number) => {
          return list[Math.floor(at / 700) % list.length]! * MIB_PER_S;
        });
        // One that lives, so that it ends.
        const window = ordered ? { first: 0, bytes: 8 * PIECE } : undefined;
        const { have } = simulate(pieces, [steady(1), ...changing], window);
        expect(have.isFull).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});
