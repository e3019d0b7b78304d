// The reports of one node's process, or of all its processes in turn: its row in the
// run's table. Counters are of a process, so those of a node's lives add up.
import type { EventName, Stamped } from '../../telemetry/event.ts';
import type { RunNode } from '../terms/result.ts';
import type { Life, NodeTrace, Trace } from '../terms/trace.ts';

/** Points kept of a series: more than a figure can show apart. */
const SERIES_POINTS = 64;

type Of<E extends EventName> = Extract<Stamped, { event: E }>;
type Sample = [ms: number, bytes: number];

export function all<E extends EventName>(events: readonly Stamped[], name: E): Of<E>[] {
  return events.filter((event): event is Of<E> => event.event === name);
}

export const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0);

/** Null when one of them is not known. */
export function sumKnown(values: readonly (number | null)[]): number | null {
  return values.every((value) => value !== null) ? sum(values) : null;
}

/**
 * @param trace of the whole run
 * @param removed by the script, and never brought back
 */
export function foldNode(
  node: NodeTrace,
  trace: Pick<Trace, 'goAt' | 'faults'>,
  removed: boolean,
): RunNode {
  const { goAt } = trace;
  const { lives } = node;
  const events = lives.flatMap((life) => life.events);
  const usage = lives.map((life) => all(life.events, 'usage_sampled'));
  const counts = lives.map((life) => all(life.events, 'link_counted').at(-1));
  const completed = all(events, 'transfer_completed')[0];
  const firstPiece = all(events, 'piece_verified')[0];
  const [first] = lives;
  const goes = lives.map((life) => life.goAt).filter((at) => at !== null);
  return {
    id: node.id,
    role: node.role,
    uplinkBytesPerSecond: node.uplinkBytesPerSecond,
    downlinkBytesPerSecond: node.downlinkBytesPerSecond,
    goMs: goes.length > 0 ? goes[0]! - goAt : null,
    firstPieceMs: firstPiece ? firstPiece.t - goAt : null,
    completedMs: completed ? completed.t - goAt : null,
    removed,
    lives: lives.length,
    sentBytes: sum(counts.map((count) => count?.sentBytes ?? 0)),
    receivedBytes: sum(counts.map((count) => count?.receivedBytes ?? 0)),
    verifiedBytes: sum(all(events, 'piece_verified').map(({ bytes }) => bytes)),
    resumedBytes: lives.length > 1 ? resumedBytes(lives.at(-1)!) : 0,
    refusedPieces: all(events, 'piece_rejected').length,
    // CPU time at the go is unknown for a process that started after it.
    cpuStartMs: first?.cpuAtGoMs || null,
    cpuTransferMs: sumKnown(lives.map((life, i) => cpuTransfer(life, usage[i]!.at(-1)?.cpuMs))),
    rssPeakBytes: largest(usage.flat().map(({ rssBytes }) => rssBytes)),
    loopLagMs: largest(usage.flatMap((samples) => lagsAfter(samples, goAt))),
    wire: node.wire && { ...node.wire },
    exit: unaskedExit(node, trace),
    file: node.file,
    lastWords: lives.at(-1)?.lastWords ?? '',
    progress: thin(progressOf(lives, goAt)),
    sending: thin(sentOver(lives).map(({ t, sentBytes }) => [t - goAt, sentBytes])),
  };
}

/** Bytes found on its disk when it began. */
export const resumedBytes = ({ events }: Life): number =>
  all(events, 'transfer_started')[0]?.resumedBytes ?? 0;

/** Cumulative over all lives. */
export function sentOver(lives: readonly Life[]): { t: number; sentBytes: number }[] {
  let before = 0;
  return lives.flatMap(({ events }) => {
    const counts = all(events, 'link_counted').map(({ t, sentBytes }) => ({
      t,
      sentBytes: before + sentBytes,
    }));
    before = counts.at(-1)?.sentBytes ?? before;
    return counts;
  });
}

/** Verified bytes; a later life begins with what the earlier one left on disk. */
function progressOf(lives: readonly Life[], goAt: number): Sample[] {
  return lives.flatMap((life, i): Sample[] => {
    const started = i > 0 ? all(life.events, 'transfer_started')[0] : undefined;
    let has = started?.resumedBytes ?? 0;
    const first: Sample[] = started ? [[started.t - goAt, has]] : [];
    const pieces = all(life.events, 'piece_verified').map(({ t, bytes }): Sample => {
      has += bytes;
      return [t - goAt, has];
    });
    return [...first, ...pieces];
  });
}

/** CPU time only grows, so the larger of two readings is the later one. */
function cpuTransfer({ cpuAtGoMs, cpuAtEndMs }: Life, sampledMs: number | undefined) {
  const endMs = largest([cpuAtEndMs, sampledMs ?? null].filter((value) => value !== null));
  return endMs === null || cpuAtGoMs === null ? null : Math.max(0, endMs - cpuAtGoMs);
}

/** A sample tells of the time since the one before it: what began before the go is start-up. */
function lagsAfter(samples: readonly Of<'usage_sampled'>[], goAt: number): number[] {
  return samples
    .filter((_, i) => i > 0 && samples[i - 1]!.t >= goAt)
    .map(({ loopLagMs }) => loopLagMs);
}

const largest = (values: readonly number[]): number | null =>
  values.length > 0 ? values.reduce((most, value) => Math.max(most, value)) : null;

/** A node that the script killed k times owes k of its ends to that. */
function unaskedExit({ id, lives }: NodeTrace, { faults }: Pick<Trace, 'faults'>) {
  let kills = faults.filter((fault) => fault.do === 'kill' && fault.node === id).length;
  const unasked = lives.filter(({ exit }) => {
    if (exit === null) return false;
    const asked = kills > 0 && exit.signal === 'SIGKILL';
    if (asked) kills--;
    return !asked;
  });
  const worst = unasked.find(({ exit }) => exit?.code !== 0) ?? unasked.at(-1);
  return worst?.exit ? { ...worst.exit } : null;
}

function thin(points: readonly Sample[]): Sample[] {
  if (points.length <= SERIES_POINTS) return [...points];
  const step = (points.length - 1) / (SERIES_POINTS - 1);
  return Array.from({ length: SERIES_POINTS }, (_, i) => points[Math.round(i * step)]!);
}
