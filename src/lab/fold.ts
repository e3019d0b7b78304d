// From what was seen of a run (trace.ts) to its figures. Arithmetic only: no
// opinion on whether they can be trusted, which is verdict.ts.

import type { EventName, Stamped } from '../telemetry/event.ts';
import { type Bound, serverBound, swarmBound, type Uplinks } from '../theory/bounds.ts';
import type { Run, RunNode } from './result.ts';
import { type Parameters, type PlannedRun, pieceCount, ratesOf } from './scenario.ts';
import type { NodeTrace, Trace } from './trace.ts';

const GIB = 2 ** 30;
/** Points kept of a receiver's progress: more than a figure can show apart. */
const PROGRESS_POINTS = 64;

type Of<E extends EventName> = Extract<Stamped, { event: E }>;

function all<E extends EventName>(events: readonly Stamped[], name: E): Of<E>[] {
  return events.filter((event): event is Of<E> => event.event === name);
}

export function boundOf(
  run: PlannedRun,
  parameters: Parameters,
): Omit<Bound, 'name'> & { name: string } {
  const { uplinkBytesPerSecond, downlinkBytesPerSecond } = ratesOf(parameters);
  if (uplinkBytesPerSecond === Number.POSITIVE_INFINITY) {
    return { seconds: 0, name: 'nothing but this machine' };
  }
  const links: Uplinks = {
    fileBytes: parameters.fileBytes,
    receivers: run.receivers,
    originUplink: uplinkBytesPerSecond,
    receiverUplink: uplinkBytesPerSecond,
    downlink: downlinkBytesPerSecond,
  };
  return run.arm === 'server' ? serverBound(links) : swarmBound(links, pieceCount(parameters));
}

export function foldNode(node: NodeTrace, goAt: number): RunNode {
  const pieces = all(node.events, 'piece_verified');
  const counted = all(node.events, 'link_counted').at(-1);
  const completed = all(node.events, 'transfer_completed').at(-1);
  const usage = all(node.events, 'usage_sampled');
  const progress = accumulate(pieces, goAt);
  const cpuAtEndMs = latest(node.cpuAtEndMs, usage.at(-1)?.cpuMs);
  return {
    id: node.id,
    role: node.role,
    firstPieceMs: progress[0]?.[0] ?? null,
    completedMs: completed ? completed.t - goAt : null,
    sentBytes: counted?.sentBytes ?? 0,
    receivedBytes: counted?.receivedBytes ?? 0,
    verifiedBytes: progress.at(-1)?.[1] ?? 0,
    rejectedPieces: all(node.events, 'piece_rejected').length,
    cpuStartMs: node.cpuAtGoMs,
    cpuTransferMs:
      cpuAtEndMs === null || node.cpuAtGoMs === null
        ? null
        : Math.max(0, cpuAtEndMs - node.cpuAtGoMs),
    rssPeakBytes: usage.length > 0 ? Math.max(...usage.map(({ rssBytes }) => rssBytes)) : null,
    loopLagMs: loopLag(usage, goAt),
    exit: node.exit && { ...node.exit },
    file: node.file,
    lastWords: node.lastWords,
    progress: thin(progress),
  };
}

function accumulate(pieces: readonly Of<'piece_verified'>[], goAt: number): [number, number][] {
  let sum = 0;
  return pieces.map(({ t, bytes }) => {
    sum += bytes;
    return [t - goAt, sum];
  });
}

/** CPU time only grows, so the larger of two readings is the later one. */
function latest(a: number | null, b: number | undefined): number | null {
  if (a === null) return b ?? null;
  return b === undefined ? a : Math.max(a, b);
}

/** A sample tells of the time since the one before it: what began before the go is start-up. */
function loopLag(usage: readonly Of<'usage_sampled'>[], goAt: number): number | null {
  const after = usage.filter((_, i) => i > 0 && usage[i - 1]!.t >= goAt);
  return after.length > 0 ? Math.max(...after.map(({ loopLagMs }) => loopLagMs)) : null;
}

function thin(points: readonly [number, number][]): [number, number][] {
  if (points.length <= PROGRESS_POINTS) return [...points];
  const step = (points.length - 1) / (PROGRESS_POINTS - 1);
  return Array.from({ length: PROGRESS_POINTS }, (_, i) => points[Math.round(i * step)]!);
}

const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0);

/** Of what is limited by no link there is none. */
export function efficiencyOf(boundMs: number, makespanMs: number | null): number | null {
  return makespanMs === null || boundMs === 0 ? null : boundMs / makespanMs;
}

function makespan(receivers: readonly RunNode[]): number | null {
  const times = receivers.map(({ completedMs }) => completedMs);
  return times.every((time) => time !== null) ? Math.max(...times) : null;
}

function cpuPerGib(nodes: readonly RunNode[], verifiedBytes: number): number | null {
  const cpu = nodes.map(({ cpuTransferMs }) => cpuTransferMs);
  if (verifiedBytes === 0 || !cpu.every((value) => value !== null)) return null;
  return sum(cpu) / 1000 / (verifiedBytes / GIB);
}

/** Everything about a run but its verdict. */
export function foldRun(
  plan: PlannedRun,
  parameters: Parameters,
  trace: Trace,
): Omit<Run, 'verdict'> {
  const nodes = trace.nodes.map((node) => foldNode(node, trace.goAt));
  const receivers = nodes.filter(({ role }) => role === 'receiver');
  const origin = nodes.find(({ role }) => role === 'origin');
  const bound = boundOf(plan, parameters);
  const makespanMs = makespan(receivers);
  const receivedBytes = sum(receivers.map((node) => node.receivedBytes));
  const verifiedBytes = sum(receivers.map((node) => node.verifiedBytes));
  return {
    id: plan.id,
    scenario: plan.scenario,
    arm: plan.arm,
    link: plan.link,
    receivers: plan.receivers,
    repetition: plan.repetition,
    fileBytes: parameters.fileBytes,
    killCopies: plan.killCopies,
    goAt: trace.goAt,
    endedMs: trace.endedAt - trace.goAt,
    fault: trace.fault && {
      atMs: trace.fault.at - trace.goAt,
      sentBytes: trace.fault.sentBytes,
    },
    makespanMs,
    boundMs: bound.seconds * 1000,
    boundName: bound.name,
    efficiency: efficiencyOf(bound.seconds * 1000, makespanMs),
    completed: receivers.filter(({ completedMs }) => completedMs !== null).length,
    originCopies: (origin?.sentBytes ?? 0) / parameters.fileBytes,
    sentBytes: sum(nodes.map((node) => node.sentBytes)),
    receivedBytes,
    duplicateShare:
      verifiedBytes > 0 ? Math.max(0, receivedBytes - verifiedBytes) / verifiedBytes : null,
    cpuSecondsPerGib: cpuPerGib(nodes, verifiedBytes),
    foreignCpuShare: trace.foreignCpuShare,
    nodes,
  };
}
