// The report: one page that explains itself, from a Result and nothing else. Holds
// no script and asks for no other file, so it can be mailed, printed and kept.
import type { Result, Run } from '../result.ts';
import { ARMS } from '../scenario.ts';
import { mibText, percentText, rateText } from '../words.ts';
import { figuresSection } from './figures-section.ts';
import { html, type Markup } from './html.ts';
import { fairLinks, linksSection, linkWords } from './links-section.ts';
import { lossesOfSwarm, threeSentences } from './sentences.ts';
import { STYLE } from './style.ts';
import { claimsTable, costTable, makespanTable, runsTable } from './tables.ts';

const MEANING: Record<Result['verdict']['state'], string> = {
  valid: 'Nothing contradicts itself or theory.',
  unknown: 'The machine or an accident may have decided it; do not rely on the figures.',
  invalid: 'The figures contradict themselves or theory; something is wrong.',
};

const MARK: Record<Result['verdict']['state'], string> = {
  valid: '\u2713 VALID',
  unknown: '? UNKNOWN',
  invalid: '\u2715 INVALID',
};

/** Of a result that holds although the machine was busy in some of its runs. */
function disturbedWords({ verdict, runs }: Result): string {
  const disturbed = runs.filter((run) => run.verdict.state === 'unknown').length;
  if (verdict.state !== 'valid' || disturbed === 0) return '';
  return ` ${disturbed} of ${runs.length} runs were slowed by a busy CPU, which no claim profits from; see the warnings.`;
}

function banner(result: Result): Markup {
  const { verdict, claims, wallSeconds } = result;
  const holding = claims.filter(({ state }) => state === 'holds').length;
  const words =
    verdict.reasons.length > 0
      ? verdict.reasons.join('; ')
      : `${MEANING[verdict.state]}${disturbedWords(result)}`;
  return html`<div class="verdict ${verdict.state}"><b>${MARK[verdict.state]}</b>
<span>${holding} of ${claims.length} claims hold. ${words}</span>
<span class="meta">measured in ${wallSeconds.toFixed(0)} s</span></div>`;
}

function head({ parameters, startedAt, environment, profile, seed }: Result): Markup {
  return html`<h1>Server or swarm: ${parameters.fileName} to ${Math.max(...parameters.receivers)} machines</h1>
<p class="meta">${mibText(parameters.fileBytes)}, ${linkWords(parameters)}. ${profile} profile, seed ${seed},
${startedAt.slice(0, 16).replace('T', ' ')} UTC, Node.js ${environment.node}, ${environment.cores} cores.</p>`;
}

const list = (lines: readonly string[]): Markup =>
  html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;

function losses(result: Result): Markup {
  const found = lossesOfSwarm(result);
  return html`<h2>Where the swarm loses</h2>
${found.length > 0 ? list(found) : html`<p>Nowhere in these runs, which is more than should be expected elsewhere.</p>`}`;
}

function fairness({ parameters }: Result): Markup {
  return html`<h2>What is the same for both</h2>
${list([
  'The same bytes, cut into the same pieces; every piece is checked with sha2-256 before it is written, and every received file is hashed once more by the lab.',
  fairLinks(parameters),
  'Fresh processes, identities and directories in every run; the arms alternate (A B B A) after a warm-up that is thrown away.',
  'All receivers are loaded and wait; one go is written to all at once, and time counts from there, connecting and discovering included.',
  'The origin is killed by the bytes it has sent, not by the clock.',
])}
<p>Different by nature: clients do not use their uplinks, which is what a swarm is about. The swarm is encrypted (Noise), the server speaks plain HTTP.
All processes share this machine's cores, and a peer's start and handshakes cost more of them than a client's (see the cost table):
where the swarm stays far from its bound at the largest N, that is what it waits for.
${asFastServer(parameters)}</p>`;
}

function asFastServer({ receivers, uplinkBytesPerSecond }: Result['parameters']): string {
  if (uplinkBytesPerSecond === null) return '';
  const most = Math.max(...receivers);
  return `A server with an uplink of ${rateText(uplinkBytesPerSecond * (1 + most))} (its own and all the receivers' together) would be as fast as the swarm at N = ${most}: a swarm wins because receivers bring uplinks.`;
}

function limits({ environment, parameters }: Result): Markup {
  return html`<h2>Limits</h2>
<p>One machine, ${parameters.link === 'netns' ? 'its kernel between namespaces' : 'loopback'}, links ${parameters.link === 'none' ? 'without a rate,' : 'with a rate but no'} delay, loss or NAT, honest peers that stay.
(Delay and loss change BitTorrent download times by less than 15 % up to 400 ms and 5 %: Rao, Legout and Dabbous 2010.)
Do not extrapolate to the Internet.</p>
<p class="meta">${environment.platform}, ${environment.cpuModel}, ${environment.cores} cores, ${mibText(environment.memoryBytes)} of memory,
load ${environment.loadAverage.map((load) => load.toFixed(2)).join(' ')} before the first run,
other programs ${environment.foreignCpuShareBefore === null ? 'not measured' : percentText(environment.foreignCpuShareBefore)} of the CPU.</p>`;
}

function warnings(result: Result): Markup {
  if (result.warnings.length === 0) return html``;
  return html`<h2>Warnings</h2>${list(result.warnings)}`;
}

function again({ command, seed }: Result): Markup {
  const quoted = command.map((word) =>
    /^[\w./:,=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`,
  );
  return html`<h2>Run it again</h2>
<pre>./scripts/compare.sh ${quoted.join(' ')}</pre>
<p class="note">Seed ${seed} makes the same file. Draw this page again from result.json: <code>node dist/cli.js compare --redraw DIR</code></p>`;
}

function verdictCounts(runs: readonly Run[]): string {
  const counts = ['valid', 'unknown', 'invalid']
    .map((state) => [state, runs.filter(({ verdict }) => verdict.state === state).length] as const)
    .filter(([, count]) => count > 0);
  return counts.map(([state, count]) => `${count} ${state}`).join(', ');
}

/** The whole page. */
export function drawReport(result: Result): string {
  const { runs } = result;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hubswarm: server or swarm</title>
<style>${{ markup: STYLE }}</style></head><body>
${head(result)}
${banner(result)}
${threeSentences(result).map((sentence) => html`<p class="lead">${sentence}</p>`)}
${figuresSection(result)}
<h2>Claims</h2>
${claimsTable(result)}
<h2>Makespan</h2>
${makespanTable(result)}
<h2>Cost</h2>
${costTable(result)}
${losses(result)}
${linksSection(result)}
${fairness(result)}
${limits(result)}
${warnings(result)}
${again(result)}
<h2>Raw runs</h2>
<details open><summary>${runs.length} runs (${verdictCounts(runs)}), in the order in which they were made; ${ARMS.length} warm-ups count for nothing</summary>
${runsTable(result)}</details>
</body></html>
`;
  return page.markup;
}
