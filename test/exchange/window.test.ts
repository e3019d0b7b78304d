import { describe, expect, it } from 'vitest';
import { GrantWindow } from '../../src/exchange/window.ts';

const PIECE = 256 * 1024;

describe('GrantWindow', () => {
  it('starts with one grant being sent, one bound and one on its way behind a cap', () => {
    const window = new GrantWindow();
    expect(window.size(PIECE)).toBe(5);
    window.setCap(2_500_000);
    expect(window.size(PIECE)).toBe(3);
  });

  it.each([
    [5, 3],
    [200, 4],
    [400, 6],
  ])(
    'covers the delay behind a cap: %i ms of overhead at 2.5 MB/s make %i grants',
    (ms, grants) => {
      const window = new GrantWindow();
      window.setCap(2_500_000);
      window.noteRequest(ms / 2);
      for (let i = 0; i < 50; i++) window.noteHave(i, ms / 2, PIECE);
      expect(window.size(PIECE)).toBe(grants);
    },
  );

  it('offers as early as answers take, and earlier the more they vary', () => {
    const [steady, erratic] = [new GrantWindow(), new GrantWindow()];
    for (let i = 0; i < 100; i++) {
      steady.noteRequest(40);
      erratic.noteRequest(i % 2 === 0 ? 10 : 70);
    }
    expect(steady.leadMs).toBeGreaterThan(40);
    expect(steady.leadMs).toBeLessThan(60);
    expect(erratic.leadMs).toBeGreaterThan(70);
  });

  it.each([
    [2, 'a line that takes 400 ms for a piece', 400],
    [5, 'one that takes 100 ms', 100],
    [16, 'one that takes 1 ms', 1],
  ])('opens %i grants without a cap to %s', (grants, _, ms) => {
    const window = new GrantWindow();
    window.noteRequest(1);
    for (let at = 0; at < 10_000; at += ms) window.noteHave(at, ms, PIECE);
    expect(window.size(PIECE)).toBe(grants);
  });

  it('does not take its own queue for distance when there is no cap', () => {
    const window = new GrantWindow();
    window.noteRequest(1);
    for (let i = 0; i < 1000; i++) {
      window.noteRequest(400);
      window.noteHave(i * 100, 400, PIECE);
    }
    expect(window.size(PIECE)).toBe(5);
  });

  it('covers the three round trips of a grant to a far receiver when there is no cap', () => {
    const window = new GrantWindow();
    window.noteRequest(100);
    for (let i = 0; i < 100; i++) window.noteHave(i * 100, 400, PIECE);
    expect(window.size(PIECE)).toBe(7);
  });

  it('keeps what it found while there is nothing to send for a while', () => {
    const window = new GrantWindow();
    for (let i = 0; i < 20; i++) window.noteHave(i * 100, 100, PIECE);
    window.noteHave(10_000, 100, PIECE);
    expect(window.size(PIECE)).toBe(4);
  });

  it('opens as many grants of short pieces as take the bytes of long ones, up to 32 times as many', () => {
    const open = (length: number): number[] => {
      const window = new GrantWindow();
      const first = window.size(length);
      for (let ms = 0; ms < 3000; ms += 1) window.noteHave(ms, 1, 1000 * length);
      return [first, window.size(length), window.most(length)];
    };
    expect(open(PIECE)).toEqual([5, 16, 32]);
    expect(open(64 * 1024)).toEqual([5, 16, 32]);
    expect(open(16 * 1024)).toEqual([5, 64, 128]);
    expect(open(270)).toEqual([5, 512, 1024]);
    expect(open(1)).toEqual([5, 512, 1024]);
  });
});
