// The result of a simulation, as `hubswarm simulate --json` prints it. Every figure is of
// the virtual clock, so the same setup gives the same object, byte for byte. Bytes
// are payload; null means that it did not happen.
import { type Bound, fluidSwarmBound, wholePieceBound } from '../theory/bounds.ts';
import type { SimulationSetup } from './setup.ts';
import type { SimNode } from './sim-node.ts';
import type { Outcome, Receiver, Simulation } from './simulation.ts';

interface ReceiverResult {
  /** Bytes per second. */
  readonly uplink: number;
  readonly isFreeRider: boolean;
  readonly joinedMs: number;
  readonly firstPieceMs: number | null;
  readonly completedMs: number | null;
  /** When it left or died. */
  readonly leftMs: number | null;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Received for nothing: there already, or on its way from somebody else. */
  readonly duplicateBytes: number;
  /** Pieces whose bytes were wrong. */
  readonly refusedPieces: number;
}

export interface SimulationResult {
  readonly scenario: SimulationSetup;
  readonly pieces: number;
  readonly outcome: Outcome;
  /** How many receivers have the whole file. */
  readonly completed: number;
  /** Time from the start to the last completion of a receiver that gives. */
  readonly makespanMs: number | null;
  /** The same among those that only take. */
  readonly freeRidersMs: number | null;
  /**
   * What no swarm can beat, for the receivers that completed: in bits passed on at
   * once, and, with equal uplinks, in whole pieces (see theory/bounds.ts).
   */
  readonly bounds: { readonly fluid: Bound | null; readonly wholePieces: Bound | null };
  /** The later bound over the makespan; null unless every receiver completed. */
  readonly efficiency: number | null;
  readonly origin: { readonly copies: number; readonly diedMs: number | null };
  /** When every piece had reached some receiver, and what the origin had sent by then. */
  readonly firstCopy: { readonly ms: number; readonly copies: number } | null;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Bytes sent to a node that was gone when they arrived. */
  readonly lostBytes: number;
  /** What packets met in front of the uplinks; null without lines. */
  readonly uplinkQueues: {
    /** 95 % of a peer's packets waited no longer; the median and the worst peer. */
    readonly p95Ms: { readonly median: number; readonly worst: number };
    readonly droppedPackets: number;
  } | null;
  /** Still on its way when the run ended. */
  readonly underWayBytes: number;
  readonly duplicateBytes: number;
  /** Pieces that no remaining node has. */
  readonly lostPieces: number;
  readonly virtualMs: number;
  readonly events: number;
  readonly receivers: readonly ReceiverResult[];
}

export function summarize(simulation: Simulation): SimulationResult {
  const { setup, swarm, origin, receivers, outcome } = simulation;
  const completed = receivers.filter(({ node }) => node.completedAt !== undefined);
  const givers = completed.filter(({ isFreeRider }) => !isFreeRider);
  const makespanMs = lastOf(givers);
  const bounds = boundsOf(simulation, givers);
  const latest = Math.max(bounds.fluid?.seconds ?? 0, bounds.wholePieces?.seconds ?? 0);
  const all = completed.length === receivers.length;
  return {
    scenario: setup,
    pieces: swarm.geometry.pieceCount,
    outcome,
    completed: completed.length,
    makespanMs,
    freeRidersMs: lastOf(completed.filter(({ isFreeRider }) => isFreeRider)),
    bounds,
    efficiency: all && makespanMs !== null ? (latest * 1000) / makespanMs : null,
    origin: { copies: origin.sentBytes / setup.fileBytes, diedMs: origin.diedAt ?? null },
    firstCopy: simulation.firstCopy ?? null,
    sentBytes: sum(swarm.nodes, (node) => node.sentBytes),
    receivedBytes: sum(swarm.nodes, (node) => node.receivedBytes),
    lostBytes: swarm.lostBytes,
    uplinkQueues: setup.line && uplinkQueues(swarm.nodes),
    underWayBytes: swarm.underWayBytes,
    duplicateBytes: sum(swarm.nodes, (node) => node.session.duplicateBytes),
    lostPieces: lostPieces(simulation),
    virtualMs: swarm.now,
    events: swarm.events,
    receivers: receivers.map(receiverResult),
  };
}

function uplinkQueues(nodes: readonly SimNode[]): NonNullable<SimulationResult['uplinkQueues']> {
  const lines = nodes.flatMap(({ lines }) => lines?.up ?? []);
  const waits = lines.map((line) => line.waitOf(0.95)).sort((a, b) => a - b);
  return {
    p95Ms: { median: waits[Math.floor(waits.length / 2)]!, worst: waits.at(-1)! },
    droppedPackets: sum(lines, ({ droppedPackets }) => droppedPackets),
  };
}

function receiverResult({ node, uplink, isFreeRider, joinedAt }: Receiver): ReceiverResult {
  return {
    uplink,
    isFreeRider,
    joinedMs: joinedAt,
    firstPieceMs: node.firstPieceAt ?? null,
    completedMs: node.completedAt ?? null,
    leftMs: node.diedAt ?? null,
    sentBytes: node.sentBytes,
    receivedBytes: node.receivedBytes,
    duplicateBytes: node.session.duplicateBytes,
    refusedPieces: node.refusedPieces,
  };
}

/** Bounds for the receivers that completed, with the help of every node that gives. */
function boundsOf(
  { setup, receivers }: Simulation,
  completed: readonly Receiver[],
): SimulationResult['bounds'] {
  if (completed.length === 0) return { fluid: null, wholePieces: null };
  const { fileBytes, pieceLength, originUplink } = setup;
  const givers = receivers.filter(({ isFreeRider }) => !isFreeRider);
  const fluid = fluidSwarmBound({
    fileBytes,
    receivers: completed.length,
    originUplink,
    receiverUplink: givers.map(({ uplink }) => uplink),
    downlink: completed.reduce((least, { downlink }) => Math.min(least, downlink), Infinity),
  });
  if (givers.some(({ uplink }) => uplink !== originUplink)) return { fluid, wholePieces: null };
  // The theorem is about equal pieces; to leave out a shorter last one only lowers it.
  const pieces = Math.floor(fileBytes / pieceLength);
  const bytes = pieces * pieceLength;
  return {
    fluid,
    wholePieces:
      pieces === 0 ? null : wholePieceBound(bytes, originUplink, completed.length, pieces),
  };
}

function lostPieces({ swarm }: Simulation): number {
  const alive = swarm.nodes.filter((node) => node.alive && !node.options.poison);
  if (alive.some(({ session }) => session.isComplete)) return 0;
  const held = new Set<number>();
  for (const { session } of alive) for (const piece of session.have) held.add(piece);
  return swarm.geometry.pieceCount - held.size;
}

function lastOf(completed: readonly Receiver[]): number | null {
  if (completed.length === 0) return null;
  return completed.reduce((latest, { node }) => Math.max(latest, node.completedAt!), 0);
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
