// The part of the page about a hub that is a peer too: where it wins, and where not.
import type { Result } from '../../terms/result.ts';
import { folded, html, isLong, list, type Markup, table } from '../drawing/html.ts';
import { HYBRID_HEAD, hybridCells, hybridOutcome, hybridPoints } from '../words/hybrid.ts';

const said = (head: string, found: readonly string[], none: string): Markup =>
  html`<h3>${head}</h3>
${found.length > 0 ? list(found) : html`<p>${none}</p>`}`;

/** Nothing where none was run. */
export function hybridPart(result: Result): Markup {
  const points = hybridPoints(result);
  if (points.length === 0) return html``;
  const { wins, losses } = hybridOutcome(result);
  const drawn = table(HYBRID_HEAD, points.map(hybridCells));
  return html`<h2 id="hybrid">Where a hub that is a peer wins, and where not</h2>
<p>The arm hybrid: one hub that seeds what it serves, and receivers that are peers and know its URL. HTTP is one more source of their swarm, and one cap holds for both.</p>
${said('It wins', wins, 'Nowhere in these runs.')}
${said('It loses', losses, 'Nowhere in these runs, by more than 5 %.')}
${isLong(points.length) ? folded(`${points.length} rows: hybrid, swarm and server at every point`, drawn) : drawn}
<p class="note">Medians over the runs. Three figures in a cell are of the hybrid, the swarm and the server. The bound is that of any swarm on these links.</p>`;
}
