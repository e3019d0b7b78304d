// The figures of metric.ts, of one run. Null: it has no meaning here, was not measured, or
// never came to it; which of these follows from the setting (see censored.ts).

import type { MetricName } from '../terms/metric.ts';
import type { RunNode } from '../terms/result.ts';
import type { Setting } from '../terms/setting.ts';
import { type NodeTrace, type Role, receives, type Trace } from '../terms/trace.ts';
import { all, sum, sumKnown } from './fold-node.ts';
import { fairnessIndex } from './stats/fairness.ts';
import { median } from './stats/quantile.ts';

const GIB = 2 ** 30;

type Nodes = readonly RunNode[];
/** Some mean something only at a setting that earlier runs had not; they are left out elsewhere. */
type Later = 'fromListening';
export type Metrics = Record<Exclude<MetricName, Later>, number | null> &
  Partial<Record<Later, number | null>>;

export const isOf =
  (...roles: Role[]) =>
  ({ role }: { role: Role }): boolean =>
    roles.includes(role);

export const hadIt = isOf('origin', 'hub');

/** All that is computed once and read by many. */
interface Folded {
  readonly trace: Trace;
  readonly setting: Setting;
  readonly nodes: Nodes;
  /** Receivers and free riders. */
  readonly wanting: Nodes;
  readonly givers: Nodes;
  readonly riders: Nodes;
  readonly makespanMs: number | null;
  readonly endedMs: number;
}

export function foldMetrics(trace: Trace, nodes: Nodes, boundMs: number): Metrics {
  const { setting } = trace.plan;
  const wanting = nodes.filter(receives);
  const givers = nodes.filter(isOf('receiver'));
  const riders = nodes.filter(isOf('rider'));
  const makespanMs = lastOf(wanting.filter(({ removed }) => !removed));
  const endedMs = trace.endedAt - trace.goAt;
  const folded = { trace, setting, nodes, wanting, givers, riders, makespanMs, endedMs };
  return {
    makespanMs,
    ...waiting(folded),
    reach: reachOf(wanting),
    stayersReach: reachOf(wanting.filter(({ removed }) => !removed)),
    efficiency: makespanMs === null || boundMs === 0 ? null : boundMs / makespanMs,
    ...(setting.startUp === 'measured' ? { fromListening: fromListening(folded, boundMs) } : {}),
    ...traffic(folded),
    linkUse: linkUse(folded),
    uplinkUse: uplinkUse(folded),
    fairness: fairnessIndex(givers.map(({ sentBytes }) => sentBytes)) ?? null,
    ...costs(folded),
    badFiles: nodes.filter(({ file }) => file === 'different').length,
    refusedPieces: sum(wanting.map(({ refusedPieces }) => refusedPieces)),
    outageMs: outage(folded),
    fastOverSlow: fastOverSlow(folded),
  };
}

/** Without what it takes to start: bound over the time from the last receiver that listens. */
function fromListening({ trace, makespanMs }: Folded, boundMs: number): number | null {
  const listening = trace.nodes
    .filter(receives)
    .map(({ lives }) => all(lives[0]?.events ?? [], 'listening')[0]?.t ?? null);
  if (makespanMs === null || boundMs === 0 || !listening.every((at) => at !== null)) return null;
  const lastMs = Math.max(...listening) - trace.goAt;
  return boundMs / (makespanMs - lastMs);
}

/** Null when one of them never completed, or there is none. */
function lastOf(nodes: Nodes): number | null {
  const times = nodes.map(({ completedMs }) => completedMs);
  if (times.length === 0 || !times.every((time) => time !== null)) return null;
  return times.reduce((last, time) => Math.max(last, time));
}

function reachOf(nodes: Nodes): number | null {
  if (nodes.length === 0) return null;
  return nodes.filter(({ completedMs }) => completedMs !== null).length / nodes.length;
}

/** Never is later than all others; a median that falls on it is none. */
function medianOf(times: readonly (number | null)[]): number | null {
  if (times.length === 0) return null;
  const middle = median(times.map((time) => time ?? Number.POSITIVE_INFINITY));
  return Number.isFinite(middle) ? middle : null;
}

function meanOf(times: readonly (number | null)[]): number | null {
  const total = sumKnown(times);
  return total === null || times.length === 0 ? null : total / times.length;
}

/**
 * Times from the moment at which each receiver wants the file: its own go, if they arrive apart.
 */
function waiting({ setting, wanting, givers, riders }: Folded) {
  const comesApart = typeof setting.arrivals === 'object';
  const waited = (node: RunNode, at: number | null): number | null =>
    at === null ? null : at - (comesApart ? (node.goMs ?? 0) : 0);
  const completions = (nodes: Nodes) => nodes.map((node) => waited(node, node.completedMs));
  const giversMs = medianOf(completions(givers));
  const ridersMs = medianOf(completions(riders));
  return {
    medianMs: medianOf(completions(wanting)),
    meanMs: meanOf(completions(wanting)),
    firstPieceMs: medianOf(wanting.map((node) => waited(node, node.firstPieceMs))),
    giversMs,
    ridersMs,
    ridersOverGivers: giversMs === null || ridersMs === null ? null : ridersMs / giversMs,
  };
}

function traffic(folded: Folded) {
  const { nodes, wanting, setting } = folded;
  const verified = sum(wanting.map(({ verifiedBytes }) => verifiedBytes));
  const received = sum(wanting.map(({ receivedBytes }) => receivedBytes));
  const sentByOrigin = sum(nodes.filter(hadIt).map(({ sentBytes }) => sentBytes));
  const onWire = sumKnown(nodes.map(({ wire }) => wire?.sentBytes ?? null));
  return {
    originCopies: sentByOrigin / setting.fileBytes,
    lastOriginShare: lastOriginShare(folded),
    duplicateShare: verified > 0 ? Math.max(0, received - verified) / verified : null,
    refetchedShare: refetchedShare(folded),
    wireOverhead: onWire === null || verified === 0 ? null : onWire / verified - 1,
  };
}

