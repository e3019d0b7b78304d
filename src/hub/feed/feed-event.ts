// An event of the feed as the hub has it. Subscribers get the form of src/api/feed-event.ts.
import type * as api from '../../api/feed-event.ts';

/** An event of the feed. `place` is where the file really lies, if known: only filters use it. */
export type FeedEvent = api.FeedEvent & { readonly place?: string };

export function isTransfer(event: FeedEvent): event is api.TransferEvent {
  return event.event.startsWith('transfer_');
}
