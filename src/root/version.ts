// Questions about a version, wherever it lies. Pure but for the clock.
import { setTimeout as delay } from 'node:timers/promises';
import type { Version } from './root.ts';

/** Date of the version, in whole milliseconds. */
export function dateOf({ modifiedMs }: Version): Date {
  return new Date(Math.round(modifiedMs));
}

/** Whether another write would get another stamp. */
export function isSettled({ settledMs }: Version): boolean {
  return Date.now() >= settledMs;
}

/** Resolves when another write would get another stamp. */
export async function settled(version: Version): Promise<void> {
  // A timer may be early by a part of a millisecond.
  while (!isSettled(version)) await delay(Math.max(1, version.settledMs - Date.now()));
}
