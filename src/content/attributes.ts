// What a file is beside its bytes: when it was last changed, and whether it can be run. A field is
// undefined if nobody says. Pure.

export interface FileAttributes {
  /** Milliseconds since the epoch; on its way it isDatable(). */
  readonly modifiedMs?: number | undefined;
  /** Whether who may read the file may run it. */
  readonly executable?: boolean | undefined;
  /** Permission bits, without set-id and sticky bits. */
  readonly mode?: number | undefined;
}

/** Dates of HTTP have years of four digits, and some readers take a zero before as two. */
const FIRST_MS = Date.parse('1000-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** Whether all formats can write the time as a date; false for NaN. */
export const isDatable = (ms: number): boolean => ms >= FIRST_MS && ms <= LAST_MS;

/** The nearest time that all formats can write as a date. */
export const toDatable = (ms: number): number => Math.min(Math.max(ms, FIRST_MS), LAST_MS);
