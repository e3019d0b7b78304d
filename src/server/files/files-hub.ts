// The parts of a hub that the answers of files need.

import type { Access } from '../../hub/access/access.ts';
import type { Catalogue } from '../../hub/catalogue/catalogue.ts';
import type { Link } from '../../link/link.ts';
import type { Root } from '../../root/root.ts';
import type { CheckedSiblings } from '../answer/checked-siblings.ts';
import type { Compressor } from '../answer/compressor.ts';
import type { FileDigests } from '../answer/file-digest.ts';

export interface FilesHub {
  readonly root: Root;
  readonly catalogue: Catalogue;
  readonly link: Link;
  readonly access: Access;
  readonly representations: FileRepresentations;
}

export interface FileRepresentations {
  /** The value of Cache-Control. */
  readonly cacheControl: string;
  /** Whether text is compressed for clients that accept it. */
  readonly compress: boolean;
  /** Whether a directory is answered with its index.html in place of its listing. */
  readonly index: boolean;
  /** URLs below which other servers have the same files; each ends in a slash. */
  readonly mirrors: readonly string[];
  readonly compressor: Compressor;
  /** Compressed files beside files; undefined unless enabled. */
  readonly siblings: CheckedSiblings | undefined;
  readonly digests: FileDigests;
}
