// Tells when the times of a file distinguish one write from the next. Linux stamps files by a clock
// that ticks every 1 to 10 ms: until the tick has passed, another write may leave size and time
// unchanged.
import type { Stats } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const STAMP_TICK_MS = 20;

/**
 * Tells one version of a file from another. It has the time of the last change of the inode, which
 * no writer can put back.
 */
export function stampOf({
  ino,
  size,
  mtimeMs,
  ctimeMs,
}: Pick<Stats, 'ino' | 'size' | 'mtimeMs' | 'ctimeMs'>): string {
  return `${ino}:${size}:${mtimeMs}:${ctimeMs}`;
}

/**
 * Milliseconds until another write would get another time than all of these (ms of the epoch). A
 * time in the future was set by hand, and does not count.
 */
export function msToAge(timesMs: Iterable<number>): number {
  const now = Date.now();
  let youngestMs = -Infinity;
  for (const timeMs of timesMs) if (timeMs <= now) youngestMs = Math.max(youngestMs, timeMs);
  return Math.max(0, STAMP_TICK_MS - (now - youngestMs));
}

/** Resolves when another write would be stamped with another time than all of these. */
export async function stampsAged(timesMs: Iterable<number>): Promise<void> {
  const ms = msToAge(timesMs);
  if (ms > 0) await delay(ms);
}
