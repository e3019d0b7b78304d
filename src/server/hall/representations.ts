// How the routes of a server present files and directories: caching, coding, and the forms that
// were computed.

import type { Catalogue } from '../../hub/catalogue/catalogue.ts';
import { DirectoryNames } from '../../hub/catalogue/directory-names.ts';
import { CheckedSiblings } from '../answer/checked-siblings.ts';
import { Compressor } from '../answer/compressor.ts';
import { FileDigests } from '../answer/file-digest.ts';
import { REVALIDATE } from '../answer/representation.ts';
import type { FileRepresentations } from '../files/files-hub.ts';
import type { ListingRepresentations } from '../listing/listing-hub.ts';
import { ListingLanes } from '../listing/listing-lanes.ts';

export interface RepresentationOptions {
  /** The value of Cache-Control below /files/; `no-cache` unless given. */
  readonly cacheControl?: string | undefined;
  /** Whether text is compressed for clients that accept it; true unless given. */
  readonly compress?: boolean | undefined;
  /** Whether compressed files beside a text are sent in its place; false unless given. */
  readonly precompressed?: boolean | undefined;
  /** Whether a directory is answered with its index.html in place of its listing; false unless given. */
  readonly index?: boolean | undefined;
  /** URLs below which other servers have the same files; each ends in a slash. */
  readonly mirrors?: readonly string[] | undefined;
}

export type Representations = FileRepresentations & ListingRepresentations;

export function createRepresentations(
  options: RepresentationOptions,
  catalogue: Catalogue,
  signal: AbortSignal,
): Representations {
  const { cacheControl = REVALIDATE, compress = true, precompressed } = options;
  const { index = false, mirrors = [] } = options;
  return {
    cacheControl,
    compress,
    index,
    mirrors,
    compressor: new Compressor(),
    siblings: precompressed ? new CheckedSiblings(catalogue, signal) : undefined,
    digests: new FileDigests(catalogue, signal),
    directories: new DirectoryNames(),
    listings: new ListingLanes(),
  };
}
