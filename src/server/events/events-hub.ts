// The parts of a hub that the answers of events need.
import type { Access } from '../../hub/access/access.ts';
import type { HubEvents } from '../../hub/feed/hub-events.ts';

export interface EventsHub {
  readonly events: HubEvents;
  readonly access: Access;
}
