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

export type Part = string | number | Markup | readonly Markup[];

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

/** Marks what another library drew as safe. Never use it for text from outside. */
export const trusted = (markup: string): Markup => ({ markup });

export const list = (lines: readonly Part[]): Markup =>
  html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;

/** A cell of a table whose text is short for something. */
export const abbreviated = (text: Part, whole: string): Markup =>
  html`<span class="short" title="${whole}">${text}</span>`;

interface TableOptions {
  /** Anchor of each row. */
  readonly ids?: readonly string[];
  /** Columns of text, from the first on; the others are figures. */
  readonly texts?: 1 | 3;
}

export function table(
  head: readonly Part[],
  rows: readonly (readonly Part[])[],
  { ids = [], texts = 1 }: TableOptions = {},
): Markup {
  return html`<div class="scroll"><table class="texts-${texts}"><thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${rows.map(
    (
      row,
      i,
    ) => html`<tr${ids[i] === undefined ? html`` : html` id="${ids[i]}"`}>${row.map((cell) => html`<td>${cell}</td>`)}</tr>
`,
  )}</tbody></table></div>`;
}

/** More rows than fit on a screen. */
export const isLong = (rows: number): boolean => rows > 24;

/** Opens on demand, without a script; paper has all of it. */
export const folded = (summary: string, content: Markup): Markup =>
  html`<details><summary>${summary}</summary>
${content}</details>`;
