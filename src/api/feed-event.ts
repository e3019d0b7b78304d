// What subscribers to a hub's /events are told, one JSON object for each event, over SSE,
// WebSocket and long polling alike. Files are facts: they have an id, are kept for a while and
// never told twice. The progress of a transfer is a state: it has no id, is not kept, and the next
// one replaces it.
import { z } from 'zod';

const place = {
  /** Below the root, begins with a slash, not escaped. */
  path: z.string(),
  /** The file as a reference from the URL of /events, escaped. */
  url: z.string(),
};

const fileAppearedSchema = z.object({
  event: z.enum(['file_added', 'file_changed']),
  ...place,
  bytes: z.number(),
  /** ISO 8601. */
  modified: z.string(),
  /** Root CID, if the hub has hashed this version. */
  cid: z.string().optional(),
});

const fileDeletedSchema = z.object({ event: z.literal('file_deleted'), ...place });

/** Only for transfers that take longer than a moment. */
const transferSchema = z.object({
  event: z.enum(['transfer_progressed', 'transfer_finished', 'transfer_aborted']),
  ...place,
  /** The same in all events of one transfer. */
  transfer: z.number(),
  direction: z.enum(['download', 'upload']),
  bytes: z.number(),
  /** Bytes of the file, if known. */
  total: z.number().optional(),
});

/** The events after an id cannot be told any more: look at the listing, then go on. */
const resetSchema = z.object({ event: z.literal('reset'), reason: z.string() });

/** An event as the hub makes it; told with `time`, and with `id` if it is kept. */
export const feedEventSchema = z.union([fileAppearedSchema, fileDeletedSchema, transferSchema]);

export type FeedEvent = z.infer<typeof feedEventSchema>;
export type TransferEvent = z.infer<typeof transferSchema>;
export type Reset = z.infer<typeof resetSchema>;

/** An event as a client takes it: events and fields of other versions are passed on. */
export const foreignEventSchema = z.looseObject({
  event: z.string().max(64),
  /** Absent if the event cannot be asked for again. */
  id: z.string().max(128).optional(),
  /** ISO 8601. */
  time: z.string().max(64).optional(),
  path: place.path.optional(),
  bytes: transferSchema.shape.bytes.optional(),
  total: transferSchema.shape.total,
  reason: resetSchema.shape.reason.optional(),
});

export type ForeignEvent = z.infer<typeof foreignEventSchema>;
