// A small swarm before anything is chosen: what a peer costs on this machine. It is also
// the first that fills caches, so its figures are of the kind that the first runs have.
import { type PlannedRun, planPoint, sweepPoints } from '../terms/planned-run.ts';
import type { RunNode } from '../terms/result.ts';
import { scenarioSchema } from '../terms/scenario.ts';
import { DEFAULTS } from '../terms/setting.ts';
import { type Cost, SURVEY } from './machine.ts';

const SCENARIO = 'survey';

/** @param receivers in place of those of the survey: a swarm of the kind that will be run */
export function planSurvey(seed: number, receivers = SURVEY.receivers): PlannedRun {
  const scenario = scenarioSchema.parse({
    id: SCENARIO,
    title: SCENARIO,
    question: 'What does a swarm cost here?',
    arms: [{ id: 'swarm', architecture: 'swarm', text: 'swarm' }],
    setting: { ...SURVEY, receivers },
    metrics: ['cpuStartMs'],
    repetitions: { least: 1, most: 1 },
  });
  const [plan] = sweepPoints(scenario).flatMap((at) => planPoint(scenario, at, 0, DEFAULTS, seed));
  return plan!;
}

/** Undefined where the system does not tell the CPU time of other processes. */
export function costOf(nodes: readonly RunNode[]): Cost | undefined {
  const [start, swarm] = [total(nodes, 'cpuStartMs'), total(nodes, 'cpuTransferMs')];
  if (!start || !swarm) return undefined;
  return { startCpuMs: start / nodes.length, swarmCpuMs: swarm };
}

/** Null where one of them is unknown. */
const total = (nodes: readonly RunNode[], key: 'cpuStartMs' | 'cpuTransferMs'): number | null =>
  nodes.reduce<number | null>((sum, node) => {
    const ms = node[key];
    return sum === null || ms === null ? null : sum + ms;
  }, 0);
