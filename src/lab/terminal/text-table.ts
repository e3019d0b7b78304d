// Tables of plain text that fit a terminal: columns that do not fit go on in a further table
// below, each of which begins with the first column again.
import Table from 'cli-table3';

export type TextCells = (string | number)[];

/** A column's border and the space at both its sides. */
const FRAME = 3;

export interface TextRows {
  readonly head: readonly string[];
  readonly rows: readonly TextCells[];
}

/** @param width characters in a line; exceeded only where two columns alone are wider. */
export function textTable({ head, rows }: TextRows, width: number): string {
  return columnGroups(columnWidths({ head, rows }), width)
    .map((columns) => {
      const drawn = new Table({
        head: columns.map((i) => head[i]!),
        style: { head: [], border: [], compact: true },
        colAligns: columns.map((i) => (i === 0 ? 'left' : 'right')),
      });
      drawn.push(...rows.map((cells) => columns.map((i) => cells[i] ?? '')));
      return drawn.toString();
    })
    .join('\n');
}

/** Whether it is one table at that width. */
export const fitsTable = (table: TextRows, width: number): boolean =>
  columnGroups(columnWidths(table), width).length === 1;

const columnWidths = ({ head, rows }: TextRows): number[] =>
  head.map((name, i) => Math.max(name.length, ...rows.map((row) => String(row[i] ?? '').length)));

function columnGroups(widths: readonly number[], width: number): number[][] {
  const first = (widths[0] ?? 0) + FRAME + 1;
  const groups: number[][] = [[0]];
  let taken = first;
  for (let i = 1; i < widths.length; i++) {
    const wide = widths[i]! + FRAME;
    if (taken + wide > width && groups.at(-1)!.length > 1) {
      groups.push([0]);
      taken = first;
    }
    groups.at(-1)!.push(i);
    taken += wide;
  }
  return groups;
}
