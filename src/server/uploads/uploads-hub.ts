// What uploads and deletions need of their hub.

import type { Access } from '../../hub/access/access.ts';
import type { Catalogue } from '../../hub/catalogue/catalogue.ts';
import type { Uploads } from '../../hub/uploads/uploads.ts';
import type { Link } from '../../link/link.ts';
import type { Root } from '../../root/root.ts';
import type { Emit } from '../../telemetry/event.ts';

export interface UploadsHub {
  readonly root: Root;
  readonly catalogue: Catalogue;
  readonly link: Link;
  readonly access: Access;
  readonly uploads: Uploads;
  readonly emit: Emit;
}
