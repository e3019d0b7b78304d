// Lays a hub's listing out in columns.
import Table from 'cli-table3';
import prettyBytes from 'pretty-bytes';
import type { ForeignListing } from '../../api/listing.ts';
import { showText } from '../../runtime/shown-text.ts';

/**
 * Lays the listing out as a table; without the CIDs if a row would be wider than `width`.
 *
 * @param width characters of a terminal's line; Infinity for a pipe
 */
export function formatListing(listing: ForeignListing, width = Number.POSITIVE_INFINITY): string {
  const whole = drawListing(listing, true);
  if (whole.split('\n').every((line) => line.trimEnd().length <= width)) return whole;
  return `${drawListing(listing, false)}\nCIDs do not fit here; --json has them`;
}

function drawListing(listing: ForeignListing, cids: boolean): string {
  const table = new Table({
    head: ['name', 'size', 'modified', ...(cids ? ['CID'] : [])],
    colAligns: ['left', 'right', 'left', 'left'],
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
    chars: NO_BORDERS,
  });
  for (const { name, type, size, modified, cid } of listing.entries) {
    table.push([
      showText(name) + (type === 'directory' ? '/' : ''),
      size === undefined ? '' : prettyBytes(size, { binary: true }),
      showText(modified ?? ''),
      ...(cids ? [showText(cid ?? '')] : []),
    ]);
  }
  return listing.truncated ? `${table.toString()}\n... and more` : table.toString();
}

export const NO_BORDERS = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left'],
    ...['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((part) => [part, '']),
);
