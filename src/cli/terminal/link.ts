// A share link as a person passes it on: a QR code where there is a terminal that it fits, and the
// line that fetches it. A pipe gets the link alone.
import { encode } from 'uqr';

interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

interface Made {
  readonly link: string;
  readonly ipfs: string;
}

/** Modules that must stay light around a code (ISO/IEC 18004 asks for 4; readers do with 2). Chosen. */
const QUIET = 2;
/** White on black, whatever the colours of the terminal are: some readers take no inverted code. */
const COLOURS = '\x1b[97;40m';
const PLAIN = '\x1b[0m';

export function printLink(
  { link, ipfs }: Made,
  { qr, screen = process.stdout }: { qr: boolean; screen?: Screen },
): void {
  if (!screen.isTTY) {
    screen.write(`${link}\n`);
    return;
  }
  screen.write(`fetch it elsewhere with:\n\n  hubswarm get '${link}'\n\nor by ${ipfs}\n`);
  const code = qr ? fittingCode(link, screen) : undefined;
  if (code !== undefined) screen.write(`${code}\n`);
}

/** The phrase alone, for a pipe or --quiet: on a terminal it is told with what it is for. */
export function printPhrase(phrase: string, screen: Screen = process.stdout): void {
  if (!screen.isTTY) screen.write(`${phrase}\n`);
}

/** A code of the link; of its beginning, which leads there as well, where the whole does not fit. */
function fittingCode(link: string, { columns = 0, rows = 0 }: Screen): string | undefined {
  const [shorter = link] = link.split('&');
  for (const text of [link, shorter]) {
    const code = drawCode(text);
    const [first = ''] = code;
    if (first.length >= columns || code.length >= rows) continue;
    return code.map((line) => `${COLOURS}${line}${PLAIN}`).join('\n');
  }
  return undefined;
}

/** Two rows of modules in a line; light ones are drawn, since most terminals are dark. */
function drawCode(text: string): string[] {
  const { data, size } = encode(text, { ecc: 'L', border: QUIET });
  const isLight = (row: number, column: number): boolean => !(data[row]?.[column] ?? false);
  return Array.from({ length: Math.ceil(size / 2) }, (_, line) =>
    Array.from({ length: size }, (_, column) => {
      const upper = isLight(2 * line, column);
      const lower = 2 * line + 1 < size && isLight(2 * line + 1, column);
      if (upper && lower) return '\u2588';
      if (upper) return '\u2580';
      return lower ? '\u2584' : ' ';
    }).join(''),
  );
}
