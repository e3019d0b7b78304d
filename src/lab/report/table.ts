// The result as a terminal table: every makespan beside its bound.
import Table from 'cli-table3';
import type { Kill, Result, Summary } from '../result.ts';
import { ARMS, type ArmName } from '../scenario.ts';
import {
  boundText,
  copiesText,
  mibText,
  percentText,
  rangeText,
  secondsText,
  timesText,
} from '../words.ts';
import { linkWords } from './links-section.ts';

type Cells = (string | number)[];

function table(head: string[], rows: Cells[]): string {
  // Plain: no escape code ever reaches a pipe or a log.
  const drawn = new Table({
    head,
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
  });
  drawn.push(...rows);
  return drawn.toString();
}

const of = (summaries: readonly Summary[], arm: ArmName, receivers: number): Summary | undefined =>
  summaries.find((summary) => summary.arm === arm && summary.receivers === receivers);

const efficiencyText = (summary: Summary | undefined): string =>
  summary?.efficiency == null ? '-' : summary.efficiency.toFixed(2);

function scalingTable({ summaries, comparisons }: Result): string {
  const rows = comparisons.map(({ receivers, speedup }): Cells => {
    const server = of(summaries, 'server', receivers);
    const swarm = of(summaries, 'swarm', receivers);
    return [
      receivers,
      ...[server, swarm].flatMap((arm) => [
        rangeText(arm?.makespanMs ?? null, secondsText),
        arm ? boundText(arm.boundMs) : '-',
        efficiencyText(arm),
      ]),
      speedup ? timesText(speedup.median) : '-',
      `${medianCopies(server)} / ${medianCopies(swarm)}`,
    ];
  });
  return table(
    ['N', 'server s', 'bound', 'eff', 'swarm s', 'bound', 'eff', 'gain', 'origin copies'],
    rows,
  );
}

const medianCopies = (summary: Summary | undefined): string =>
  summary?.originCopies ? copiesText(summary.originCopies.median) : '-';

function reachText({ completed, receivers, killed, runs }: Kill): string {
  const reached = completed.map((count) => `${count}/${receivers}`);
  const text = [...new Set(reached)].join(' ');
  return killed < runs ? `${text} *` : text;
}

function killTable({ kills, parameters }: Result): string {
  const head = [
    'origin killed after',
    ...parameters.killCopies.map((copies) => `${copies} copies`),
  ];
  const rows = ARMS.map((arm) => [
    arm,
    ...parameters.killCopies.map((copies) => {
      const found = kills.find((kill) => kill.arm === arm && kill.killCopies === copies);
      return found ? reachText(found) : '-';
    }),
  ]);
  const note = kills.some(({ killed, runs }) => killed < runs)
    ? '\n* all were done before the origin had sent that much'
    : '';
  return table(head, rows) + note;
}

function costTable({ summaries, parameters }: Result): string {
  const largest = Math.max(...parameters.receivers);
  const rows = ARMS.map((arm): Cells => {
    const summary = of(summaries, arm, largest);
    return [
      `${arm}, N = ${largest}`,
      rangeText(summary?.cpuSecondsPerGib ?? null, (value) => value.toFixed(1)),
      rangeText(summary?.cpuStartMsPerProcess ?? null, (value) => value.toFixed(0)),
      summary?.rssPeakBytes ? mibText(summary.rssPeakBytes.max) : '-',
      summary?.duplicateShare ? percentText(summary.duplicateShare.median) : '-',
    ];
  });
  return table(['cost', 'CPU s/GiB', 'CPU ms to start', 'peak RSS', 'duplicates'], rows);
}

const shareText = (ratio: number | null): string =>
  ratio === null ? 'not measured' : percentText(ratio);

function linkLines({ parameters, calibration, agreements }: Result): string[] {
  if (parameters.link === 'none') return ['links   not held'];
  const achieved = calibration.map(({ arm, ratio }) => `${arm} ${shareText(ratio)}`);
  const agreed = agreements.map(({ arm, ratio }) => `${arm} ${shareText(ratio)}`);
  return [
    `links   ${parameters.link}, of the uplink cap: ${achieved.join(', ')}`,
    ...(agreed.length > 0 ? [`links   netns over pacer, makespan: ${agreed.join(', ')}`] : []),
  ];
}

/** What goes to stdout, without a newline at the end. */
export function drawTable(result: Result): string {
  const { parameters, claims, verdict, warnings } = result;
  const lines = [
    `${parameters.fileName}, ${mibText(parameters.fileBytes)}, ${linkWords(parameters)}; seconds: median [min max]`,
    scalingTable(result),
    ...(result.kills.length > 0 ? [killTable(result)] : []),
    costTable(result),
    ...linkLines(result),
    ...claims.map(({ state, text }) => `claim   ${state}: ${text}`),
    ...warnings.map((text) => `warning ${text}`),
    `verdict ${verdict.state}${verdict.reasons.length > 0 ? `: ${verdict.reasons.join('; ')}` : ''} (${result.wallSeconds.toFixed(0)} s)`,
  ];
  return lines.join('\n');
}
