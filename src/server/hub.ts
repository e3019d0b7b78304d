// What the routes of one running server share.
import type { Link } from '../link/link.ts';
import type { Emit } from '../telemetry/event.ts';
import type { Access } from './access/access.ts';
import type { Catalogue } from './catalogue.ts';
import type { Representations } from './representations.ts';
import type { ServedRoot } from './served-root.ts';
import type { Uploads } from './uploads.ts';

export interface Hub {
  readonly root: ServedRoot;
  readonly catalogue: Catalogue;
  readonly link: Link;
  /** Who may read, write or delete which path. */
  readonly access: Access;
  readonly uploads: Uploads;
  readonly representations: Representations;
  readonly emit: Emit;
  /** How long a client may take or give nothing. */
  readonly stallMs: number;
}
