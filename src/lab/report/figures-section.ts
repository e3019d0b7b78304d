// The figures with their captions: what is plotted, how often it was measured, and
// what would prove the point wrong.
import type { Result, Run } from '../result.ts';
import { ARMS, type ArmName } from '../scenario.ts';
import { makespanFigure, originFigure, reachFigure } from './figures.ts';
import { html, type Markup, trusted } from './html.ts';
import { tellingKill } from './sentences.ts';
import { completionFigure, lanesFigure } from './timelines.ts';

const figure = (title: string, svg: string, caption: string): Markup =>
  html`<figure><h3>${title}</h3>${trusted(svg)}<figcaption>${caption}</figcaption></figure>`;

function runsPerPoint({ summaries }: Result): string {
  const counts = summaries.map(({ runs }) => runs);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? `${most}` : `${least} to ${most}`;
}

function killFigures(result: Result): Markup[] {
  const copies = tellingKill(result);
  if (copies === undefined) return [];
  const pick = (arm: ArmName): Run | undefined =>
    result.runs.find((run) => run.arm === arm && run.killCopies === copies);
  const shown = ARMS.map(pick).filter((run) => run !== undefined);
  const endMs = Math.max(...shown.map(lastMoment));
  const star = result.kills.some(({ killed, runs }) => killed < runs)
    ? ' * all were done before the origin had sent that much.'
    : '';
  return [
    figure(
      'Who completes when the origin dies?',
      reachFigure(result),
      `Share of ${result.parameters.killReceivers} receivers that got the whole file, over what the origin had sent when it was killed (SIGKILL).${star} A swarm that stays at 0 % past one copy, or a server that does not, would prove us wrong.`,
    ),
    ...shown.map((run) =>
      figure(
        `The ${run.arm} when the origin dies after ${copies} copies`,
        lanesFigure(run, endMs),
        run.fault
          ? `One run: what each receiver had verified, over time (run ${run.id}).`
          : `One run: what each receiver had verified, over time; all were done before the origin had sent that much (run ${run.id}).`,
      ),
    ),
  ];
}

/** Lanes end shortly after the last thing that happened in them. */
function lastMoment(run: Run): number {
  const moments = run.nodes.flatMap(({ completedMs, progress }) => [
    completedMs ?? 0,
    progress.at(-1)?.[0] ?? 0,
  ]);
  return 1.15 * Math.max(...moments, run.fault?.atMs ?? 0);
}

export function figuresSection(result: Result): Markup {
  const most = Math.max(...result.parameters.receivers);
  const kills = killFigures(result);
  return html`<h2>Figures</h2><div class="figures">
${figure(
  'How long until the last one has it?',
  makespanFigure(result),
  `Makespan over the number of receivers; every point is one run with fresh processes (${runsPerPoint(result)} for each arm and N), lines join medians. ${result.parameters.link === 'none' ? '' : 'Dashed: what theory allows at best. A point below its line would mean that a link was not held.'}`,
)}
${kills.slice(0, 1)}
${figure(
  'Who is done when?',
  completionFigure(result),
  `Completions over time with ${most} receivers, one line for each run. A server that shares its uplink evenly finishes everybody last.`,
)}
${figure(
  'What does the origin have to send?',
  originFigure(result),
  'Payload that left the origin, in copies of the file, every run. The rest of the swarm is fed by its own members.',
)}
${kills.slice(1)}
</div>`;
}
