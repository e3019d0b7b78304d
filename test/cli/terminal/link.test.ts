// A share link on a terminal and in a pipe.
import { encode } from 'uqr';
import { describe, expect, it } from 'vitest';
import { printLink } from '../../../src/cli/terminal/link.ts';

const SHORT = `hubswarm:bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy?a=/ip4/192.168.1.15/tcp/40123`;
const LINK = `${SHORT}&p=12D3KooWGRUm1G6M5BLKRKhc4mhZKpXHhLPWQaQYJE1FYHgrcFTf&n=report.png&s=123456`;
const IPFS = 'ipfs://bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';

function printed(size: { columns?: number; rows?: number } | undefined, qr = true): string {
  let text = '';
  const write = (part: string): void => {
    text += part;
  };
  printLink(
    { link: LINK, ipfs: IPFS },
    { qr, screen: { ...size, isTTY: size !== undefined, write } },
  );
  return text;
}

/** The lines of blocks, without their colours. */
const blocksOf = (text: string): string[] =>
  text.split('\n').flatMap((line) => /[\u2580\u2584\u2588][ \u2580\u2584\u2588]*/.exec(line) ?? []);

/** Dark modules as a reader sees them, row by row. */
function modulesOf(lines: readonly string[], size: number): boolean[][] {
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_, column) => {
      const block = lines[Math.floor(row / 2)]![column]!;
      return !(row % 2 === 0 ? '\u2588\u2580' : '\u2588\u2584').includes(block);
    }),
  );
}

describe('a share link', () => {
  it('stands alone in a pipe', () => {
    expect(printed(undefined)).toBe(`${LINK}\n`);
  });

  it.each([
    ['whole where it fits', { columns: 100, rows: 50 }, LINK],
    ['as what leads there on a small terminal', { columns: 80, rows: 24 }, SHORT],
  ])('is a code: %s', (_, size, text) => {
    const code = encode(text, { ecc: 'L', border: 2 });
    expect(modulesOf(blocksOf(printed(size)), code.size)).toEqual(code.data);
  });

  it.each([
    ['where it does not fit', { columns: 40, rows: 20 }, true],
    ['where a terminal tells no size', {}, true],
    ['with --no-qr', { columns: 100, rows: 50 }, false],
  ])('is a line alone %s', (_, size, qr) => {
    const text = printed(size, qr);
    expect(text).toContain(`hubswarm get '${LINK}'`);
    expect(blocksOf(text)).toEqual([]);
  });
});
