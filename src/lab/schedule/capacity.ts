// Whether this machine can hold an experiment at all, asked before anything starts: what
// its largest run needs of ports, memory, files, processes and disk, against what is
// there. What a process takes was measured on 64-bit Linux; what cannot be read here is
// not checked.
import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { HubswarmError } from '../../runtime/errors.ts';
import { castOf } from '../run/cast.ts';
import { type PlannedRun, pointText } from '../terms/planned-run.ts';
import { isPeers } from '../terms/scenario.ts';

const MIB = 2 ** 20;

/** Resident, at rates of a few MiB/s. */
const PEER_BYTES = 110 * MIB;
const CLIENT_BYTES = 75 * MIB;
/** A listener, and connections both ways to its neighbours at any one time. */
const PORTS_PER_PEER = 8;
const PORTS_PER_CLIENT = 2;
/** Files that the lab opens for each process: three pipes and what starting it opens. */
const FILES_PER_PROCESS = 5;
const FILES_OF_LAB = 64;
/** Node's own: the loop, four of V8's and four of libuv's, and some to spare. */
const THREADS_PER_PROCESS = 12;

export interface Capacity {
  readonly ports: number;
  readonly memoryBytes: number;
  readonly files: number;
  readonly threads: number;
  readonly diskBytes: number;
}

/** Needs of one run, all its processes together. */
export function needsOf(plan: PlannedRun): Capacity {
  const processes = castOf(plan).length;
  const isSwarm = isPeers(plan.architecture);
  const { link, fileBytes } = plan.setting;
  return {
    // In network namespaces each has all of them.
    ports: link === 'netns' ? 0 : processes * (isSwarm ? PORTS_PER_PEER : PORTS_PER_CLIENT),
    memoryBytes: processes * (isSwarm ? PEER_BYTES : CLIENT_BYTES),
    files: FILES_OF_LAB + processes * FILES_PER_PROCESS,
    threads: processes * THREADS_PER_PROCESS,
    // Everybody's copy at most, and the file itself.
    diskBytes: (processes + 1) * fileBytes,
  };
}

const size = (bytes: number): string =>
  bytes >= 1024 * MIB ? `${(bytes / 1024 / MIB).toFixed(1)} GiB` : `${Math.ceil(bytes / MIB)} MiB`;

const count = (number: number): string => String(Math.floor(number));

interface Words {
  readonly amount: (number: number) => string;
  readonly of: string;
  readonly instead: string;
}

/** How each is told, and what else could be given. */
const WORDS: Record<keyof Capacity, Words> = {
  ports: {
    amount: count,
    of: 'ports',
    instead: 'give fewer receivers, or widen net.ipv4.ip_local_port_range',
  },
  memoryBytes: {
    amount: size,
    of: 'of memory',
    instead: 'give fewer receivers, or end other programs',
  },
  files: {
    amount: count,
    of: 'open files',
    instead: 'give fewer receivers, or raise ulimit -n',
  },
  threads: {
    amount: count,
    of: 'processes and threads',
    instead: 'give fewer receivers, or raise ulimit -u',
  },
  diskBytes: {
    amount: size,
    of: 'on the disk',
    instead: 'give a smaller file or fewer receivers, or set TMPDIR',
  },
};

/** @throws HubswarmError ERR_USAGE with the run that asks for most, what it needs and what is there */
export function checkCapacity(plans: readonly PlannedRun[], there: Capacity): void {
  for (const key of Object.keys(WORDS) as (keyof Capacity)[]) {
    const needs = plans.map((plan) => needsOf(plan)[key]);
    const most = Math.max(0, ...needs);
    if (most <= there[key]) continue;
    const { scenario, point, arm, setting } = plans[needs.indexOf(most)]!;
    const { amount, of, instead } = WORDS[key];
    throw new HubswarmError(
      'ERR_USAGE',
      `scenario '${scenario}' (${pointText(point)}, ${arm}, ${setting.receivers} receivers) ` +
        `needs ${amount(most)} ${of}, ${amount(there[key])} are there; ${instead}`,
    );
  }
}

/** Whether a run's needs are there. */
export function isHeld(plan: PlannedRun, there: Capacity): boolean {
  const needs = needsOf(plan);
  return (Object.keys(needs) as (keyof Capacity)[]).every((key) => needs[key] <= there[key]);
}

/** @param dir where runs have their files */
export async function readCapacity(dir: string): Promise<Capacity> {
  const { bavail, bsize } = await statfs(dir);
  const limits = read('/proc/self/limits');
  const [low, high] = read('/proc/sys/net/ipv4/ip_local_port_range').trim().split(/\s+/);
  return {
    ports: low && high ? Number(high) - Number(low) + 1 : Number.POSITIVE_INFINITY,
    // Also heeds what a container is allowed.
    memoryBytes: process.availableMemory(),
    files: limitIn(limits, 'Max open files'),
    threads: Math.min(limitIn(limits, 'Max processes'), limitOf(read('/sys/fs/cgroup/pids.max'))),
    diskBytes: bavail * bsize,
  };
}

/** The soft limit of a line of /proc/self/limits (proc(5)). */
export function limitIn(limits: string, name: string): number {
  const line = limits.split('\n').find((text) => text.startsWith(name));
  return limitOf(line?.slice(name.length).trim().split(/\s+/)[0] ?? '');
}

function limitOf(text: string): number {
  const count = Number.parseInt(text, 10);
  return Number.isNaN(count) ? Number.POSITIVE_INFINITY : count;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Not Linux, or hidden in a container.
    return '';
  }
}
