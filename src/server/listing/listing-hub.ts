// The parts of a hub that listings need.

import type { Access } from '../../hub/access/access.ts';
import type { Catalogue } from '../../hub/catalogue/catalogue.ts';
import type { DirectoryNames } from '../../hub/catalogue/directory-names.ts';
import type { Link } from '../../link/link.ts';
import type { Root } from '../../root/root.ts';
import type { Compressor } from '../answer/compressor.ts';
import type { ListingLanes } from './listing-lanes.ts';

export interface ListingHub {
  readonly root: Root;
  readonly catalogue: Catalogue;
  readonly link: Link;
  readonly access: Access;
  readonly representations: ListingRepresentations;
}

export interface ListingRepresentations {
  /** Whether listings are compressed for clients that accept it. */
  readonly compress: boolean;
  readonly compressor: Compressor;
  readonly directories: DirectoryNames;
  readonly listings: ListingLanes;
}
