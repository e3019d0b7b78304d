// The figures in words, from measured values alone: the three sentences at
// the top and the list of where the swarm loses.

import { boundText, mibText, secondsText, timesText } from '../../terms/amount-text.ts';
import { METRICS, type MetricName } from '../../terms/metric.ts';
import type { Point } from '../../terms/planned-run.ts';
import type { Cell, Result, Run, ScenarioResult } from '../../terms/result.ts';
import {
  cellAt,
  completions,
  gainAt,
  headArm,
  medianAt,
  medianOfRuns,
  type Pair,
  pairsOf,
  runsOf,
  samePoint,
  scenarioFor,
  scenariosFor,
} from '../data/lookup.ts';
import { metricText } from './metric-text.ts';
import { pointText } from './point-text.ts';
import { type StandIn, standInSentence, standIns } from './stand-in.ts';

interface Found {
  readonly result: ScenarioResult;
  readonly pair: Pair;
}

/** Both architectures at the largest N, of the scaling scenario or else of the first with both. */
function largest(result: Result): Found | undefined {
  const scaling = scenarioFor(result, 'scaling');
  for (const candidate of scaling ? [scaling] : result.scenarios) {
    const [pair] = pairsOf(candidate).toSorted(
      (a, b) => Number(b.point.receivers ?? 0) - Number(a.point.receivers ?? 0),
    );
    if (pair) return { result: candidate, pair };
  }
  return undefined;
}

function makespanSentence(result: Result): string {
  const scaling = scenarioFor(result, 'scaling');
  const simulated = scaling && standInSentence(result, scaling);
  if (simulated) return simulated;
  const found = largest(result);
  if (!found) return 'No server was compared with a swarm.';
  const { pair } = found;
  const { setting } = found.result.scenario;
  const receivers = pair.point.receivers ?? setting.receivers ?? result.base.receivers;
  const [server, swarm] = [pair.server, pair.swarm].map((cell) => medianAt(cell, 'makespanMs'));
  const gain = gainAt(found.result, pair);
  if (server == null || swarm == null || gain === null) {
    return `With ${receivers} receivers not every transfer completed, so the two cannot be compared there.`;
  }
  const faster =
    gain >= 1
      ? `the swarm was ${timesText(gain)} as fast`
      : `the server was ${timesText(1 / gain)} as fast`;
  const allowed =
    pair.server.boundMs > 0 && pair.swarm.boundMs > 0
      ? `at equal uplinks (theory allows ${boundText(pair.server.boundMs)} s and ${boundText(pair.swarm.boundMs)} s at best).`
      : 'with links that nothing holds.';
  return (
    `To ${receivers} receivers the server took ${secondsText(server)} s and the swarm ${secondsText(swarm)} s: ${faster}, ${allowed}` +
    hybridWords(found.result, pair.point)
  );
}

/** Follows the sentence; empty if none was run there. */
function hybridWords(result: ScenarioResult, point: Point): string {
  const cell = cellAt(result, headArm(result, 'hybrid')?.id ?? '', point);
  const [ms, copies] = cell
    ? [medianAt(cell, 'makespanMs'), medianAt(cell, 'originCopies')]
    : [null, null];
  if (ms === null || copies === null) return '';
  return ` A hub that is a peer too took ${secondsText(ms)} s, and sent ${copies.toFixed(1)} copies.`;
}

/** The kill that best shows the difference: as soon as a swarm can survive it. */
export function tellingKill(kill: ScenarioResult): Pair | undefined {
  const pairs = pairsOf(kill);
  return (
    pairs.find(({ point }) => point.kill === 'first copy') ??
    pairs.find(({ point }) => Number(point.kill) > 1) ??
    pairs.at(-1)
  );
}

/** Continues a sentence after `the origin dies`. */
export const killWords = ({ point }: { readonly point: Point }): string =>
  point.kill === 'first copy'
    ? 'as soon as one copy is with the receivers'
    : `after sending ${point.kill} copies`;

/** `8`, or `3 to 8` where runs differ. */
function completedText(runs: readonly Run[]): string {
  const counts = runs.map((run) => completions(run).completed);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? `${most}` : `${least} to ${most}`;
}

function killSentence(result: Result): string {
  const kill = scenarioFor(result, 'kill');
  const simulated = kill ? standIns(result, kill) : [];
  if (simulated.length > 0) return standInKillSentence(simulated);
  const pair = kill && tellingKill(kill);
  if (!pair) return 'No run in which the origin is killed was made.';
  const runs = runsOf(result, kill).filter(({ point }) => samePoint(point, pair.point));
  const outcomes = kill.scenario.arms.flatMap(({ id, text }) => {
    const of = runs.filter(({ arm }) => arm === id);
    if (of.length === 0) return [];
    const before = of.every(({ faults }) => faults.length === 0) ? ' (done before)' : '';
    return [`${completedText(of)} with ${text}${before}`];
  });
  const started = Math.max(...runs.map((run) => completions(run).started));
  return `When the origin dies ${killWords(pair)}, of ${started} receivers there complete: ${outcomes.join(', ')}.`;
}

