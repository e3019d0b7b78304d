// What the routes of one running server share.
import type { Link } from '../link/link.ts';
import type { Emit } from '../telemetry/event.ts';
import type { Catalogue } from './catalogue.ts';
import type { Representations } from './representations.ts';
import type { ServedRoot } from './served-root.ts';

export interface Hub {
  readonly root: ServedRoot;
  readonly catalogue: Catalogue;
  readonly link: Link;
  readonly representations: Representations;
  readonly writable: boolean;
  readonly emit: Emit;
  /** How long a client may take or give nothing. */
  readonly stallMs: number;
}
