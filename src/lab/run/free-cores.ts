// The CPU that a comparison can have on this machine: the cores that quota and affinity
// leave, less those that other programs keep busy.
import os from 'node:os';
import { cpusBusy, type MachineCpu } from './cpu.ts';
import { allowedCpus, quotaCores, type Read, readText } from './cpu-allowance.ts';

export interface FreeCores {
  /** All that this machine has. */
  readonly present: number;
  /** Cores that this process may be scheduled on. */
  readonly affinity: number;
  /** Null: no quota. */
  readonly quota: number | null;
  /** Kept busy by other programs, of those of the affinity; null where unknown. */
  readonly foreign: number | null;
  /** Cores that remain free. */
  readonly free: number;
}

/** What is read at the beginning and end of a look. */
export type CpuTimes = ReadonlyMap<number, MachineCpu>;

export const readCpuTimes = (read: Read = readText): CpuTimes => cpusBusy(read('/proc/stat'));

/** @param foreign of the allowed cores, kept busy by others; null where unknown */
export function freeCores(foreign: number | null, read: Read = readText): FreeCores {
  const present = os.cpus().length;
  const affinity = allowedCpus(read)?.length ?? os.availableParallelism();
  const quota = quotaCores(read);
  return {
    present,
    affinity,
    foreign,
    quota: Number.isFinite(quota) ? quota : null,
    free: Math.max(0, Math.min(quota, affinity - (foreign ?? 0))),
  };
}

/**
 * Cores of the allowed ones that somebody else kept busy between two looks.
 *
 * @param ownMs CPU time of this process and those it started, in between
 */
export function foreignCores(
  from: CpuTimes,
  to: CpuTimes,
  ownMs: number,
  allowed = allowedCpus(),
): number | null {
  let busyMs = 0;
  let lengthMs = 0;
  for (const [cpu, { busyMs: busyTo, totalMs: totalTo }] of to) {
    const before = from.get(cpu);
    if (!before || !(allowed?.includes(cpu) ?? true)) continue;
    busyMs += busyTo - before.busyMs;
    lengthMs = Math.max(lengthMs, totalTo - before.totalMs);
  }
  return lengthMs > 0 ? Math.max(0, busyMs - ownMs) / lengthMs : null;
}
