// HTML by tagged template: what is put in is escaped unless it was made here.

/** Markup that may stand as it is. */
export interface Markup {
  readonly markup: string;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

type Part = string | number | Markup | readonly Markup[];

const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => ENTITIES[char]!);

function render(part: Part): string {
  if (typeof part === 'object') {
    return 'markup' in part ? part.markup : part.map(({ markup }) => markup).join('');
  }
  return escaped(String(part));
}

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return { markup: String.raw({ raw: strings }, ...parts.map(render)) };
}

/** For what another library drew. Never for text that came from outside. */
export const trusted = (markup: string): Markup => ({ markup });

/** The first column is text, the others are figures. */
export function table(head: readonly string[], rows: readonly (readonly Part[])[]): Markup {
  return html`<div class="scroll"><table><thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>
`,
  )}</tbody></table></div>`;
}
