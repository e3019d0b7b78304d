// How an arm is drawn, the same in every figure and table of its scenario: a shade of
// blue and a shape with corners for a server, a shade of orange and another shape for a
// swarm, a shade of purple and a shape between these for a hub that is a peer, a shade of green
// and strokes for a rival, and a dash of its own, so that nothing hangs on colour alone. Colours
// are CSS variables (page/style-sheet.ts), since light, dark and print differ.
import type * as Plot from '@observablehq/plot';
import type { Contestant, Scenario } from '../../terms/scenario.ts';
import { html, type Markup } from './html.ts';

export interface ArmStyle {
  readonly id: string;
  readonly architecture: Contestant;
  /** For people; as in `server, one by one`. */
  readonly label: string;
  readonly colour: string;
  readonly symbol: Plot.SymbolType;
  /** The symbol in running text. */
  readonly glyph: string;
  /** Dash pattern of its line in SVG's form; undefined: solid. */
  readonly dash: string | undefined;
}

/** Shades of each colour in page/style-sheet.ts. */
const SHADES = 4;

interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  closePath(): void;
}

/** A regular one, as d3 and so Plot have none. */
const pentagon: Plot.SymbolImplementation = {
  draw(path: Pen, size: number) {
    const radius = Math.sqrt((2 * size) / (5 * Math.sin((2 * Math.PI) / 5)));
    for (let corner = 0; corner < 5; corner++) {
      const angle = (2 * Math.PI * corner) / 5 - Math.PI / 2;
      const [x, y] = [radius * Math.cos(angle), radius * Math.sin(angle)];
      if (corner === 0) path.moveTo(x, y);
      else path.lineTo(x, y);
    }
    path.closePath();
  },
};

/** Point down, as they have none either. */
const nabla: Plot.SymbolImplementation = {
  draw(path: Pen, size: number) {
    const half = Math.sqrt(size / Math.sqrt(3));
    const height = half * Math.sqrt(3);
    path.moveTo(-half, -height / 3);
    path.lineTo(half, -height / 3);
    path.lineTo(0, (2 * height) / 3);
    path.closePath();
  },
};

type Shape = Pick<ArmStyle, 'symbol' | 'glyph'>;

/** Three of each and four shades: twelve arms of one architecture before two look alike. */
const SHAPES: Readonly<Record<Contestant, readonly Shape[]>> = {
  server: [
    { symbol: 'square', glyph: '\u25A0' },
    { symbol: 'triangle', glyph: '\u25B2' },
    { symbol: 'diamond', glyph: '\u25C6' },
  ],
  swarm: [
    { symbol: 'circle', glyph: '\u25CF' },
    { symbol: nabla, glyph: '\u25BC' },
    { symbol: 'star', glyph: '\u2605' },
  ],
  hybrid: [
    { symbol: 'hexagon', glyph: '\u2B22' },
    { symbol: pentagon, glyph: '\u2B1F' },
    { symbol: 'wye', glyph: 'Y' },
  ],
  rival: [
    { symbol: 'cross', glyph: '\u271A' },
    { symbol: 'times', glyph: '\u2716' },
    { symbol: 'asterisk', glyph: '\u2731' },
  ],
};

const DASHES = [undefined, '7 3', '2 3'] as const;

/** Styles of all arms of a scenario, in their order. */
export function armStyles({ arms }: Pick<Scenario, 'arms'>): ArmStyle[] {
  const seen: Record<Contestant, number> = { server: 0, swarm: 0, hybrid: 0, rival: 0 };
  return arms.map(({ id, architecture, text }) => {
    const index = seen[architecture]++;
    const shapes = SHAPES[architecture];
    return {
      id,
      architecture,
      label: text,
      colour: `var(--${architecture}-${(index % SHADES) + 1})`,
      ...shapes[index % shapes.length]!,
      dash: DASHES[index % DASHES.length],
    };
  });
}

/** An arm's name as running text and tables have it. */
export const armName = ({ colour, glyph, label }: ArmStyle): Markup =>
  html`<span class="arm" style="color:${colour}">${glyph}\u00A0${label}</span>`;

const key = ({ colour, glyph, dash }: ArmStyle): Markup =>
  html`<svg class="key" viewBox="0 0 34 14" aria-hidden="true"><path d="M0 7H34" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash ?? 'none'}"/><text x="17" y="11.5" text-anchor="middle" fill="${colour}" stroke="var(--paper)" stroke-width="2" paint-order="stroke">${glyph}</text></svg>`;

/** Legend of the arms' lines; empty for a figure of a single arm. */
export function armLegend(styles: readonly ArmStyle[]): Markup {
  if (styles.length < 2) return html``;
  return html`<p class="legend">${styles.map((style) => html`<span>${key(style)} ${style.label}</span>\n`)}</p>`;
}
