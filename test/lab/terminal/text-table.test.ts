import { describe, expect, it } from 'vitest';
import { textTable } from '../../../src/lab/terminal/text-table.ts';

const head = ['at', 'one', 'two', 'three'];
const rows = [
  ['a', 1, 22, '333333'],
  ['b', '-', 2, 3],
];

describe('a table of text', () => {
  it('is one table where it fits', () => {
    const lines = textTable({ head, rows }, 32).split('\n');
    expect(lines[1]).toBe('\u2502 at \u2502 one \u2502 two \u2502  three \u2502');
    expect(lines).toHaveLength(6);
  });

  it('goes on below with the first column again where it does not', () => {
    const text = textTable({ head, rows }, 20);
    const lines = text.split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(20);
    expect(lines.filter((line) => line.startsWith('\u2502 a '))).toEqual([
      '\u2502 a  \u2502   1 \u2502  22 \u2502',
      '\u2502 a  \u2502 333333 \u2502',
    ]);
  });

  it('is as wide as two columns need, however narrow the terminal', () => {
    const text = textTable({ head: ['name', 'x'], rows: [['long-name', 'y']] }, 3);
    expect(text).toContain('long-name');
    expect(text).toContain('y');
  });
});