/** Sentence for a result whose swarm was simulated, not run. */
function standInKillSentence(all: readonly StandIn[]): string {
  const telling = all.find(({ simulated }) => simulated.point.kill === 'first copy') ?? all.at(-1)!;
  const { simulated, server } = telling;
  const { receivers, reach } = simulated;
  const served = Math.round((medianAt(server, 'reach') ?? 0) * receivers);
  return `When the origin dies ${killWords(simulated)}, of ${receivers} receivers there complete: ${served} with server, ${Math.round(reach * receivers)} with a simulated swarm.`;
}

/** Metrics that are better when lower, and that swarms tend to have more of. */
const COSTS: readonly MetricName[] = [
  'cpuSecondsPerGib',
  'cpuStartMs',
  'rssPeakBytes',
  'duplicateShare',
  'wireOverhead',
  'firstPieceMs',
];

interface Cost {
  readonly name: MetricName;
  readonly server: number;
  readonly swarm: number;
  readonly of: Found;
}

/** Taken from the scenarios with role `cost`, or else from the largest N. */
function costOf(result: Result, name: MetricName): Cost | undefined {
  const found = scenariosFor(result, 'cost').flatMap((cost) =>
    pairsOf(cost).map((pair) => ({ result: cost, pair })),
  );
  for (const of of [...found, largest(result)]) {
    if (!of) continue;
    const runs = runsOf(result, of.result).filter(({ point }) => samePoint(point, of.pair.point));
    const [server, swarm] = [of.pair.server, of.pair.swarm].map(({ arm }) =>
      medianOfRuns(
        runs.filter((run) => run.arm === arm),
        name,
      ),
    );
    if (server != null && swarm != null) return { name, server, swarm, of };
  }
  return undefined;
}

/** Below, what a swarm does once weighs more than what it does for each byte; measured. */
const SMALL_FILE_BYTES = 16 * 2 ** 20;

/** Warns a reader not to multiply the figure of a small file by the size of a large one. */
function smallFileText({ base }: Result, { of }: Cost): string {
  const fileBytes = of.result.scenario.setting.fileBytes ?? base.fileBytes;
  return fileBytes < SMALL_FILE_BYTES
    ? ` Of a file as small as this one (${mibText(fileBytes)}) most of that is connecting, whatever its size.`
    : '';
}

function costSentence(result: Result): string {
  const cpu = costOf(result, 'cpuSecondsPerGib');
  if (!cpu) return 'What it costs in CPU time was not measured.';
  const [dearer, ratio] =
    cpu.swarm >= cpu.server
      ? ['swarm', cpu.swarm / cpu.server]
      : ['server', cpu.server / cpu.swarm];
  return (
    `It is not free: the ${dearer} used ${timesText(ratio)} the CPU time for each byte ` +
    `(${cpu.swarm.toFixed(1)} CPU s/GiB in the swarm, ${cpu.server.toFixed(1)} with the server).` +
    smallFileText(result, cpu)
  );
}

export const threeSentences = (result: Result): string[] => [
  makespanSentence(result),
  killSentence(result),
  costSentence(result),
];

/** Lists measured values only, and only those in which the swarm is worse. */
export function lossesOfSwarm(result: Result): string[] {
  return [
    ...COSTS.flatMap((name) => costLoss(costOf(result, name))),
    ...result.scenarios.flatMap(timeLosses),
    ...killLosses(result),
  ];
}

function costLoss(cost: Cost | undefined): string[] {
  if (!cost || cost.swarm <= cost.server) return [];
  const { name, of } = cost;
  const [swarm, server] = [metricText(name, cost.swarm), metricText(name, cost.server)];
  if (swarm === server) return [];
  const at = pointText(of.pair.point);
  return [
    `${METRICS[name].text}: ${swarm} against ${server} (${of.result.scenario.id}${at && `, ${at}`})`,
  ];
}

function timeLosses(result: ScenarioResult): string[] {
  const points = pairsOf(result).flatMap((pair) => {
    const gain = gainAt(result, pair);
    const text = gain === null ? '1.0x' : timesText(1 / gain);
    const at = pointText(pair.point);
    return gain !== null && gain < 1 && text !== '1.0x'
      ? [`${text} as fast${at && ` at ${at}`}`]
      : [];
  });
  return points.length === 0
    ? []
    : [`time (${result.scenario.id}): the server is ${points.join('; ')}`];
}

function killLosses(result: Result): string[] {
  const kill = scenarioFor(result, 'kill');
  const swarm = kill && headArm(kill, 'swarm');
  if (!swarm) return [];
  const stranded = kill.cells.filter(
    ({ arm, metrics }) => arm === swarm.id && (metrics.reach?.min ?? 1) < 1,
  );
  return stranded.map(({ point, metrics }: Cell) => {
    const why =
      Number(point.kill) < 1
        ? 'since part of the file never left it'
        : 'although a copy had left it';
    return `origin gone at ${pointText(point)}: ${metricText('reach', metrics.reach!.min)} complete, ${why}`;
  });
}
