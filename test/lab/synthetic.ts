// Runs as they would look on a machine that does just what theory says, a little
// slower: what measuring gives when nothing is wrong. Tests bend one thing at a time.
import { boundOf } from '../../src/lab/fold.ts';
import { type Parameters, type PlannedRun, ratesOf } from '../../src/lab/scenario.ts';
import type { NodeTrace, Trace } from '../../src/lab/trace.ts';
import type { Event, Stamped } from '../../src/telemetry/event.ts';

const MIB = 2 ** 20;
const GO_AT = 1_760_000_000_000;
/** Slower than the bound by this factor: what the real programs come to. */
const SLOWER = 1.03;

export const PARAMETERS: Parameters = {
  link: 'pacer',
  fileName: 'sample.bin',
  fileBytes: 4 * MIB,
  pieceLength: 64 * 1024,
  uplinkBytesPerSecond: 4 * MIB,
  downlinkBytesPerSecond: 20 * MIB,
  receivers: [2, 4, 8],
  killCopies: [0.5, 1.25, 2],
  killReceivers: 8,
  repetitions: 2,
  killRepetitions: 1,
};

export interface Bend {
  /** Makespan over bound. */
  slower?: number;
  /** For runs without a bound. */
  endMs?: number;
  /** How many receivers complete. */
  completed?: number;
  foreignCpuShare?: number;
  /** Bytes that the origin counts beyond those received. */
  lostBytes?: number;
  originCopies?: number;
  file?: NodeTrace['file'];
  exit?: NodeTrace['exit'];
  loopLagMs?: number;
}

const at = (ms: number, event: Event): Stamped => ({ t: GO_AT + ms, ...event });

/** Who completes when the origin dies, and what share of the file the others get. */
function fate(plan: PlannedRun): { completed: number; share: number } {
  if (plan.killCopies === null) return { completed: plan.receivers, share: 1 };
  if (plan.arm === 'server') return { completed: 0, share: plan.killCopies / plan.receivers };
  return plan.killCopies >= 1
    ? { completed: plan.receivers, share: 1 }
    : { completed: 0, share: plan.killCopies };
}

function receiver(
  index: number,
  run: { bytes: number; endMs: number; done: boolean; sentBytes: number; bend: Bend },
): NodeTrace {
  const pieces = 32;
  const events: Stamped[] = Array.from({ length: pieces }, (_, i) =>
    at((run.endMs * (i + 1)) / pieces, {
      event: 'piece_verified',
      cid: 'cid',
      piece: i,
      bytes: run.bytes / pieces,
      remote: 'origin',
    }),
  );
  const { loopLagMs = 5 } = run.bend;
  for (const ms of [1, run.endMs]) {
    events.push(at(ms, { event: 'usage_sampled', cpuMs: 120, rssBytes: 80 * MIB, loopLagMs }));
  }
  events.push(
    at(run.endMs, { event: 'link_counted', sentBytes: run.sentBytes, receivedBytes: run.bytes }),
  );
  if (run.done) {
    events.push(
      at(run.endMs, {
        event: 'transfer_completed',
        name: 'sample.bin',
        path: 'sample.bin',
        bytes: run.bytes,
        ms: run.endMs,
      }),
    );
  }
  return {
    id: `receiver-${index + 1}`,
    role: 'receiver',
    events,
    cpuAtGoMs: 100,
    cpuAtEndMs: 120,
    exit: index === 0 ? (run.bend.exit ?? null) : null,
    file: run.done ? (index === 0 && run.bend.file) || 'same' : 'absent',
    lastWords: '',
  };
}

/** What a run of the plan shows, bent as told. */
export function syntheticTrace(plan: PlannedRun, parameters: Parameters, bend: Bend = {}): Trace {
  const { fileBytes } = parameters;
  const { uplinkBytesPerSecond } = ratesOf(parameters);
  const makespanMs =
    bend.endMs ?? boundOf(plan, parameters).seconds * 1000 * (bend.slower ?? SLOWER);
  const { share, ...planned } = fate(plan);
  const completed = bend.completed ?? planned.completed;
  const killMs =
    plan.killCopies === null ? 0 : (plan.killCopies * fileBytes * 1000) / uplinkBytesPerSecond;
  const died = plan.killCopies !== null && killMs < makespanMs;
  const endMs = died && planned.completed === 0 ? killMs : makespanMs;
  const received = Array.from({ length: plan.receivers }, (_, i) =>
    i < completed ? fileBytes : Math.min(fileBytes * share, fileBytes * 0.99),
  );
  const total = received.reduce((sum, bytes) => sum + bytes, 0);
  const swarmCopies = Math.min(plan.killCopies ?? Infinity, 1.06);
  const originBytes =
    bend.originCopies !== undefined
      ? bend.originCopies * fileBytes
      : plan.arm === 'server'
        ? total
        : Math.min(total, swarmCopies * fileBytes);
  const origin: NodeTrace = {
    id: 'origin',
    role: 'origin',
    events: [
      at(endMs, {
        event: 'link_counted',
        sentBytes: originBytes + (bend.lostBytes ?? 0),
        receivedBytes: 0,
      }),
      at(endMs, { event: 'usage_sampled', cpuMs: 150, rssBytes: 90 * MIB, loopLagMs: 5 }),
    ],
    cpuAtGoMs: 110,
    cpuAtEndMs: 150,
    exit: null,
    file: null,
    lastWords: '',
  };
  const passedOn = Math.max(0, total - originBytes) / plan.receivers;
  // Staggered a little, the last one at the makespan.
  const ends = received.map((_, i) => endMs * (1 - 0.01 * (plan.receivers - 1 - i)));
  return {
    goAt: GO_AT,
    endedAt: GO_AT + endMs + (died && completed < plan.receivers ? 2000 : 1),
    fault: died ? { at: GO_AT + killMs, sentBytes: plan.killCopies! * fileBytes } : null,
    foreignCpuShare: bend.foreignCpuShare ?? 0.02,
    nodes: [
      origin,
      ...received.map((bytes, i) =>
        receiver(i, { bytes, endMs: ends[i]!, done: i < completed, sentBytes: passedOn, bend }),
      ),
    ],
  };
}
