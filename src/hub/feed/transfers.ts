// Port: transfers under way, as a face of the hub sees them (HTTP: server/events/transfer-watch.ts).
import type { TransferEvent } from '../../api/feed-event.ts';
import type { Event } from '../../telemetry/event.ts';

export interface Transfers {
  /** Watches, until stop(). @param publish gets what subscribers are told */
  start(publish: (event: TransferEvent) => void): void;
  /** Gets each event of the hub: some say that a transfer has ended. */
  handleEvent(event: Event): void;
  stop(): void;
}
