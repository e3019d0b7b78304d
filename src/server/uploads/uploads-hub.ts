// What uploads and deletions need of their hub.

import type { Access } from '../../hub/access/access.ts';
import type { Link } from '../../link/link.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Catalogue } from '../root/catalogue.ts';
import type { ServedRoot } from '../root/served-root.ts';
import type { Uploads } from './uploads.ts';

export interface UploadsHub {
  readonly root: ServedRoot;
  readonly catalogue: Catalogue;
  readonly link: Link;
  readonly access: Access;
  readonly uploads: Uploads;
  readonly emit: Emit;
}
