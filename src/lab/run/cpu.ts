// How busy the machine and single processes are, from Linux' /proc; other systems
// give undefined, and the report then says that foreign load was not measured.
// Source: proc(5), /proc/stat and /proc/[pid]/stat.
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ: 100 on every Linux platform that Node.js supports. */
const MS_PER_TICK = 10;

export interface MachineCpu {
  /** CPU time of all cores, or of one, that somebody used, and that passed, since boot. */
  readonly busyMs: number;
  readonly totalMs: number;
}

export function parseMachineCpu(stat: string): MachineCpu | undefined {
  const match = /^cpu +(.*)$/m.exec(stat);
  return match ? parseColumns(match[1]!) : undefined;
}

/** The same of each CPU, by its number. */
export const cpusBusy = (stat: string): Map<number, MachineCpu> =>
  new Map(
    [...stat.matchAll(/^cpu(\d+) +(.*)$/gm)].map(([, cpu, columns]) => [
      Number(cpu),
      parseColumns(columns!),
    ]),
  );

/** user nice system idle iowait irq softirq steal */
function parseColumns(columns: string): MachineCpu {
  // Guest time, in the columns after the eighth, is part of user time already.
  const ticks = columns.split(' ').slice(0, 8).map(Number);
  const total = ticks.reduce((sum, value) => sum + value, 0);
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  return { busyMs: (total - idle) * MS_PER_TICK, totalMs: total * MS_PER_TICK };
}

/** Fields from the third on: the name before them may contain any character. */
const fieldsOf = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');

/** utime and stime, the 14th and 15th field. */
export const parseProcessCpuMs = (stat: string): number | undefined => cpuMsIn(stat, 11, 12);

/** ... and of the children that it has waited for, the 16th and 17th. */
const withChildrenCpuMs = (stat: string): number | undefined => cpuMsIn(stat, 11, 12, 13, 14);

function cpuMsIn(stat: string, ...columns: readonly number[]): number | undefined {
  const fields = fieldsOf(stat);
  const ticks = columns.reduce((sum, column) => sum + Number(fields[column]), 0);
  return Number.isFinite(ticks) ? ticks * MS_PER_TICK : undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Not Linux, or the process is gone.
    return '';
  }
}

export const machineCpu = (): MachineCpu | undefined => parseMachineCpu(read('/proc/stat'));

export const processCpuMs = (pid: number): number | undefined =>
  parseProcessCpuMs(read(`/proc/${pid}/stat`));

/**
 * CPU time of the living processes of a group, and of those that ended and were waited for by one
 * of them; undefined if none lives.
 */
export function groupCpuMs(group: number): number | undefined {
  const each = processes()
    .map((pid) => read(`/proc/${pid}/stat`))
    .filter((stat) => isAliveIn(group, stat))
    .flatMap((stat) => withChildrenCpuMs(stat) ?? []);
  return each.length === 0 ? undefined : each.reduce((sum, ms) => sum + ms, 0);
}

function isAliveIn(group: number, stat: string): boolean {
  const [state, , processGroup] = fieldsOf(stat);
  return state !== 'Z' && Number(processGroup) === group;
}

function processes(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    // Not Linux.
    return [];
  }
}

/** Cores that others kept busy between two readings, as a share of all; null where unknown. */
export function foreignShare(
  from: MachineCpu | undefined,
  to: MachineCpu | undefined,
  ownMs: number,
): number | null {
  if (!from || !to || to.totalMs <= from.totalMs) return null;
  return Math.max(0, to.busyMs - from.busyMs - ownMs) / (to.totalMs - from.totalMs);
}
