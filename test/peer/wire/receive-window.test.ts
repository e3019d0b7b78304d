import { describe, expect, it } from 'vitest';
import { ReceiveWindow } from '../../../src/peer/wire/receive-window.ts';

const KIB = 1024;
const MOST = 1024 * KIB;

let now = 0;

function make(roundTripMs: number | undefined): ReceiveWindow {
  now = 0;
  const clock = { now: () => now, sleep: async () => {} };
  const limits = { most: MOST, mostOnFast: 4 * MOST };
  return new ReceiveWindow({ limits, clock, roundTripMs: () => roundTripMs });
}

function receive(window: ReceiveWindow, bytes: number, at: number): number {
  now = at;
  expect(window.take(bytes)).toBe(true);
  window.use(bytes);
  return window.grant();
}

describe('ReceiveWindow', () => {
  it('is renewed when half of it has been used', () => {
    const window = make(undefined);
    expect(receive(window, 100 * KIB, 1)).toBe(0);
    expect(receive(window, 27 * KIB, 2)).toBe(0);
    expect(receive(window, KIB, 3)).toBe(128 * KIB);
    expect(window.take(256 * KIB)).toBe(true);
  });

  it('takes not one byte more than it granted', () => {
    const window = make(undefined);
    expect(window.take(256 * KIB + 1)).toBe(false);
    expect(window.take(256 * KIB)).toBe(true);
    expect(window.take(1)).toBe(false);
    // Only what was handed on is granted anew.
    window.use(200 * KIB);
    expect(window.grant()).toBe(200 * KIB);
    expect(window.take(200 * KIB + 1)).toBe(false);
  });

  it('doubles up to its limit while a half is used up within four round trips', () => {
    const window = make(10);
    expect(receive(window, 128 * KIB, 40)).toBe((128 + 256) * KIB);
    expect(receive(window, 256 * KIB, 80)).toBe((256 + 512) * KIB);
    expect(receive(window, 512 * KIB, 120)).toBe(512 * KIB);
  });

  it('grows further on a link that is fast for long, and only there', () => {
    const window = make(10);
    let at = 0;
    const use = (bytes: number, ms: number): number => {
      at += ms;
      return receive(window, bytes, at) - bytes;
    };
    // Two halves in a row may have waited while this process did not read.
    expect(use(128 * KIB, 1)).toBe(256 * KIB);
    expect(use(256 * KIB, 1)).toBe(512 * KIB);
    expect(use(512 * KIB, 20)).toBe(0);
    for (let i = 0; i < 3; i++) expect(use(512 * KIB, 8)).toBe(0);
    expect(use(512 * KIB, 8)).toBe(1024 * KIB);
    expect(use(1024 * KIB, 8)).toBe(2048 * KIB);
    expect(use(2048 * KIB, 8)).toBe(0);
    // It does not shrink.
    expect(use(2048 * KIB, 30)).toBe(0);
  });

  it('keeps its size when updates travel faster, or the round trip is unknown', () => {
    const slow = make(10);
    expect(receive(slow, 128 * KIB, 41)).toBe(128 * KIB);
    const unknown = make(undefined);
    expect(receive(unknown, 128 * KIB, 1)).toBe(128 * KIB);
  });
});