/** Share of what the last receiver verified that no other receiver had sent. */
function lastOriginShare({ trace, setting, wanting }: Folded): number | null {
  if (setting.arrivals === 'together') return null;
  const last = wanting.reduce((latest, node) =>
    wantedMs(node) > wantedMs(latest) ? node : latest,
  );
  if (last.completedMs === null) return null;
  const eventsOf = ({ lives }: NodeTrace) => lives.flatMap(({ events }) => events);
  const receivers = new Set(
    trace.nodes
      .filter(receives)
      .flatMap((node) => all(eventsOf(node), 'listening').flatMap(({ peerId }) => peerId ?? [])),
  );
  const pieces = all(eventsOf(trace.nodes.find(({ id }) => id === last.id)!), 'piece_verified');
  const fromOrigin = pieces.filter(({ remote }) => !receivers.has(remote));
  return sum(fromOrigin.map(({ bytes }) => bytes)) / sum(pieces.map(({ bytes }) => bytes));
}

const wantedMs = ({ goMs }: RunNode): number => goMs ?? 0;

/**
 * Mean over the nodes that came back: bytes verified in all lives, less the bytes that they have.
 */
function refetchedShare({ trace, setting, wanting }: Folded): number | null {
  const back = wanting.filter(({ lives }) => lives > 1);
  if (back.length === 0) return null;
  const again = back.map(({ id, verifiedBytes, resumedBytes }) => {
    const { lives } = trace.nodes.find((node) => node.id === id)!;
    const anew = all(lives.at(-1)!.events, 'piece_verified').map(({ bytes }) => bytes);
    return Math.max(0, verifiedBytes - resumedBytes - sum(anew));
  });
  return sum(again) / back.length / setting.fileBytes;
}

/** Leaves out connecting and discovering: from the first verified piece to the last. */
function linkUse({ nodes, wanting }: Folded): number | null {
  const [only, ...others] = wanting;
  const rate = others.length === 0 && only ? rateOf(only) : null;
  const uplink = sumKnown(nodes.filter(hadIt).map((node) => node.uplinkBytesPerSecond));
  const caps = [uplink, only?.downlinkBytesPerSecond ?? null].filter((cap) => cap !== null);
  return rate === null || caps.length === 0 ? null : rate / Math.min(...caps);
}

function rateOf({ progress }: RunNode): number | null {
  const first = progress[0];
  const last = progress.at(-1);
  if (!first || !last || last[0] <= first[0]) return null;
  return ((last[1] - first[1]) / (last[0] - first[0])) * 1000;
}

function uplinkUse({ nodes, makespanMs }: Folded): number | null {
  const holding = nodes.filter(isOf('origin', 'hub', 'receiver', 'rider'));
  const cap = sumKnown(holding.map((node) => node.uplinkBytesPerSecond));
  if (cap === null || makespanMs === null) return null;
  return sum(holding.map(({ sentBytes }) => sentBytes)) / ((cap * makespanMs) / 1000);
}

/** Attackers are no part of an architecture. */
function costs({ nodes, wanting }: Folded) {
  const own = nodes.filter(({ role }) => role !== 'attacker');
  const verified = sum(wanting.map(({ verifiedBytes }) => verifiedBytes));
  const cpuMs = sumKnown(own.map(({ cpuTransferMs }) => cpuTransferMs));
  const present = (values: readonly (number | null)[]) => values.filter((value) => value !== null);
  const starts = present(own.map(({ cpuStartMs }) => cpuStartMs));
  const peaks = present(own.map(({ rssPeakBytes }) => rssPeakBytes));
  return {
    cpuSecondsPerGib: cpuMs === null || verified === 0 ? null : cpuMs / 1000 / (verified / GIB),
    cpuStartMs: meanOf(starts),
    rssPeakBytes: peaks.length > 0 ? Math.max(...peaks) : null,
  };
}

/** Time until all nodes that stay have the file, or the run is given up. */
function outage({ trace, wanting, endedMs }: Folded): number {
  const doneMs = lastOf(wanting.filter(({ removed }) => !removed));
  const ids = new Set(wanting.map(({ id }) => id));
  const verified = trace.nodes
    .filter(({ id }) => ids.has(id))
    .flatMap(({ lives }) => lives.flatMap(({ events }) => all(events, 'piece_verified')))
    .map(({ t }) => t - trace.goAt)
    .sort((a, b) => a - b);
  const end = doneMs ?? endedMs;
  const moments = [0, ...verified.filter((ms) => ms < end), end];
  return moments.slice(1).reduce((longest, ms, i) => Math.max(longest, ms - moments[i]!), 0);
}

function fastOverSlow({ setting, givers }: Folded): number | null {
  if (new Set(setting.uplinkFactors).size < 2) return null;
  const uplinks = givers.map((node) => node.uplinkBytesPerSecond ?? 0);
  const [slowest, fastest] = [Math.min(...uplinks), Math.max(...uplinks)];
  const mean = (uplink: number) =>
    meanOf(givers.filter((_, i) => uplinks[i] === uplink).map(({ completedMs }) => completedMs));
  const [fast, slow] = [mean(fastest), mean(slowest)];
  return slowest === fastest || fast === null || slow === null ? null : fast / slow;
}
