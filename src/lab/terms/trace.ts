// The raw data of one run, before it is judged: the events of every process
// and what the lab itself observed. Kept on disk as it is; fold.ts turns a trace into
// figures, also years later.
import type { Stamped } from '../../telemetry/event.ts';
import type { PlannedRun } from './planned-run.ts';

export const ROLES = ['origin', 'hub', 'front', 'helper', 'receiver', 'rider', 'attacker'] as const;
/**
 * `hub`: one of several with the same file, beside the origin. `helper`: what a rival needs beside
 * origin and receivers. `rider`: takes, never gives.
 */
export type Role = (typeof ROLES)[number];

/** Roles that should end with the file. */
export const receives = ({ role }: { readonly role: Role }): boolean =>
  role === 'receiver' || role === 'rider';

/** One start of a node's process to its end; a node that comes back has another life. */
export interface Life {
  readonly events: readonly Stamped[];
  /** Wall-clock milliseconds at which it was told to go; null when it was not held. */
  readonly goAt: number | null;
  /** CPU time at the run's go (0 for who started later), and at the end; null where unknown. */
  readonly cpuAtGoMs: number | null;
  readonly cpuAtEndMs: number | null;
  /** How it ended, if it did before the lab stopped it. */
  readonly exit: { readonly code: number | null; readonly signal: string | null } | null;
  /** The last line on stderr: why it failed, in its own words. */
  readonly lastWords: string;
  /** When a rival's receiver was seen to be done, wall-clock milliseconds; null: never. */
  readonly completedAt?: number | null;
}

export interface NodeTrace {
  readonly id: string;
  readonly role: Role;
  /** Bytes per second of payload; null: nothing holds it. */
  readonly uplinkBytesPerSecond: number | null;
  readonly downlinkBytesPerSecond: number | null;
  readonly lives: readonly Life[];
  /**
   * What the lab found when it hashed the received file again; null for a node that receives none.
   */
  readonly file: 'same' | 'different' | 'absent' | null;
  /** Bytes on its link in the kernel, from the go to the end; null with other links. */
  readonly wire: { readonly sentBytes: number; readonly receivedBytes: number } | null;
}

export interface FaultTrace {
  /** The step for a person. */
  readonly text: string;
  readonly do: string;
  /** Null for a split or join. */
  readonly node: string | null;
  readonly at: number;
  /** Bytes that the origin had sent at that moment, by its own count. */
  readonly originSentBytes: number;
}

export interface Trace {
  readonly plan: PlannedRun;
  /** Wall-clock milliseconds of the moment at which the receivers were told to go. */
  readonly goAt: number;
  readonly endedAt: number;
  readonly faults: readonly FaultTrace[];
  /** Steps of the script whose moment never came. */
  readonly unmetFaults: readonly string[];
  /** Share of all cores used by processes that are not the run's; null where unknown. */
  readonly foreignCpuShare: number | null;
  readonly nodes: readonly NodeTrace[];
}
