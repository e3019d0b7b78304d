// A figure of the report: its question, whose lines are which, the drawing, and what is
// plotted, how often it was measured and what would prove the point wrong.
import { type ArmStyle, armLegend } from './arm-style.ts';
import { html, type Markup, trusted } from './html.ts';

/**
 * @param svg of drawChart, or several of one figure
 * @param arms those in the drawing, for the legend
 */
export function figure(
  title: string,
  svg: string,
  caption: string,
  arms: readonly ArmStyle[] = [],
): Markup {
  return html`<figure><h3>${title}</h3>${armLegend(arms)}<div class="chart">${trusted(svg)}</div><figcaption>${caption}</figcaption></figure>
`;
}
