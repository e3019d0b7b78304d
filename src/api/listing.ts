// A hub's listing of a directory, one page of it: JSON of GET /files/<directory>/.
import { z } from 'zod';
import { listOf, readableOf } from './list-of.ts';

const listedEntrySchema = z.object({
  name: z.string(),
  type: z.enum(['file', 'directory']),
  /** Bytes of a file. */
  size: z.number().nonnegative().optional(),
  /** ISO 8601. */
  modified: z.string(),
  /** True for a file that can be run. */
  executable: z.boolean().optional(),
  /** Root CID, if the hub has hashed this version. */
  cid: z.string().optional(),
  /** True for a symbolic link; the other fields describe its target. */
  link: z.boolean().optional(),
  /**
   * Reference from the listing's own URL, escaped; the path of a directory ends in a slash. Hubs
   * up to 0.2 name a path on the hub.
   */
  url: z.string(),
});

export const listingSchema = z.object({
  /** Which directory it is: its path on the hub, escaped, ends in a slash. No reference. */
  path: z.string(),
  /** ISO 8601: when the directory itself was last changed. */
  modified: z.string(),
  /** Counts from 1. */
  page: z.number(),
  pages: z.number(),
  /** Entries on all pages; links that will be left out are counted. */
  total: z.number(),
  /** Whether the directory has more entries than are listed here. */
  truncated: z.boolean(),
  /** The next page, as a reference from the listing's own URL. */
  next: z.string().optional(),
  /** True if entries are left out, here or on another page: they may be there all the same. */
  incomplete: z.boolean().optional(),
  entries: listOf(listedEntrySchema),
});

export type ListedEntry = z.infer<typeof listedEntrySchema>;
export type Listing = z.infer<typeof listingSchema>;

/** An entry as a client takes it: what it can do without may be missing, or make no sense. */
const foreignEntrySchema = listedEntrySchema.extend({
  size: listedEntrySchema.shape.size.catch(undefined),
  modified: z.string().optional().catch(undefined),
  executable: listedEntrySchema.shape.executable.catch(undefined),
  cid: listedEntrySchema.shape.cid.catch(undefined),
  // Links are entered with more care.
  link: listedEntrySchema.shape.link.catch(true),
  url: z.string().catch(''),
});

/** A listing as a client takes it, without the entries that it cannot read. */
export const foreignListingSchema = listingSchema
  .omit({ page: true, pages: true, total: true })
  .partial({ truncated: true, modified: true })
  .extend({ entries: readableOf(foreignEntrySchema) });

export type ForeignListing = z.infer<typeof foreignListingSchema>;
