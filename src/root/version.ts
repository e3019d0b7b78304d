// Questions about a version, wherever it lies. Pure but for the clock.
import { setTimeout as delay } from 'node:timers/promises';
import type { Version } from './root.ts';

/** Dates of HTTP have years of four digits, and some readers take a zero before as two. */
const FIRST_MS = Date.parse('1000-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Date of the version, in whole milliseconds. A disk holds dates that no Date can tell: these become
 * the first or the last that all formats can write.
 */
export function dateOf({ modifiedMs }: Pick<Version, 'modifiedMs'>): Date {
  return new Date(Math.min(Math.max(Math.round(modifiedMs), FIRST_MS), LAST_MS));
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
