// One experiment on the page: its question, what was held equal, its figures, what was
// claimed before it ran and what came of it, and every cell of its table.
import type { Result, ScenarioResult } from '../../terms/result.ts';
import { claimsOf } from '../data/lookup.ts';
import { armStyles } from '../drawing/arm-style.ts';
import { html, type Markup } from '../drawing/html.ts';
import { countText } from '../words/claim-text.ts';
import { settingText } from '../words/setting-text.ts';
import { figuresOf } from './gallery.ts';
import { cellsTable, claimsTable, comparisonsTable, standInTable } from './tables.ts';

export const sectionAnchor = ({ scenario }: ScenarioResult): string => `scenario-${scenario.id}`;

export function scenarioSection(result: Result, shown: ScenarioResult): Markup {
  const { scenario, skipped } = shown;
  return html`<section id="${sectionAnchor(shown)}"><h2>${scenario.title}</h2>
<p class="question">${scenario.question}</p>
${skipped === null ? measured(result, shown) : html`<p><b>Not run:</b> ${skipped}.</p>`}
</section>
`;
}

function measured(result: Result, shown: ScenarioResult): Markup {
  const { scenario } = shown;
  const styles = new Map(armStyles(scenario).map((style) => [style.id, style]));
  const figures = figuresOf(result, shown);
  const claims = claimsOf(result, shown);
  return html`<p class="meta">Scenario ${scenario.id}: ${settingText({ ...result.base, ...scenario.setting }, Object.keys(scenario.sweep))}.</p>
${figures.length > 0 ? html`<div class="figures">${figures}</div>` : html``}
${claims.length > 0 ? html`<h3>Claims</h3>${claimsTable(result, claims)}` : html``}
<h3>Measured</h3>
${cellsTable(shown, styles)}
${comparisonsTable(shown, styles)}
${standInTable(result, shown)}`;
}

/** Which sections there are, and how each came out; nothing for a page that is short. */
export function contents(result: Result): Markup {
  if (result.scenarios.length <= 3) return html``;
  return html`<nav aria-label="Scenarios"><ol>${result.scenarios.map(
    (shown) =>
      html`<li><a href="#${sectionAnchor(shown)}">${shown.scenario.title}</a> <span class="note">${outcome(result, shown)}</span></li>
`,
  )}</ol></nav>`;
}

function outcome(result: Result, shown: ScenarioResult): Markup {
  if (shown.skipped !== null) return html`not run`;
  const claims = claimsOf(result, shown);
  const failed = claims.some(({ state }) => state === 'fails');
  return claims.length === 0
    ? html``
    : html`<span class="${failed ? 'fails' : ''}">${countText(claims)}</span>`;
}
