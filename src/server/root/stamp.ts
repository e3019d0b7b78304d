// What tells one version of a file from another without reading it.
import type { Stats } from 'node:fs';
import { msToAge, stampsAged } from '../../disk/stamp-age.ts';

/** A file, and what it was like at one moment. */
export interface StampedFile {
  /** Absolute, real. */
  readonly path: string;
  readonly stats: Stats;
}

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
export function isStampAged({ mtimeMs, ctimeMs }: Stats): boolean {
  return msToAge([mtimeMs, ctimeMs]) === 0;
}

/** Resolves when another write would be stamped with another time. */
export function stampAged({ mtimeMs, ctimeMs }: Stats): Promise<void> {
  return stampsAged([mtimeMs, ctimeMs]);
}
