// The report: one page that explains itself, from a Result and nothing else. Holds
// no script and asks for no other file, so it can be mailed, printed and kept.

import { mibText } from '../../terms/amount-text.ts';
import type { Result, ScenarioResult } from '../../terms/result.ts';
import type { Scenario } from '../../terms/scenario.ts';
import { html, list, type Markup } from '../drawing/html.ts';
import { choiceText } from '../words/choice-outcome.ts';
import { countText, measuredText, thresholdText } from '../words/claim-text.ts';
import { commandText, nextStep } from '../words/next-step.ts';
import { lossesOfSwarm, threeSentences } from '../words/sentences.ts';
import { hybridPart } from './hybrid.ts';
import { again, fairness, limits, linksHeld, rawRuns, rivals, warnings } from './method.ts';
import { contents, scenarioSection } from './scenario-section.ts';
import { simulation } from './simulation.ts';
import { STYLE } from './style-sheet.ts';

type State = Result['verdict']['state'];

const MEANING: Readonly<Record<State, string>> = {
  valid: 'Nothing contradicts itself or theory.',
  unknown: 'The machine or an accident may have decided it; do not rely on the figures.',
  invalid: 'The figures contradict themselves or theory; something is wrong.',
};

const MARK: Readonly<Record<State, string>> = {
  valid: '\u2713 VALID',
  unknown: '? UNKNOWN',
  invalid: '\u2715 INVALID',
};

/** Words for a valid result in which some runs were disturbed. */
function disturbedWords({ verdict, runs }: Result): string {
  const disturbed = runs.filter((run) => run.verdict.state === 'unknown').length;
  if (verdict.state !== 'valid' || disturbed === 0) return '';
  return ` ${disturbed} of ${runs.length} runs were disturbed, which no claim profits from; see the warnings.`;
}

/** Lists failed claims at the head of the page too. */
function failures(result: Result): Markup {
  const failed = result.claims.filter(({ state }) => state === 'fails');
  if (failed.length === 0) return html``;
  return list(
    failed.map(
      (claim) =>
        html`<b class="fails">fails</b> <a href="#scenario-${claim.scenario}">${claim.text}</a>: ${measuredText(result, claim)}, ${thresholdText(result, claim)} was claimed`,
    ),
  );
}

function banner(result: Result): Markup {
  const { verdict, claims, wallSeconds } = result;
  const words =
    verdict.reasons.length > 0
      ? verdict.reasons.join('; ')
      : `${MEANING[verdict.state]}${disturbedWords(result)}`;
  return html`<div class="verdict ${verdict.state}"><b>${MARK[verdict.state]}</b>
<span>${countText(claims)}. ${words}</span>
${nextWords(result)}${failures(result)}<span class="meta">measured in ${durationText(wallSeconds)}</span></div>`;
}

/** The directory of a result is not known to its page. */
function nextWords(result: Result): Markup {
  const next = nextStep(result, 'DIR');
  if (!next) return html``;
  return html`<span>${next.sentence} <code>${commandText(['./scripts/compare.sh', ...next.args])}</code></span>
`;
}

const durationText = (seconds: number): string =>
  seconds < 120 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} min`;

function head(result: Result): Markup {
  const { fileName, base, startedAt, environment, profile, seed, scenarios, runs } = result;
  const ids = new Set(scenarios.map(({ scenario }) => scenario.id));
  const counted = runs.filter(({ scenario }) => ids.has(scenario)).length;
  const chosen = choiceText(result);
  const made = scenarios.filter(({ skipped }) => skipped === null).length;
  return html`<h1>Server or swarm: ${fileName} to many machines</h1>
<p class="meta">${made} ${made === 1 ? 'scenario' : 'scenarios'}, ${counted} runs of real processes, ${mibText(base.fileBytes)} unless a scenario says otherwise.
Profile ${profile}, seed ${seed}, ${startedAt.slice(0, 16).replace('T', ' ')} UTC, Node.js ${environment.node}, ${environment.cores} cores.</p>
${chosen === undefined ? html`` : html`<p class="meta">Chosen for this machine: ${chosen}.</p>`}`;
}

const nowhere = ({ choice }: Result): string =>
  choice?.swarm === 'simulated'
    ? 'No swarm was run here, so its costs are not known.'
    : 'Nowhere in these runs, which is more than should be expected elsewhere.';

function losses(result: Result): Markup {
  const found = lossesOfSwarm(result);
  return html`<h2 id="losses">Where the swarm loses</h2>
${found.length > 0 ? list(found) : html`<p>${nowhere(result)}</p>`}`;
}

/** Headline scenarios come first, the others in the order in which they were run. */
const HEADLINES: readonly Scenario['role'][] = ['scaling', 'kill'];

function headlinesFirst(result: Result): Result {
  const rank = ({ scenario }: ScenarioResult): number =>
    HEADLINES.includes(scenario.role) ? HEADLINES.indexOf(scenario.role) : HEADLINES.length;
  return { ...result, scenarios: result.scenarios.toSorted((a, b) => rank(a) - rank(b)) };
}

/** The whole page. */
export function drawReport(given: Result): string {
  const result = headlinesFirst(given);
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hubswarm: server or swarm</title>
<style>${{ markup: STYLE }}</style></head><body>
${head(result)}
${banner(result)}
${threeSentences(result).map((sentence) => html`<p class="lead">${sentence}</p>`)}
${contents(result)}
${result.scenarios.map((scenario) => scenarioSection(result, scenario))}
${losses(result)}
${hybridPart(result)}
${fairness()}
${rivals(result)}
${linksHeld(result)}
${simulation(result)}
${limits(result)}
${warnings(result)}
${again(result)}
${rawRuns(result)}
</body></html>
`;
  return page.markup;
}
