// Unfinished uploads on the disk: `.hubswarm/uploads/<id>/` below the root, with
// the bytes (`data`), what is known of them (`record.json`, replaced in one step)
// and the writer's lock. All state is there, so that a restarted hub, or another
// one over the same root, goes on. The root never serves hidden names. What expired
// is swept away; a share of the quota is held from the creation to the end.
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Quota, Reservation } from '../../hub/quota.ts';
import type { HubswarmError } from '../../runtime/errors.ts';
import { makeDirectory } from '../../runtime/node/make-directory.ts';
import { fileRefusal, Refusal } from '../../runtime/refusal.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { ServedRoot } from '../root/served-root.ts';
import { lockUpload, type UploadLock } from './upload-lock.ts';
import { bootId, offsetOf, parseRecord, type UploadRecord } from './upload-record.ts';

/** Chosen: each may hold a file descriptor only while bytes come, so that disk is what they cost. */
const MAX_UNFINISHED = 10_000;
/** Chosen: the record of a published upload answers a client whose last answer was lost. */
const PUBLISHED_KEPT_MS = 3_600_000;
/** Chosen: a client whose answer was lost asks for the final upload again before that. */
const JOINED_KEPT_MS = 600_000;
const SWEEP_EVERY_MS = 60_000;

export interface UploadStoreOptions {
  readonly root: ServedRoot;
  readonly quota: Quota;
  readonly expireMs: number;
  readonly emit: Emit;
}

export interface StoredUpload {
  readonly id: string;
  readonly record: UploadRecord;
  /** How many bytes count. */
  readonly offset: number;
}

export class UploadStore {
  static readonly DIRECTORY = join('.hubswarm', 'uploads');

  readonly #options: UploadStoreOptions;
  readonly #path: string;
  /** Of the uploads that are not published, as far as they are known here. */
  readonly #shares = new Map<string, Reservation>();

  constructor(options: UploadStoreOptions) {
    this.#options = options;
    this.#path = join(options.root.path, UploadStore.DIRECTORY);
  }

