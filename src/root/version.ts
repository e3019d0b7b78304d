// Questions about a version, wherever it lies. Pure but for the clock.
import { setTimeout as delay } from 'node:timers/promises';
import { toDatable } from '../content/attributes.ts';
import type { Version } from './root.ts';

/**
 * Date of the version, in whole milliseconds. A disk holds dates that no Date can tell: these become
 * the first or the last that all formats can write.
 */
export function dateOf({ modifiedMs }: Pick<Version, 'modifiedMs'>): Date {
  return new Date(toDatable(Math.round(modifiedMs)));
}

/** Whether another write would get another stamp. */
export function isSettled({ settledMs }: Version): boolean {
  return performance.now() >= settledMs;
}

/** Resolves when another write would get another stamp. */
export async function settled(version: Version): Promise<void> {
  // A timer may be early by a part of a millisecond.
  while (!isSettled(version)) await delay(Math.max(1, version.settledMs - performance.now()));
}
