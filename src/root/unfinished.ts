// Port, a part of root.ts: uploads whose bytes come in several requests. They are kept under an
// id between those, and when the process ends, so that another goes on. What their records say
// is the hub's matter.

/** The one writer of an upload, among all processes that share the root. */
export interface UploadLock {
  /** Aborts when another may have taken the lock over. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** The bytes of an upload that is open. The caller closes it. */
export interface UploadData {
  /** Fills `into` from that byte on, or a part of it; resolves to how much, 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** All of these chunks, one after another from that position. @throws Refusal ERR_DISK_FULL */
  write(chunks: readonly Uint8Array[], position: number): Promise<void>;
  size(): Promise<number>;
  /** Drops what lies behind. */
  truncate(bytes: number): Promise<void>;
  /** What was written survives a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface Unfinished {
  /** Bytes that were written count unsynced as long as this stays the same; '' for never. */
  readonly boot: Promise<string>;
  /** Of all that are kept. */
  ids(): Promise<readonly string[]>;
  /** Without bytes, and without a record. */
  create(id: string): Promise<void>;
  record(id: string): Promise<string | undefined>;
  /** Replaces it in one step. */
  setRecord(id: string, text: string): Promise<void>;
  /** Undefined when it has none any more: they were published. */
  dataBytes(id: string): Promise<number | undefined>;
  /** When something was last made or removed in it; milliseconds since the epoch. */
  changedMs(id: string): Promise<number>;
  /** @throws Refusal ERR_NOT_FOUND */
  open(id: string): Promise<UploadData>;
  /** Undefined when another holds it. @throws Refusal ERR_NOT_FOUND */
  lock(id: string): Promise<UploadLock | undefined>;
  remove(id: string): Promise<void>;
  /** @throws Refusal ERR_DISK_FULL when there is no room for so many bytes more */
  checkRoom(bytes: number): Promise<void>;
}
