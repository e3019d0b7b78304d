// What uploads and deletions need of their hub.

import type { Access } from '../../hub/access/access.ts';
import type { ChangingHub } from '../../hub/uploads/publication.ts';
import type { Link } from '../../link/link.ts';

export interface UploadsHub extends ChangingHub {
  readonly link: Link;
  readonly access: Access;
}
