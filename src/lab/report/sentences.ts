// What the figures say, in words, from the measured values alone: the three
// sentences at the top and the list of where the swarm loses.
import type { Kill, Result, Summary } from '../result.ts';
import type { ArmName } from '../scenario.ts';
import { mibText, percentText, secondsText, timesText } from '../words.ts';

const summaryOf = ({ summaries }: Result, arm: ArmName, receivers: number): Summary | undefined =>
  summaries.find((summary) => summary.arm === arm && summary.receivers === receivers);

/** The kill that best shows the difference: the earliest that a swarm can survive. */
export function tellingKill({ kills }: Result): number | undefined {
  const copies = [...new Set(kills.filter(({ runs }) => runs > 0).map((kill) => kill.killCopies))];
  return copies.find((count) => count > 1) ?? copies.at(-1);
}

function makespanSentence(result: Result): string {
  const most = Math.max(...result.parameters.receivers);
  const server = summaryOf(result, 'server', most);
  const swarm = summaryOf(result, 'swarm', most);
  const speedup = result.comparisons.find(({ receivers }) => receivers === most)?.speedup;
  if (!server?.makespanMs || !swarm?.makespanMs || !speedup) {
    return `With ${most} receivers not every transfer completed, so the two cannot be compared there.`;
  }
  const { median } = speedup;
  const faster =
    median >= 1
      ? `the swarm was ${timesText(median)} as fast`
      : `the server was ${timesText(1 / median)} as fast`;
  return (
    `To ${most} receivers the server took ${secondsText(server.makespanMs.median)} s and the swarm ` +
    `${secondsText(swarm.makespanMs.median)} s: ${faster}, ` +
    (result.parameters.link === 'none'
      ? 'with links that nothing holds.'
      : `at equal uplinks (theory allows ${secondsText(server.boundMs)} s and ${secondsText(swarm.boundMs)} s at best).`)
  );
}

const reached = ({ completed, receivers }: Kill): string =>
  `${Math.min(...completed)} of ${receivers}`;

function killSentence(result: Result): string {
  const copies = tellingKill(result);
  const find = (arm: ArmName): Kill | undefined =>
    result.kills.find((kill) => kill.arm === arm && kill.killCopies === copies && kill.runs > 0);
  const server = find('server');
  const swarm = find('swarm');
  if (!server || !swarm) return 'No run in which the origin is killed was made.';
  const before = swarm.killed === 0 ? ' (all of them before the origin had sent that much)' : '';
  return (
    `When the origin dies after sending ${copies} copies, ${reached(swarm)} peers complete${before} ` +
    `and ${reached(server)} clients.`
  );
}

interface Cost {
  readonly server: number;
  readonly swarm: number;
}

function costOf(result: Result, pick: (summary: Summary) => number | undefined): Cost | undefined {
  const most = Math.max(...result.parameters.receivers);
  const server = summaryOf(result, 'server', most);
  const swarm = summaryOf(result, 'swarm', most);
  const values = [server && pick(server), swarm && pick(swarm)];
  return values[0] === undefined || values[1] === undefined
    ? undefined
    : { server: values[0], swarm: values[1] };
}

function costSentence(result: Result): string {
  const cpu = costOf(result, (summary) => summary.cpuSecondsPerGib?.median);
  if (!cpu) return 'What it costs in CPU time could not be measured on this system.';
  const [dearer, ratio] =
    cpu.swarm >= cpu.server
      ? ['swarm', cpu.swarm / cpu.server]
      : ['server', cpu.server / cpu.swarm];
  return (
    `It is not free: the ${dearer} used ${timesText(ratio)} the CPU time for each byte ` +
    `(${cpu.swarm.toFixed(1)} CPU s/GiB in the swarm, ${cpu.server.toFixed(1)} with the server).`
  );
}

export const threeSentences = (result: Result): string[] => [
  makespanSentence(result),
  killSentence(result),
  costSentence(result),
];

/** Only what was measured, and only where the swarm is the worse one. */
export function lossesOfSwarm(result: Result): string[] {
  return [...costLosses(result), ...scaleLosses(result), ...killLosses(result)];
}

function costLosses(result: Result): string[] {
  const most = Math.max(...result.parameters.receivers);
  const rows: [string, Cost | undefined, (value: number) => string][] = [
    [
      'CPU time for each GiB delivered, all processes',
      costOf(result, (s) => s.cpuSecondsPerGib?.median),
      (value) => `${value.toFixed(1)} s`,
    ],
    [
      'CPU time to start a process',
      costOf(result, (s) => s.cpuStartMsPerProcess?.median),
      (value) => `${value.toFixed(0)} ms`,
    ],
    ['memory of the largest process', costOf(result, (s) => s.rssPeakBytes?.max), mibText],
    [
      'time to the first verified piece',
      costOf(result, (s) => s.firstPieceMs?.median),
      (value) => `${secondsText(value)} s`,
    ],
    ['bytes received in vain', costOf(result, (s) => s.duplicateShare?.median), percentText],
  ];
  return rows.flatMap(([what, cost, text]) =>
    cost && cost.swarm > cost.server && text(cost.swarm) !== text(cost.server)
      ? [`${what}: ${text(cost.swarm)} against ${text(cost.server)} (N = ${most})`]
      : [],
  );
}

function scaleLosses({ comparisons }: Result): string[] {
  const least = comparisons[0];
  if (!least?.speedup || comparisons.length < 2) return [];
  const { receivers, speedup } = least;
  return [
    speedup.median < 1
      ? `with few receivers: at N = ${receivers} the server is ${timesText(1 / speedup.median)} as fast`
      : `with few receivers: at N = ${receivers} only ${timesText(speedup.median)} as fast`,
  ];
}

function killLosses({ kills }: Result): string[] {
  return kills
    .filter(
      ({ arm, runs, killed, completed, receivers }) =>
        arm === 'swarm' && runs > 0 && killed > 0 && Math.min(...completed) < receivers,
    )
    .map(
      (kill) =>
        `origin gone after ${kill.killCopies} copies: ${reached(kill)} peers complete, ` +
        (kill.killCopies < 1
          ? 'since part of the file never left it'
          : 'although a whole copy had left it'),
    );
}
