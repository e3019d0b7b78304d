// Keeps unfinished uploads: their records, their expiry, and their shares of the quota, each held
// from creation to end. All state lies in the root (root/unfinished.ts), so that a restarted hub,
// or another hub over the same root, goes on. Expired uploads are removed.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Unfinished, UploadData, UploadLock } from '../../root/unfinished.ts';
import { Refusal } from '../../runtime/refusal.ts';
import type { Emit } from '../../telemetry/event.ts';
import { Deadlines } from './deadlines.ts';
import type { Quota } from './quota.ts';
import { offsetOf, parseRecord, type UploadRecord } from './upload-record.ts';
import { UploadShare } from './upload-share.ts';
import { tableIsFull, UploadTable } from './upload-table.ts';

/**
 * Time for which the record of a published upload is kept, for a client that lost the last answer.
 * Chosen.
 */
const PUBLISHED_KEPT_MS = 3_600_000;
/**
 * Time for which a part is kept after it was joined, for a client that lost the answer and joins
 * again. Chosen.
 */
const JOINED_KEPT_MS = 600_000;
const SWEEP_EVERY_MS = 60_000;

export interface UploadStoreOptions {
  readonly unfinished: Unfinished;
  readonly quota: Quota;
  readonly expireMs: number;
  /** Most unfinished uploads. */
  readonly most?: number | undefined;
  readonly emit: Emit;
}

export interface StoredUpload {
  readonly id: string;
  readonly record: UploadRecord;
  /** Number of bytes that count. */
  readonly offset: number;
}

export class UploadStore {
  readonly #options: UploadStoreOptions;
  readonly #unfinished: Unfinished;
  /** Uploads that are not published, as far as this process knows them. */
  readonly #table: UploadTable;
  readonly #deadlines = new Deadlines();

  constructor(options: UploadStoreOptions) {
    this.#options = options;
    this.#unfinished = options.unfinished;
    this.#table = new UploadTable(options.most);
  }

  /** Opens the bytes of an upload. The caller closes them. @throws Refusal ERR_NOT_FOUND */
  open({ id }: Pick<StoredUpload, 'id'>): Promise<UploadData> {
    return this.#unfinished.open(id);
  }

  /** @throws Refusal ERR_DISK_FULL if the disk has no room for so many bytes more */
  checkRoom(bytes: number): Promise<void> {
    return this.#unfinished.checkRoom(bytes);
  }

