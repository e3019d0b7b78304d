// What the routes of one running server share.
import type { Link } from '../link/link.ts';
import type { Emit } from '../telemetry/event.ts';
import type { Access } from './access/access.ts';
import type { Catalogue } from './catalogue.ts';
import type { HubEvents } from './events/hub-events.ts';
import type { Health } from './operations/health.ts';
import type { Metrics } from './operations/metrics.ts';
import type { Traffic } from './operations/traffic.ts';
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
  readonly traffic: Traffic;
  readonly health: Health;
  /** Absent when they are not to be seen. */
  readonly metrics: Metrics | undefined;
  readonly events: HubEvents;
}
