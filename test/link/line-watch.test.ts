// LineWatch by what its probes would tell: three receivers whose clocks differ, and a line.
import { describe, expect, it } from 'vitest';
import { LineWatch } from '../../src/link/line-watch.ts';
import { createRng } from '../../src/runtime/rng.ts';

const OFFSETS = { a: -50_000, b: 0, c: 3_000_000 };
type Path = keyof typeof OFFSETS;

/** Probes each path every 250 ms; `queueMs` is what it waits for besides its way. */
function watchFor(
  watch: LineWatch,
  from: number,
  seconds: number,
  queueMs: (path: Path, now: number) => number,
  paths: Path[] = ['a', 'b', 'c'],
): number {
  let now = from;
  for (; now < from + seconds * 1000; now += 250) {
    for (const path of paths) watch.note(now, path, OFFSETS[path] + 20 + queueMs(path, now));
  }
  return now;
}

const none = (): number => 0;

describe('LineWatch', () => {
  it('sees a queue that stays for two seconds, and keeps to it', () => {
    const watch = new LineWatch();
    const now = watchFor(watch, 0, 2, none);
    watchFor(watch, now, 1, () => 120);
    expect(watch.isQueued).toBe(false);
    const later = watchFor(watch, now + 1000, 3, () => 120);
    expect(watch.isQueued).toBe(true);
    watchFor(watch, later, 10, none);
    expect(watch.isQueued).toBe(true);
  });

  it('sees none in answers that are late by up to half a second now and then', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const rng = createRng(seed);
      const watch = new LineWatch();
      const now = watchFor(watch, 0, 2, none);
      watchFor(watch, now, 600, () => (rng.below(2) === 0 ? rng.below(500) : rng.below(30)));
      expect(watch.isQueued).toBe(false);
    }
  });

  it('believes two paths of three, however late or early the third is', () => {
    for (const lie of [5000, -5000, 1e300, -1e300]) {
      const watch = new LineWatch();
      const now = watchFor(watch, 0, 2, none);
      const middle = watchFor(watch, now, 10, (path) => (path === 'c' ? lie : 0));
      expect(watch.isQueued).toBe(false);
      watchFor(watch, middle, 5, (path) => (path === 'c' ? lie : 120));
      expect(watch.isQueued).toBe(true);
    }
  });

  it('judges by one path where there is no other', () => {
    const watch = new LineWatch();
    const now = watchFor(watch, 0, 2, none, ['a']);
    watchFor(watch, now, 5, () => 120, ['a']);
    expect(watch.isQueued).toBe(true);
  });

  it('takes a way that has become longer for a queue, and one that always was for none', () => {
    const watch = new LineWatch();
    const now = watchFor(watch, 0, 5, () => 300);
    expect(watch.isQueued).toBe(false);
    watchFor(watch, now, 5, () => 500);
    expect(watch.isQueued).toBe(true);
  });
});
