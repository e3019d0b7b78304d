// The parts of a hub that uploads and deletions need.

import type { Access } from '../../hub/access/access.ts';
import type { ChangingHub } from '../../hub/uploads/publication.ts';
import type { Link } from '../../link/link.ts';
import type { OwnAddress } from '../access/own-address.ts';

export interface UploadsHub extends ChangingHub {
  readonly link: Link;
  readonly access: Access;
  readonly address: OwnAddress;
}