  directoryOf(id: string): string {
    return join(this.#path, id);
  }

  dataPath(id: string): string {
    return join(this.#path, id, 'data');
  }

  /** @throws Refusal ERR_BUSY for too many, ERR_QUOTA, ERR_DISK_FULL */
  async create(
    facts: Pick<UploadRecord, 'length' | 'metadata' | 'concat' | 'conditions'> & {
      /** Without a name it is called by its id. */
      readonly named: readonly string[] | undefined;
    },
  ): Promise<StoredUpload> {
    if (this.#shares.size >= MAX_UNFINISHED) {
      throw new Refusal('ERR_BUSY', 'too many unfinished uploads; try again later', {
        retryAfterMs: 60_000,
      });
    }
    // 128 bits: who knows the URL of an upload may write to it.
    const id = randomBytes(16).toString('hex');
    const share = this.#options.quota.reserve(facts.length ?? 0);
    this.#shares.set(id, share);
    try {
      await makeDirectory(this.#path, 0o700);
      await mkdir(this.directoryOf(id), { mode: 0o700 });
      await (await open(this.dataPath(id), 'wx')).close();
      const { named, ...told } = facts;
      const record: UploadRecord = {
        version: 1,
        ...told,
        // A part goes nowhere by itself.
        target: told.concat === 'partial' ? null : [...(named ?? [id])],
        expiresMs: Date.now() + this.#options.expireMs,
        syncedBytes: 0,
        boot: await bootId,
        uncheckedFrom: null,
        state: 'open',
      };
      await this.#write(id, record);
      return { id, record, offset: 0 };
    } catch (error) {
      await this.remove(id).catch(() => undefined);
      throw error instanceof Refusal ? error : fileRefusal((error as HubswarmError).cause ?? error);
    }
  }

  /** @throws Refusal ERR_NOT_FOUND, ERR_EXPIRED when it has expired */
  async load(id: string): Promise<StoredUpload> {
    const found = await this.#read(id);
    if (!found) throw new Refusal('ERR_NOT_FOUND', 'no such upload; it may have expired');
    if (found.record.expiresMs > Date.now()) return found;
    await this.#expire(found);
    throw new Refusal('ERR_EXPIRED', 'the upload has expired');
  }

  /** Replaces the record, and puts its expiry off. Resolves to what is stored now. */
  async save(
    { id, record }: StoredUpload,
    changes: Partial<UploadRecord>,
    offset: number,
  ): Promise<StoredUpload> {
    const published = (changes.state ?? record.state) === 'published';
    const keepMs = published ? PUBLISHED_KEPT_MS : this.#options.expireMs;
    const next = { ...record, ...changes, expiresMs: Date.now() + keepMs };
    await this.#write(id, next);
    if (published) this.#release(id);
    return { id, record: next, offset };
  }

  /** A part whose bytes are in a published file need not be kept for long. */
  async retire({ id, record }: StoredUpload): Promise<void> {
    const expiresMs = Math.min(record.expiresMs, Date.now() + JOINED_KEPT_MS);
    await this.#write(id, { ...record, expiresMs });
  }

  /** @throws Refusal ERR_QUOTA when it has no room for so many bytes of it */
  cover(id: string, bytes: number): void {
    const share = this.#shares.get(id) ?? this.#options.quota.reserve(0);
    this.#shares.set(id, share);
    share.cover(bytes);
  }

  /** @throws Refusal ERR_NOT_FOUND, ERR_LOCKED */
  async lock(id: string): Promise<UploadLock> {
    let lock: UploadLock | undefined;
    try {
      lock = await lockUpload(this.directoryOf(id));
    } catch (error) {
      throw fileRefusal(error);
    }
    if (lock) return lock;
    throw new Refusal('ERR_LOCKED', 'another request writes to this upload; try again', {
      retryAfterMs: 1000,
    });
  }

  async remove(id: string): Promise<void> {
    // Another request may be trying for the lock, and leave a file there while this goes.
    await rm(this.directoryOf(id), { recursive: true, force: true, maxRetries: 5, retryDelay: 10 });
    this.#release(id);
  }

  /** Takes up what lies there and removes what has expired. Never throws. */
  async takeUp(signal?: AbortSignal): Promise<void> {
    for (const id of await this.#ids()) {
      if (signal?.aborted) return;
      await this.#look(id).catch(() => undefined);
    }
  }

  /** Does so again and again, until the signal. */
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
      // Being made, or what a crash left of making or removing it.
      const { mtimeMs } = await stat(this.directoryOf(id));
      if (Date.now() - mtimeMs > this.#options.expireMs) await this.remove(id);
    } else if (found.record.expiresMs <= Date.now()) await this.#expire(found);
    else if (found.record.state === 'open') {
      this.cover(id, found.record.length ?? found.offset);
    }
  }

  async #expire({ id, record, offset }: StoredUpload): Promise<void> {
    // Whoever still writes to it puts its expiry off.
    const lock = await lockUpload(this.directoryOf(id));
    if (!lock) return;
    await this.remove(id);
    await lock.release();
    if (record.state === 'open') this.#options.emit({ event: 'upload_expired', bytes: offset });
  }

  async #ids(): Promise<string[]> {
    const names = await readdir(this.#path).catch(() => []);
    return names.filter((name) => /^[0-9a-f]{32}$/.test(name));
  }

  async #read(id: string): Promise<StoredUpload | undefined> {
    const directory = this.directoryOf(id);
    const text = await readFile(join(directory, 'record.json'), 'utf8').catch(() => undefined);
    const record = text === undefined ? undefined : parseRecord(text);
    if (!record) return undefined;
    const data = await stat(this.dataPath(id)).catch(() => undefined);
    return { id, record, offset: offsetOf(record, data?.size, await bootId) };
  }

  async #write(id: string, record: UploadRecord): Promise<void> {
    const directory = this.directoryOf(id);
    const temporary = join(directory, `.record.${randomBytes(4).toString('hex')}`);
    try {
      const handle = await open(temporary, 'wx', 0o600);
      try {
        await handle.writeFile(JSON.stringify(record));
        // A name must not be on the disk before what it names.
        await handle.datasync();
      } finally {
        await handle.close();
      }
      await rename(temporary, join(directory, 'record.json'));
    } catch (error) {
      await rm(temporary, { force: true });
      throw fileRefusal(error);
    }
  }

  #release(id: string): void {
    this.#shares.get(id)?.release();
    this.#shares.delete(id);
  }
}
