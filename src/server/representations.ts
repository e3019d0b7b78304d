// What the routes of one server share for presenting files and directories: how
// they are to be cached and coded, and what was computed of them.
import type { Catalogue } from './catalogue.ts';
import { Compressor } from './coding/compressor.ts';
import { FileDigests } from './file-digest.ts';
import { DirectoryNames } from './listing/directory-names.ts';
import { REVALIDATE } from './representation.ts';

export interface RepresentationOptions {
  /** The value of Cache-Control below /files/; `no-cache` unless given. */
  readonly cacheControl?: string | undefined;
  /** Whether text may be sent compressed; true unless given. */
  readonly compress?: boolean | undefined;
  /** URLs below which other servers have the same files; each ends in a slash. */
  readonly mirrors?: readonly string[] | undefined;
}

export interface Representations {
  readonly cacheControl: string;
  readonly compress: boolean;
  readonly mirrors: readonly string[];
  readonly compressor: Compressor;
  readonly digests: FileDigests;
  readonly directories: DirectoryNames;
}

export function createRepresentations(
  { cacheControl = REVALIDATE, compress = true, mirrors = [] }: RepresentationOptions,
  catalogue: Catalogue,
  signal: AbortSignal,
): Representations {
  return {
    cacheControl,
    compress,
    mirrors,
    compressor: new Compressor(),
    digests: new FileDigests(catalogue, signal),
    directories: new DirectoryNames(),
  };
}
