// An event of the feed within the hub, and what tells its kinds apart. What subscribers get of it:
// src/api/feed-event.ts.
import type * as api from '../../api/feed-event.ts';

/** `place` is where the file really lies, if that is known: for filters, never told. */
export type FeedEvent = api.FeedEvent & { readonly place?: string };

export function isTransfer(event: FeedEvent): event is api.TransferEvent {
  return event.event.startsWith('transfer_');
}
