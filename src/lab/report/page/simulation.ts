// How far the simulated points can be believed: every real cell beside its simulation, and
// what was not simulated, and why.

import { secondsText } from '../../terms/amount-text.ts';
import type { Result, Simulated } from '../../terms/result.ts';
import { folded, html, list, type Markup, table } from '../drawing/html.ts';
import { pointText } from '../words/point-text.ts';

type Validation = Simulated['validation'][number];

const time = (ms: number | null): string => (ms === null ? 'never' : secondsText(ms));
const ratio = (value: number | null): string => (value === null ? '-' : value.toFixed(2));
const percent = (share: number): string => `${Math.round(share * 100)}`;

const row = (one: Validation): string[] => [
  `${one.scenario}, ${one.arm}`,
  pointText(one.point),
  `${one.receivers}`,
  time(one.realMs),
  time(one.simulatedMs),
  ratio(one.ratio),
  one.startMs === null ? '-' : secondsText(one.startMs),
  ratio(one.transferRatio),
  `${percent(one.realReach)} / ${percent(one.simulatedReach)}`,
];

const HEAD = [
  'real and simulated',
  'at',
  'N',
  'real, s',
  'simulated, s',
  'real / simulated',
  'first piece later by, s',
  'after it',
  'reach, %',
];

/** Empty if nothing was simulated. */
export function simulation({ simulated }: Result): Markup {
  if (!simulated) return html``;
  const { validation, notes } = simulated;
  return html`<h2 id="simulation">How far is the simulator off?</h2>
<p>Simulated swarms are the sessions of a real peer on a virtual clock: links alone, without CPU, booting and connecting. Medians of real runs beside one simulation of the same setting:</p>
${validation.length > 0 ? folded(`${validation.length} cells, real and simulated`, table(HEAD, validation.map(row))) : html`<p>No real run could be held against one.</p>`}
${notes.length > 0 ? html`<p>Not simulated:</p>${list(notes)}` : html``}`;
}
