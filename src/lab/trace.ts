// What was seen of one run, before anybody judges it: the raw events of every
// process and what the lab itself observed. fold.ts turns a trace into figures.
import type { Stamped } from '../telemetry/event.ts';

export interface NodeTrace {
  readonly id: string;
  readonly role: 'origin' | 'receiver';
  readonly events: readonly Stamped[];
  /** CPU time of the process when it was told to go, and at the end; null where unknown. */
  readonly cpuAtGoMs: number | null;
  readonly cpuAtEndMs: number | null;
  /** How it ended, if it did before the lab stopped it. */
  readonly exit: { readonly code: number | null; readonly signal: string | null } | null;
  /** What the lab found when it hashed the received file again; null for the origin. */
  readonly file: 'same' | 'different' | 'absent' | null;
  /** The last line on stderr: why it failed, in its own words. */
  readonly lastWords: string;
}

export interface Trace {
  /** Wall-clock milliseconds of the moment at which all receivers were told to go. */
  readonly goAt: number;
  readonly endedAt: number;
  /** When the origin was killed, and what it had sent by its own count. */
  readonly fault: { readonly at: number; readonly sentBytes: number } | null;
  /** Share of all cores used by processes that are not the run's; null where unknown. */
  readonly foreignCpuShare: number | null;
  readonly nodes: readonly NodeTrace[];
}
