// How many cores this process may use: those that it may be scheduled on (affinity), and
// of them what the quota of its control group and of every group above allows. Linux; other
// systems have neither. Sources: sched_setaffinity(2), proc(5), cgroups(7), the kernel's
// cgroup-v2.rst (cpu.max) and sched-bwc.rst (cpu.cfs_quota_us).
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Numbers of the CPUs in a list as in `0-3,7`. */
export function parseCpuList(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const range = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    if (!range) return [];
    const [from, to] = [Number(range[1]), Number(range[2] ?? range[1])];
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

/** Reads a file; empty where it is not there. */
export type Read = (path: string) => string;

export const readText: Read = (path) => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Not Linux, or hidden in a container.
    return '';
  }
};

/** Undefined where the system does not say. */
export function allowedCpus(read: Read = readText): number[] | undefined {
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(read('/proc/self/status'))?.[1] ?? '';
  const cpus = parseCpuList(list);
  return cpus.length > 0 ? cpus : undefined;
}

/** The least that this group or one above it may use, in cores; infinite where nothing limits it. */
export function quotaCores(read: Read = readText): number {
  const mounts = read('/proc/self/mountinfo').split('\n').flatMap(parseMount);
  return read('/proc/self/cgroup')
    .split('\n')
    .flatMap((line) => groupsOf(line, mounts))
    .reduce((least, group) => Math.min(least, coresOf(group, read)), Number.POSITIVE_INFINITY);
}

interface Mount {
  /** Which group is seen at the mount point. */
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** A line of mountinfo: the type stands behind a dash, which optional fields come before. */
function parseMount(line: string): Mount[] {
  const [before, after] = line.split(' - ');
  const [, , , root, point] = before!.split(' ');
  const [type, , options] = (after ?? '').split(' ');
  if (root === undefined || point === undefined || !type?.startsWith('cgroup')) return [];
  return [{ root, point, type, options: (options ?? '').split(',') }];
}

interface Group {
  readonly version: 1 | 2;
  readonly path: string;
}

/** The group of a line of /proc/self/cgroup and those above it, as directories. */
function groupsOf(line: string, mounts: readonly Mount[]): Group[] {
  const [, controllers, ...rest] = line.split(':');
  const own = rest.join(':');
  if (controllers === undefined || own === '') return [];
  const version = controllers === '' ? 2 : 1;
  if (version === 1 && !controllers.split(',').includes('cpu')) return [];
  const mount = mounts.find(({ type, options }) =>
    version === 2 ? type === 'cgroup2' : type === 'cgroup' && options.includes('cpu'),
  );
  if (!mount) return [];
  const below = relative(mount.root, own);
  // A container may see only its own group, under a path of its host.
  const inside = below.startsWith('..') ? '' : below;
  const groups: Group[] = [];
  for (let path = join(mount.point, inside); ; path = dirname(path)) {
    groups.push({ version, path });
    if (path === mount.point || path === dirname(path)) return groups;
  }
}

function coresOf({ version, path }: Group, read: Read): number {
  const [quota, period] =
    version === 2
      ? read(join(path, 'cpu.max')).trim().split(' ')
      : [read(join(path, 'cpu.cfs_quota_us')).trim(), read(join(path, 'cpu.cfs_period_us')).trim()];
  const cores = Number(quota) / Number(period);
  // "max" and -1 stand for none.
  return cores > 0 ? cores : Number.POSITIVE_INFINITY;
}
