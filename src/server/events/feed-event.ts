// What subscribers are told, as JSON of one event each:
//   { "id": "<epoch>-<n>", "time": ISO 8601, "event": ..., "path": "/dir/name", "url": "/files/dir/name", ... }
// Files are facts: numbered, kept for a while, never told twice. The progress of a
// transfer is a state: it has no id, is not kept, and the next one replaces it.

interface About {
  /** Below the root, begins with a slash, not escaped. */
  readonly path: string;
  /** The same as a path on this server, escaped. */
  readonly url: string;
  /** Where it really lies, when that is known; for filters, never told. */
  readonly place?: string;
}

interface FileAppeared extends About {
  readonly event: 'file_added' | 'file_changed';
  readonly bytes: number;
  /** ISO 8601. */
  readonly modified: string;
  /** When the hub has hashed this version already. */
  readonly cid?: string;
}

interface FileDeleted extends About {
  readonly event: 'file_deleted';
}

/** Only of transfers that take longer than a moment (transfer-watch.ts). */
export interface TransferEvent extends About {
  readonly event: 'transfer_progressed' | 'transfer_finished' | 'transfer_aborted';
  /** The same in all events of one transfer. */
  readonly transfer: number;
  readonly direction: 'download' | 'upload';
  readonly bytes: number;
  /** When it is known. */
  readonly total?: number;
}

export type FeedEvent = FileAppeared | FileDeleted | TransferEvent;

/** The events between two ids cannot be told any more: look at the listing, then go on. */
export interface Reset {
  readonly event: 'reset';
  readonly reason: string;
}

export function isTransfer(event: FeedEvent): event is TransferEvent {
  return event.event.startsWith('transfer_');
}
