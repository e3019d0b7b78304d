// A run from near, drawn from its raw events: how many nodes have each piece, what each
// role's uplinks carry, and how fast bytes are verified, step by step from the go on. Only
// a few runs are shown so, since it is much to keep and to look at.

import type { Exhibit } from '../terms/result.ts';
import { isPeers } from '../terms/scenario.ts';
import { type NodeTrace, ROLES, receives, type Trace } from '../terms/trace.ts';
import { absencesOf } from './absence.ts';
import { hadIt, isOf } from './fold-metrics.ts';
import { all, resumedBytes, sentOver, sum } from './fold-node.ts';

const STEPS = 64;
const PIECE_GROUPS = 64;

/** Wall-clock milliseconds. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** A node is there, and since when it has each piece. */
interface Span extends Stretch {
  readonly hasSince: (piece: number) => number;
}

export function drawExhibit(trace: Trace): Exhibit {
  const { plan, goAt } = trace;
  const stepMs = Math.max(1, trace.endedAt - goAt) / STEPS;
  const ends = Array.from({ length: STEPS }, (_, step) => goAt + (step + 1) * stepMs);
  const { fileBytes, pieceLength } = plan.setting;
  const pieces = Math.ceil(fileBytes / (pieceLength ?? fileBytes));
  return {
    run: plan.id,
    stepMs,
    pieces,
    copies: isPeers(plan.architecture) ? copiesAt(ends, pieces, trace) : [],
    uplinks: uplinksIn(ends, stepMs, trace),
    verifiedBytes: verifiedIn(ends, stepMs, trace),
  };
}

function copiesAt(ends: readonly number[], pieces: number, trace: Trace): number[][] {
  const holders = trace.nodes.filter((node) => hadIt(node) || receives(node));
  const spans = holders.flatMap((node) => spansOf(node, trace));
  const groups = Math.min(pieces, PIECE_GROUPS);
  return ends.map((at) => {
    const there = spans.filter(({ from, to }) => from <= at && at <= to);
    const copies = Array.from(
      { length: pieces },
      (_, piece) => there.filter(({ hasSince }) => hasSince(piece) <= at).length,
    );
    return Array.from({ length: groups }, (_, group) => {
      const first = Math.floor((group * pieces) / groups);
      const next = Math.floor(((group + 1) * pieces) / groups);
      return Math.min(...copies.slice(first, next));
    });
  });
}

/** Cut where the script takes the node away, and where its process ended by itself. */
function spansOf(node: NodeTrace, { faults, endedAt }: Trace): Span[] {
  const had = new Map<number, number>();
  const away = absencesOf(faults, node.id);
  return node.lives.flatMap((life, i) => {
    // Pieces verified in an earlier life are there again, unless the node found none of them.
    if (i > 0 && resumedBytes(life) === 0) had.clear();
    for (const { piece, t } of all(life.events, 'piece_verified')) {
      if (!had.has(piece)) had.set(piece, t);
    }
    const since = new Map(had);
    const hasSince = (piece: number): number =>
      hadIt(node) ? Number.NEGATIVE_INFINITY : (since.get(piece) ?? Number.POSITIVE_INFINITY);
    const from = life.events[0]?.t ?? endedAt;
    // The script knows when a node was killed. For others the last event tells when they ended.
    const isOver = life.exit !== null && life.exit.signal !== 'SIGKILL';
    const ended = isOver ? life.events.at(-1)?.t : undefined;
    const next = node.lives[i + 1]?.events[0]?.t;
    const to = Math.min(ended ?? endedAt, next ?? endedAt, endedAt);
    return without({ from, to }, away).map((span) => ({ ...span, hasSince }));
  });
}

/** The rest of a stretch of time. */
function without(whole: Stretch, gaps: readonly Stretch[]): Stretch[] {
  return gaps.reduce<Stretch[]>(
    (left, gap) =>
      left
        .flatMap(({ from, to }) => [
          { from, to: Math.min(to, gap.from) },
          { from: Math.max(from, gap.to), to },
        ])
        .filter(({ from, to }) => to > from),
    [whole],
  );
}

function uplinksIn(ends: readonly number[], stepMs: number, trace: Trace): Exhibit['uplinks'] {
  return ROLES.filter((role) => role !== 'front').flatMap((role) => {
    const nodes = trace.nodes.filter(isOf(role));
    if (nodes.length === 0) return [];
    const sent = nodes.map(({ lives }) => sentIn(ends, stepMs, sentOver(lives)));
    const could = nodes.map((node) => couldIn(ends, stepMs, node, trace));
    const isHeld = could.every((each) => each !== null);
    return [{ role, sentBytes: summed(sent), couldBytes: isHeld ? summed(could) : null }];
  });
}

const summed = (series: readonly (readonly number[])[]): number[] =>
  series[0]!.map((_, step) => sum(series.map((values) => values[step]!)));

function sentIn(
  ends: readonly number[],
  stepMs: number,
  counts: readonly { readonly t: number; readonly sentBytes: number }[],
): number[] {
  let next = 0;
  let total = 0;
  const upTo = (at: number): number => {
    for (; next < counts.length && counts[next]!.t <= at; next++) total = counts[next]!.sentBytes;
    return total;
  };
  let before = upTo(ends[0]! - stepMs);
  return ends.map((at, step) => {
    // The last count of a process comes with its end, after the run's.
    const now = upTo(step === ends.length - 1 ? Number.POSITIVE_INFINITY : at);
    const sent = now - before;
    before = now;
    return sent;
  });
}

/** Bytes that its cap allows while the node is there. */
function couldIn(
  ends: readonly number[],
  stepMs: number,
  node: NodeTrace,
  trace: Trace,
): number[] | null {
  const { uplinkBytesPerSecond } = node;
  if (uplinkBytesPerSecond === null) return null;
  const spans = spansOf(node, trace);
  return ends.map((at) => {
    const there = spans.map(({ from, to }) => Math.min(to, at) - Math.max(from, at - stepMs));
    return (uplinkBytesPerSecond * sum(there.map((ms) => Math.max(0, ms)))) / 1000;
  });
}

function verifiedIn(ends: readonly number[], stepMs: number, { nodes, goAt }: Trace): number[] {
  const bytes = ends.map(() => 0);
  for (const { lives } of nodes.filter(receives)) {
    for (const event of lives.flatMap(({ events }) => all(events, 'piece_verified'))) {
      const step = Math.floor((event.t - goAt) / stepMs);
      bytes[Math.max(0, Math.min(step, ends.length - 1))]! += event.bytes;
    }
  }
  return bytes;
}
