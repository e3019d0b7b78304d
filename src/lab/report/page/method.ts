// The last part of the page: what was the same for all arms, what held the links, what
// this cannot show, where it ran and how to run it again.
import prettyBytes from 'pretty-bytes';
import { percentText } from '../../terms/amount-text.ts';
import type { Result, Run, ScenarioResult } from '../../terms/result.ts';
import type { LinkKind } from '../../terms/setting.ts';
import { claimsOf, scenarioFor } from '../data/lookup.ts';
import { type ArmStyle, armName, armStyles } from '../drawing/arm-style.ts';
import { folded, html, isLong, list, type Markup, table } from '../drawing/html.ts';
import { columnHead, summaryText } from '../words/metric-text.ts';
import { commandText } from '../words/next-step.ts';
import { pointText } from '../words/point-text.ts';
import { sectionAnchor } from './scenario-section.ts';
import { claimsTable, runsTable } from './tables.ts';

const kindsOf = ({ runs, base }: Result): LinkKind[] => [
  ...new Set(runs.length > 0 ? runs.map(({ setting }) => setting.link) : [base.link]),
];

const HELD: Readonly<Record<LinkKind, string>> = {
  pacer:
    'by the same code in both programs (pacer): what is sent waits until a link of that rate had let it through',
  netns:
    'by the kernel (netns), of which the programs were told nothing: each process in a network namespace of its own, on a bridge, with a queue of its rate both ways',
  none: 'by nothing (none): there is no bound, and the figures are of this machine',
};

export function fairness(): Markup {
  return html`<h2 id="method">What is the same for all arms</h2>
${list([
  'The same bytes, cut into the same pieces; every piece is checked with sha2-256 before it is written, and every received file is hashed once more by the lab.',
  "The same origin uplink and the same downlink for each receiver, unless that is what a scenario is about; a link's rate is one of payload.",
  'Fresh processes, identities and directories in every run; the arms alternate (A B B A) after a warm-up that is thrown away.',
  'All receivers are loaded and wait; one go is written to all at once, and time counts from there, connecting and discovering included.',
  'Faults are triggered by what has been sent and verified, not by the clock.',
  'Every claim was written down with its threshold before anything ran. All runs count, disturbed ones and outliers too; who never completes is later than all others.',
])}
<p>Different by nature: clients do not use their uplinks, which is what a swarm is about. The swarm is encrypted (Noise), the server speaks plain HTTP unless an arm says TLS.
All processes share this machine's cores, and a peer's start and handshakes cost more of them than a client's:
where the swarm stays far from its bound at the largest N, that is what it waits for.
A server with the uplinks of all receivers beside its own would be as fast as the swarm: a swarm wins because receivers bring uplinks.</p>`;
}

/** What the programs of others are, and what is not the same for them; nothing without any. */
export function rivals({ scenarios }: Result): Markup {
  const arms = scenarios.flatMap(({ scenario, cells }) =>
    scenario.arms.filter(({ id, rival }) => rival && cells.some(({ arm }) => arm === id)),
  );
  const known = new Map(arms.map(({ rival }) => [rival!.id, rival!]));
  if (known.size === 0) return html``;
  return html`<h2 id="rivals">Programs of others</h2>
${list([...known.values()].map(({ text, note }) => html`<b>${text}</b>. ${note}`))}
<p>They run on the same links. Where programs hold the links themselves, each of them limits its own by an option of its own.
Their receivers are started by the go; ours are loaded before it, unless a scenario measures the start too.
They tell nothing: a completion is what the lab saw, and bytes are the kernel's count, where it has one.
CPU time is that of all their processes. One that dies, hangs or delivers other bytes has not completed.</p>`;
}

/** Whether one may look at the rates and believe them. */
export function linksHeld(result: Result): Markup {
  const kinds = kindsOf(result);
  return html`<h2 id="links">Were the links held?</h2>
<p>Links were held ${kinds.map((kind) => HELD[kind]).join('; in other runs ')}.</p>
${calibrated(result)}
${agreed(result)}
${kinds.includes('netns') ? html`<p class="note">The kernel's rates are higher by 1514/1448, the headers of a full segment, so that bounds and caps mean the same with either kind. Acknowledgements take up to 2 % of an uplink beside that, and count as the program's. ${offloadWords(result)}</p>` : html``}`;
}

