import { expect, it } from 'vitest';
import { foreignListingSchema } from '../../../src/api/listing.ts';
import { formatListing } from '../../../src/cli/terminal/listing-table.ts';

const listing = foreignListingSchema.parse({
  path: '/files/',
  entries: [
    { name: 'dir', type: 'directory', url: '/files/dir/', modified: '2026-01-01T00:00:00Z' },
    { name: 'a\x1b[2J.bin', type: 'file', url: '/files/a', size: 2048, cid: 'bafy' },
  ],
});

it('is laid out without the control characters of the names', () => {
  const lines = formatListing(listing).split('\n');
  expect(lines[1]).toMatch(/^dir\/ +2026-01-01T00:00:00Z/);
  expect(lines[2]).toMatch(/^a\?\[2J\.bin +2 KiB +bafy/);
});

it('leaves out the CIDs where they do not fit, and says so', () => {
  expect(formatListing(listing, 60)).toContain('bafy');
  const narrow = formatListing(listing, 43);
  expect(narrow).not.toContain('bafy');
  expect(narrow.split('\n').at(-1)).toBe('CIDs do not fit here; --json has them');
});
