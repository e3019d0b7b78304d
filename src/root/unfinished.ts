// Port, a part of root.ts: uploads whose bytes come in several requests. Between requests, and when
// the process ends, they are kept under an id, so that another process goes on. The hub decides
// what their records say.

/** The one writer of an upload, among all processes that share the root. */
export interface UploadLock {
  /** Aborts when another process may have taken the lock. */
  readonly lost: AbortSignal;
  /**
   * Must be called before each write: this process may have stood still since the last one, and
   * another may have taken the lock meanwhile. Undefined if that cannot be.
   *
   * @throws Refusal ERR_LOCKED
   */
  confirm(): Promise<void> | undefined;
  release(): Promise<void>;
}

/** The bytes of an upload that is open. The caller closes it. */
export interface UploadData {
  /**
   * Reads into `into` from that position on. Resolves to the number of bytes read: fewer than fit,
   * or 0 at the end.
   */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all chunks, one after another from that position. @throws Refusal ERR_DISK_FULL */
  write(chunks: readonly Uint8Array[], position: number): Promise<void>;
  size(): Promise<number>;
  /** Drops all bytes from that position on. */
  truncate(bytes: number): Promise<void>;
  /** Resolves when the written bytes survive a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface Unfinished {
  /**
   * Identifies this boot of the machine. Bytes not synced count only in the same boot; '' for
   * never.
   */
  readonly boot: Promise<string>;
  /** Ids of all kept uploads. */
  ids(): Promise<readonly string[]>;
  /**
   * Begins an upload without bytes and without a record.
   *
   * @param target names that its bytes will get; undefined for a part, whose bytes are copied. An
   * object store names its object when an upload begins (S3: CreateMultipartUpload).
   */
  create(id: string, target: readonly string[] | undefined): Promise<void>;
  record(id: string): Promise<string | undefined>;
  /** Replaces the record in one step. */
  setRecord(id: string, text: string): Promise<void>;
  /** Number of the upload's bytes; undefined if they were published. */
  dataBytes(id: string): Promise<number | undefined>;
  /** Time of the last change to its directory, in milliseconds since the epoch. */
  changedMs(id: string): Promise<number>;
  /** @throws Refusal ERR_NOT_FOUND */
  open(id: string): Promise<UploadData>;
  /** Locks the upload; undefined if another process holds it. @throws Refusal ERR_NOT_FOUND */
  lock(id: string): Promise<UploadLock | undefined>;
  remove(id: string): Promise<void>;
  /** @throws Refusal ERR_DISK_FULL if there is no room for so many bytes more */
  checkRoom(bytes: number): Promise<void>;
}
