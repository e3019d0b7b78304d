// Where there was too little CPU for a swarm of processes: the simulated swarm beside the
// server that was measured, both with their bounds.

import { secondsText, timesText } from '../../terms/amount-text.ts';
import type { Cell, Result, ScenarioResult, Simulated } from '../../terms/result.ts';
import { cellAt, headArm, medianAt } from '../data/lookup.ts';

type SimulatedPoint = Simulated['points'][number];

export interface StandIn {
  readonly simulated: SimulatedPoint;
  readonly server: Cell;
  /** How many times as long the server took; null where somebody never completed. */
  readonly gain: number | null;
}

/** Empty if the swarm was measured. */
export function standIns({ choice, simulated }: Result, shown: ScenarioResult): StandIn[] {
  if (choice?.swarm !== 'simulated') return [];
  const of = simulated?.points.filter(({ scenario }) => scenario === shown.scenario.id) ?? [];
  const arm = headArm(shown, 'server')?.id ?? '';
  return of.flatMap((point): StandIn[] => {
    const server = cellAt(shown, arm, point.point);
    if (!server) return [];
    const serverMs = medianAt(server, 'makespanMs');
    const { makespanMs } = point;
    const gain = serverMs === null || makespanMs === null ? null : serverMs / makespanMs;
    return [{ simulated: point, server, gain }];
  });
}

/** `6/8` */
export const completedText = ({ reach, receivers }: SimulatedPoint): string =>
  `${Math.round(reach * receivers)}/${receivers}`;

const timeText = (ms: number | null): string => (ms === null ? 'never' : secondsText(ms));

export const STAND_IN_HEAD = [
  'server s',
  'bound',
  'simulated swarm s',
  'bound',
  'gain',
  'completed',
];

export const standInCells = ({ simulated, server, gain }: StandIn): string[] => [
  timeText(medianAt(server, 'makespanMs')),
  secondsText(server.boundMs),
  timeText(simulated.makespanMs),
  secondsText(simulated.boundMs),
  gain === null ? '-' : timesText(gain),
  completedText(simulated),
];

/** Sentence about the largest N for the head of the page; undefined if the swarm was measured. */
export function standInSentence(result: Result, scaling: ScenarioResult): string | undefined {
  const largest = standIns(result, scaling).at(-1);
  if (!largest || largest.gain === null) return undefined;
  const { simulated, server, gain } = largest;
  return (
    `To ${simulated.receivers} receivers the server took ${timeText(medianAt(server, 'makespanMs'))} s; ` +
    `a swarm was not run but simulated: ${timeText(simulated.makespanMs)} s, ${timesText(gain)} as fast ` +
    `(theory allows ${secondsText(server.boundMs)} s and ${secondsText(simulated.boundMs)} s at best).`
  );
}
