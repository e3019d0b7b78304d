// A result for a person: what was simulated, how near to the bounds it came, what it
// cost.
import prettyBytes from 'pretty-bytes';
import type { SimulationResult } from './result.ts';

const LABEL_WIDTH = 18;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const binary = (bytes: number): string => prettyBytes(bytes, { binary: true });
const share = (part: number, of: number): string => `${((100 * part) / of).toFixed(2)} %`;

/** @param wallMs how long the simulation itself took */
export function drawTable(result: SimulationResult, wallMs: number): string {
  return rows(result, wallMs)
    .map(([label, text]) => `${label.padEnd(LABEL_WIDTH)}${text}`)
    .join('\n');
}

function rows(result: SimulationResult, wallMs: number): [string, string][] {
  const { scenario: setup, bounds } = result;
  return [
    ['file', `${binary(setup.fileBytes)}, ${result.pieces} pieces`],
    ['completed', completedText(result)],
    ['makespan', result.makespanMs === null ? '-' : seconds(result.makespanMs)],
    ...(setup.freeRiders > 0 ? [freeRidersRow(result)] : []),
    ['bound, fluid', bounds.fluid ? `${bounds.fluid.seconds.toFixed(2)} s` : '-'],
    ['bound, pieces', bounds.wholePieces ? `${bounds.wholePieces.seconds.toFixed(2)} s` : '-'],
    ['efficiency', result.efficiency?.toFixed(3) ?? '-'],
    ['origin sent', originText(result)],
    ['first copy out', firstCopyText(result)],
    ['duplicates', share(result.duplicateBytes, Math.max(result.receivedBytes, 1))],
    ...(result.uplinkQueues ? [queuesRow(result.uplinkQueues)] : []),
    ['simulated in', costText(result, wallMs)],
  ];
}

function completedText({
  completed,
  scenario: setup,
  outcome,
  lostPieces,
}: SimulationResult): string {
  const count = `${completed} of ${setup.receivers}`;
  if (outcome === 'completed') return count;
  const lost = lostPieces > 0 ? `: ${lostPieces} pieces are with nobody any more` : '';
  return `${count}, ${outcome}${lost}`;
}

function freeRidersRow({ freeRidersMs, scenario: setup }: SimulationResult): [string, string] {
  const last = freeRidersMs === null ? 'none completed' : `last done at ${seconds(freeRidersMs)}`;
  return ['free riders', `${setup.freeRiders}, ${last}`];
}

function originText({ origin }: SimulationResult): string {
  const copies = `${origin.copies.toFixed(3)} copies`;
  return origin.diedMs === null ? copies : `${copies}, killed at ${seconds(origin.diedMs)}`;
}

function firstCopyText({ firstCopy }: SimulationResult): string {
  if (firstCopy === null) return 'never';
  return `at ${seconds(firstCopy.ms)}, after ${firstCopy.copies.toFixed(3)} copies`;
}

function queuesRow(queues: NonNullable<SimulationResult['uplinkQueues']>): [string, string] {
  const { p95Ms, droppedPackets } = queues;
  const waits = `p95 ${p95Ms.median} ms, worst peer ${p95Ms.worst} ms`;
  return ['uplink queues', `${waits}, ${droppedPackets} packets dropped`];
}

function costText({ events }: SimulationResult, wallMs: number): string {
  const perSecond = Math.round((1000 * events) / Math.max(wallMs, 1));
  return `${seconds(wallMs)}, ${events} events, ${perSecond} a second`;
}