function offloadWords({ runs }: Result): string {
  const kernel = runs.filter(({ setting }) => setting.link === 'netns');
  return kernel.some(({ setting }) => setting.offloads)
    ? 'Segmentation offloads were on: hosts handed segments on in batches, which costs less CPU time than a real uplink.'
    : 'Segmentation offloads were off: each segment was sent by itself, as to a real uplink.';
}

const stylesOf = ({ scenario }: ScenarioResult): Map<string, ArmStyle> =>
  new Map(armStyles(scenario).map((style) => [style.id, style]));

function calibrated(result: Result): Markup {
  const calibration = scenarioFor(result, 'calibration');
  const cells = calibration?.cells.filter(({ metrics }) => metrics.linkUse) ?? [];
  if (!calibration || cells.length === 0) {
    return html`<p class="note">Not measured in this comparison: scenario calibration was not run.</p>`;
  }
  const styles = stylesOf(calibration);
  const rows = cells.map((cell) => [
    armName(styles.get(cell.arm)!),
    pointText(cell.point),
    summaryText('linkUse', cell.metrics.linkUse),
  ]);
  return html`${table(['the origin to each receiver', 'at', columnHead('linkUse')], rows)}
<p class="note">From the first verified piece to the last, without connecting. More: <a href="#${sectionAnchor(calibration)}">${calibration.scenario.title}</a></p>`;
}

function agreed(result: Result): Markup {
  const links = scenarioFor(result, 'link kinds');
  if (!links) {
    return html`<p class="note">Links of the kernel were not compared with those of the programs here (Linux, root: scenario links).</p>`;
  }
  return html`${claimsTable(result, claimsOf(result, links))}
<p class="note">Both kinds of link at the same rates, makespan over makespan. More: <a href="#${sectionAnchor(links)}">${links.scenario.title}</a></p>`;
}

export function limits(result: Result): Markup {
  const { environment } = result;
  return html`<h2 id="limits">Limits</h2>
<p>One machine; links with a rate but no delay, loss or NAT; at most ${Math.max(0, ...result.runs.map(({ setting }) => setting.receivers))} receivers as processes, more only simulated and marked so.
(Delay and loss change BitTorrent download times by less than 15 % up to 400 ms and 5 %: Rao, Legout and Dabbous 2010.)
Do not extrapolate to the Internet.</p>
<h2 id="environment">Where it was measured</h2>
<p>${environment.platform}, ${environment.cpuModel}, ${environment.cores} cores, ${prettyBytes(environment.memoryBytes, { binary: true })} of memory, Node.js ${environment.node},
load ${environment.loadAverage.map((load) => load.toFixed(2)).join(' ')} before the first run,
other programs ${environment.foreignCpuShareBefore === null ? 'not measured' : `${percentText(environment.foreignCpuShareBefore)} of the CPU`}.</p>
${environment.network.length > 0 ? html`<p>Of the kernel's network:</p>${list(environment.network)}` : html``}`;
}

export function warnings(result: Result): Markup {
  const missing =
    result.missing > 0
      ? [`${result.missing} planned runs are missing; the comparison is not complete`]
      : [];
  const lines = [...missing, ...result.warnings];
  if (lines.length === 0) return html``;
  return html`<h2 id="warnings">Warnings</h2>${isLong(lines.length) ? folded(`${lines.length} warnings`, list(lines)) : list(lines)}`;
}

export function again({ command, seed }: Result): Markup {
  return html`<h2 id="again">Run it again</h2>
<pre>${commandText(['./scripts/compare.sh', ...command])}</pre>
<p class="note">Seed ${seed} makes the same file and draws the same lots. This page again, from the raw data: <code>./scripts/compare.sh report DIR</code></p>`;
}

function verdictCounts(runs: readonly Run[]): string {
  const counts = ['valid', 'unknown', 'invalid']
    .map((state) => [state, runs.filter(({ verdict }) => verdict.state === state).length] as const)
    .filter(([, count]) => count > 0);
  return counts.map(([state, count]) => `${count} ${state}`).join(', ');
}

/** Warm-ups are no runs of a scenario, and stand in result.json alone. */
export function rawRuns(result: Result): Markup {
  const known = new Set(result.scenarios.map(({ scenario }) => scenario.id));
  const runs = result.runs.filter(({ scenario }) => known.has(scenario));
  if (runs.length === 0) return html``;
  return html`<h2 id="runs">Raw runs</h2>
${folded(`${runs.length} runs (${verdictCounts(runs)}), in the order in which they were made`, runsTable({ ...result, runs }))}`;
}
