// What tells one version of a file from another without reading it.
import type { Stats } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A file, and what it was like at one moment. */
export interface StampedFile {
  /** Absolute, real. */
  readonly path: string;
  readonly stats: Stats;
}

/** Linux stamps files by a clock that ticks every 1 to 10 ms; a tick must pass before a stamp is a name. */
const STAMP_TICK_MS = 20;

/** A version's name. With the time of the last change of the inode, which no writer can put back. */
export function stampOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino}:${size}:${mtimeMs}:${ctimeMs}`;
}

/**
 * Whether the bytes of an open file are still the same, as far as one can see. Its
 * names and rights may change while it is read: another version has replaced it.
 */
export function isUnchanged(before: Stats, now: Stats): boolean {
  return now.size === before.size && now.mtimeMs === before.mtimeMs && now.ino === before.ino;
}

/** Whether another write would be stamped with another time. */
export function isStampAged(stats: Stats): boolean {
  return msToAge(stats) === 0;
}

/** Resolves when another write would be stamped with another time. */
export async function stampAged(stats: Stats): Promise<void> {
  const ms = msToAge(stats);
  if (ms > 0) await delay(ms);
}

/** A date in the future is no clock's: it was set. */
function msToAge({ mtimeMs, ctimeMs }: Stats): number {
  const now = Date.now();
  const ages = [now - mtimeMs, now - ctimeMs].filter((age) => age >= 0);
  return Math.max(0, STAMP_TICK_MS - Math.min(...ages));
}
