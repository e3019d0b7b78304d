// The parts that all routes of a running server share.

import type { Access } from '../../hub/access/access.ts';
import type { Catalogue } from '../../hub/catalogue/catalogue.ts';
import type { HubEvents } from '../../hub/feed/hub-events.ts';
import type { Intermediary } from '../../hub/intermediary/intermediary.ts';
import type { HubSwarm } from '../../hub/swarm/hub-swarm.ts';
import type { Uploads } from '../../hub/uploads/uploads.ts';
import type { Link } from '../../link/link.ts';
import type { Root } from '../../root/root.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Admission } from '../access/admission.ts';
import type { OwnAddress } from '../access/own-address.ts';
import type { Traffic } from '../conversation/traffic.ts';
import type { Health } from '../operations/health.ts';
import type { Metrics } from '../operations/metrics.ts';
import type { Representations } from './representations.ts';

export interface Hub {
  readonly root: Root;
  readonly catalogue: Catalogue;
  readonly link: Link;
  /** Decides who may read, write or delete which path. */
  readonly access: Access;
  readonly admission: Admission;
  readonly address: OwnAddress;
  readonly uploads: Uploads;
  readonly representations: Representations;
  readonly emit: Emit;
  /** Milliseconds for which a client may neither take nor send a byte. */
  readonly stallMs: number;
  readonly traffic: Traffic;
  readonly health: Health;
  /** Undefined if metrics are switched off. */
  readonly metrics: Metrics | undefined;
  readonly events: HubEvents;
  readonly intermediary?: Intermediary | undefined;
  /** Undefined if the hub is no peer. */
  readonly swarm?: HubSwarm | undefined;
}