  /** @throws Refusal ERR_BUSY for too many, ERR_QUOTA, ERR_DISK_FULL */
  async create(
    facts: Pick<
      UploadRecord,
      'length' | 'metadata' | 'concat' | 'owner' | 'client' | 'conditions'
    > & {
      /** Names of the target; undefined: the upload is named by its id. */
      readonly named: readonly string[] | undefined;
    },
  ): Promise<StoredUpload> {
    await this.#makeRoom();
    // 128 random bits: anybody who knows an upload's URL may write to it.
    const id = randomBytes(16).toString('hex');
    const share = new UploadShare(this.#options.quota, facts.length ?? 0);
    this.#table.add(id, facts.client, share);
    try {
      const { named, ...told } = facts;
      // A part has no target of its own.
      const target = told.concat === 'partial' ? undefined : [...(named ?? [id])];
      await this.#unfinished.create(id, target);
      const record: UploadRecord = {
        version: 1,
        ...told,
        target: target ?? null,
        expiresMs: this.#deadlines.set(id, this.#options.expireMs),
        syncedBytes: 0,
        boot: await this.#unfinished.boot,
        uncheckedFrom: null,
        state: 'open',
      };
      await this.#write(id, record);
      return { id, record, offset: 0 };
    } catch (error) {
      await this.remove(id).catch(() => undefined);
      throw error;
    }
  }

  /** @throws Refusal ERR_NOT_FOUND, ERR_EXPIRED when it has expired */
  async load(id: string): Promise<StoredUpload> {
    const found = await this.#read(id);
    if (!found) throw new Refusal('ERR_NOT_FOUND', 'no such upload; it may have expired');
    if (this.#deadlines.leftMs(id, found.record.expiresMs) > 0) return found;
    await this.#expire(found);
    throw new Refusal('ERR_EXPIRED', 'the upload has expired');
  }

  /** Replaces the record, and moves its expiry on. Resolves to the stored upload. */
  async save(
    { id, record }: StoredUpload,
    changes: Partial<UploadRecord>,
    offset: number,
  ): Promise<StoredUpload> {
    const published = (changes.state ?? record.state) === 'published';
    const keepMs = published ? PUBLISHED_KEPT_MS : this.#options.expireMs;
    const next = { ...record, ...changes, expiresMs: this.#deadlines.set(id, keepMs) };
    await this.#write(id, next);
    if (published) this.#table.release(id);
    return { id, record: next, offset };
  }

  /**
   * Must be called before bytes are appended.
   *
   * @throws Refusal ERR_QUOTA if the room for the rest was given to others meanwhile
   * @param checked whether bytes count only after a checksum was compared
   */
  async begin(upload: StoredUpload, checked: boolean): Promise<StoredUpload> {
    const { offset } = upload;
    (await this.#shareOf(upload)).begin(offset);
    const uncheckedFrom = checked ? offset : null;
    const boot = await this.#unfinished.boot;
    return this.save(upload, { boot, syncedBytes: offset, uncheckedFrom }, offset);
  }

  /** Keeps a part for a shorter time, since its bytes are in a published file. */
  async retire({ id, record }: StoredUpload): Promise<void> {
    const leftMs = this.#deadlines.leftMs(id, record.expiresMs);
    const expiresMs = this.#deadlines.set(id, Math.min(leftMs, JOINED_KEPT_MS));
    await this.#write(id, { ...record, expiresMs });
  }

  /**
   * Sets the length of an upload that was made without one.
   *
   * @throws Refusal ERR_QUOTA
   */
  async declare(upload: StoredUpload, length: number): Promise<StoredUpload> {
    (await this.#shareOf(upload)).declare(length);
    return this.save(upload, { length }, upload.offset);
  }

  /** Must be called as bytes come. @throws Refusal ERR_QUOTA if the quota has no room for so many of it */
  cover(id: string, offset: number): void {
    this.#table.touch(id);
    this.#table.share(id)?.cover(offset);
  }

  /** @throws Refusal ERR_NOT_FOUND, ERR_LOCKED */
  async lock(id: string): Promise<UploadLock> {
    const lock = await this.#unfinished.lock(id);
    if (lock) return lock;
    throw new Refusal('ERR_LOCKED', 'another request writes to this upload; try again', {
      retryAfterMs: 1000,
    });
  }

  async remove(id: string): Promise<void> {
    await this.#unfinished.remove(id);
    this.#deadlines.delete(id);
    this.#table.release(id);
  }

  /** Takes up the uploads in the root, and removes those that have expired. Never throws. */
  async takeUp(signal?: AbortSignal): Promise<void> {
    for (const id of await this.#unfinished.ids()) {
      if (signal?.aborted) return;
      await this.#look(id).catch(() => undefined);
    }
  }

  /** Removes expired uploads again and again, until the signal aborts. */
  async sweep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.takeUp(signal);
      const pauseMs = Math.min(SWEEP_EVERY_MS, this.#options.expireMs);
      await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #look(id: string): Promise<void> {
    const found = await this.#read(id);
    if (found === undefined) {
      if (this.#table.share(id)) return;
      // Another process makes it, or a crash interrupted its making or removal.
      const changedMs = await this.#unfinished.changedMs(id);
      if (Math.abs(Date.now() - changedMs) > this.#options.expireMs) await this.remove(id);
      return;
    }
    const { expiresMs } = found.record;
    const leftMs = this.#deadlines.leftMs(id, expiresMs);
    if (leftMs <= 0) return this.#expire(found);
    // The clock was set back, and without this the upload would stay for as long; or set forward,
    // and the next process would take it for expired.
    const isOdd = leftMs > Math.max(this.#options.expireMs, PUBLISHED_KEPT_MS);
    if (isOdd || expiresMs <= Date.now()) await this.#renew(id);
    if (found.record.state === 'open') (await this.#shareOf(found)).review(found.offset);
  }

  /** Another process, or an earlier one, may have made the upload. @throws Refusal ERR_QUOTA */
  async #shareOf({ id, record, offset }: StoredUpload): Promise<UploadShare> {
    const stillMs = Math.abs(Date.now() - (await this.#unfinished.changedMs(id)));
    const known = this.#table.share(id);
    if (known) return known;
    const share = new UploadShare(this.#options.quota, record.length ?? offset, offset, stillMs);
    this.#table.add(id, record.client, share, stillMs);
    return share;
  }

  /** Lets the upload expire as if it had been written to now. */
  async #renew(id: string): Promise<void> {
    // A writer that holds the lock moves the expiry itself.
    const lock = await this.#unfinished.lock(id);
    if (!lock) return;
    try {
      const found = await this.#read(id);
      if (found) await this.save(found, {}, found.offset);
    } finally {
      await lock.release();
    }
  }

  /** @throws Refusal ERR_BUSY if no upload gives way to another */
  async #makeRoom(): Promise<void> {
    if (!this.#table.isFull) return;
    for (const id of this.#table.giveWay()) {
      const found = await this.#read(id);
      if (found) await this.#expire(found);
      else this.#table.release(id);
      if (!this.#table.isFull) return;
    }
    throw tableIsFull();
  }

  async #expire({ id, record, offset }: StoredUpload): Promise<void> {
    // A writer that still holds the lock moves the expiry on.
    const lock = await this.#unfinished.lock(id);
    if (!lock) return;
    await this.remove(id);
    await lock.release();
    if (record.state === 'open') this.#options.emit({ event: 'upload_expired', bytes: offset });
  }

  async #read(id: string): Promise<StoredUpload | undefined> {
    const text = await this.#unfinished.record(id);
    const record = text === undefined ? undefined : parseRecord(text);
    if (!record) return undefined;
    const bytes = await this.#unfinished.dataBytes(id);
    return { id, record, offset: offsetOf(record, bytes, await this.#unfinished.boot) };
  }

  #write(id: string, record: UploadRecord): Promise<void> {
    return this.#unfinished.setRecord(id, JSON.stringify(record));
  }
}
