// Remembers what the files of one share hashed to, so that sharing them again reads only those that
// have changed since. It is a cache, one file for each path that is shared: an entry counts only
// for a file with its stamp (stamp-age.ts), and a record that is missing, torn or of another piece
// length counts for nothing.
import { createHash } from 'node:crypto';
import { readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { DIGEST_LENGTH } from '../../content/manifest.ts';
import { forgetOldest } from '../../runtime/node/forget-oldest.ts';
import { makeDirectory } from '../../runtime/node/make-directory.ts';
import { readSmall, writeWhole } from '../../runtime/node/small-file.ts';

/** Content of fewer bytes and files is hashed, or fetched, as fast as a record is written. Chosen. */
const FEW_BYTES = 2 ** 16;
const FEW_FILES = 16;
/** Most records, and bytes of all: that of 1 TiB in pieces of 1 MiB has 45 MB. Chosen. */
const MOST_RECORDS = 256;
const MOST_BYTES = 256 * 2 ** 20;
/** Most bytes of records that are looked through for one download. Chosen. */
const MOST_SEARCHED = 64 * 2 ** 20;

/** Bytes hashed after which the record is saved before the end, and their share of all. Chosen. */
const SAVE_AFTER_BYTES = 256 * 2 ** 20;
const SAVE_AFTER_SHARE = 0.1;

interface Entry {
  readonly stamp: string;
  /** Digests of the pieces, in base64. */
  readonly digests: string;
}

/** As it lies on the disk, after a line with its own digest. */
interface Stored {
  readonly pieceLength: number;
  readonly files: Readonly<Record<string, Entry>>;
}

export class HashedFiles {
  readonly #directory: string;
  readonly #path: string;
  readonly #before: Stored | undefined;
  readonly #files: Record<string, Entry> = {};
  #pieceLength = 0;
  #bytes = 0;
  #addedBytes = 0;
  #savedBytes = 0;
  #hasNew = false;

  private constructor(directory: string, path: string, before: Stored | undefined) {
    this.#directory = directory;
    this.#path = path;
    this.#before = before;
  }

  /**
   * @param directory of all records
   * @param shared the path that is shared, absolute
   * @param afresh whether to find nothing: all files are hashed
   */
  static async open(directory: string, shared: string, afresh: boolean): Promise<HashedFiles> {
    const path = join(directory, createHash('sha256').update(shared).digest('hex'));
    return new HashedFiles(directory, path, afresh ? undefined : await load(path));
  }

  /** Bytes of the files that were added. */
  get addedBytes(): number {
    return this.#addedBytes;
  }

  /** The digests of a file with that path and stamp. */
  find(path: string, stamp: string, pieceLength: number, length: number): Uint8Array | undefined {
    if (this.#before?.pieceLength !== pieceLength) return undefined;
    const entry = Object.hasOwn(this.#before.files, path) ? this.#before.files[path] : undefined;
    if (entry?.stamp !== stamp) return undefined;
    const digests = new Uint8Array(Buffer.from(entry.digests, 'base64'));
    if (digests.length !== Math.ceil(length / pieceLength) * DIGEST_LENGTH) return undefined;
    this.#note(path, entry, pieceLength, length);
    return digests;
  }

  /** Call with a file that was hashed, if it had the stamp before and after. */
  add(path: string, stamp: string, pieceLength: number, length: number, digests: Uint8Array): void {
    this.#hasNew = true;
    this.#addedBytes += length;
    const entry = { stamp, digests: Buffer.from(digests).toString('base64') };
    this.#note(path, entry, pieceLength, length);
  }

  /**
   * Keeps what was added so far, if it is much, and what was recorded before of files that come later.
   * A failure is told by save().
   */
  async saveSome(): Promise<void> {
    const unsaved = this.#addedBytes - this.#savedBytes;
    if (unsaved < Math.max(SAVE_AFTER_BYTES, SAVE_AFTER_SHARE * this.#addedBytes)) return;
    await this.saveUnfinished().catch(() => undefined);
  }

  /** As saveSome(), however much it is. @throws HubswarmError of the file system */
  async saveUnfinished(): Promise<void> {
    this.#savedBytes = this.#addedBytes;
    if (!this.#hasNew) return;
    const isOf = this.#before?.pieceLength === this.#pieceLength;
    await this.#write({ ...(isOf ? this.#before?.files : {}), ...this.#files });
  }

  /**
   * Keeps what was found and added, and nothing else. Call once, after all files.
   *
   * @throws HubswarmError of the file system
   */
  async save(): Promise<void> {
    const count = Object.keys(this.#files).length;
    if (this.#bytes < FEW_BYTES && count <= FEW_FILES) return;
    if (!this.#hasNew && count === Object.keys(this.#before?.files ?? {}).length) {
      const now = new Date();
      return utimes(this.#path, now, now).catch(() => undefined);
    }
    await this.#write(this.#files);
  }

  async #write(files: Stored['files']): Promise<void> {
    const stored: Stored = { pieceLength: this.#pieceLength, files };
    const text = JSON.stringify(stored);
    if (text.length > MOST_BYTES) return;
    await makeDirectory(this.#directory, 0o700);
    await writeWhole(this.#path, `${digestOf(text)}\n${text}`);
    await forgetOldest(this.#directory, MOST_RECORDS, MOST_BYTES);
  }

  #note(path: string, entry: Entry, pieceLength: number, length: number): void {
    this.#pieceLength = pieceLength;
    this.#files[path] = entry;
    this.#bytes += length;
  }
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A file as it was recorded: what lies there now may be something else. */
export interface RecordedFile {
  readonly path: string;
  readonly stamp: string;
  readonly pieceLength: number;
  readonly digests: Uint8Array;
}

/** The files of all records, the last used record first. One record at a time is in memory. */
export async function* recordedFiles(directory: string): AsyncGenerator<RecordedFile[]> {
  let left = MOST_SEARCHED;
  for (const { path, size } of await listRecords(directory)) {
    left -= size;
    if (left < 0) return;
    const stored = await load(path);
    if (!stored) continue;
    const { pieceLength } = stored;
    yield Object.entries(stored.files).map(([path, { stamp, digests }]) => ({
      path,
      stamp,
      pieceLength,
      digests: new Uint8Array(Buffer.from(digests, 'base64')),
    }));
  }
}

async function listRecords(directory: string) {
  const records: { path: string; size: number; mtimeMs: number }[] = [];
  for (const name of await readdir(directory).catch(() => [])) {
    const path = join(directory, name);
    const stats = await stat(path).catch(() => undefined);
    if (stats?.isFile()) records.push({ path, size: stats.size, mtimeMs: stats.mtimeMs });
  }
  return records.sort((a, b) => b.mtimeMs - a.mtimeMs);
}

/** Undefined if it is missing, unreadable or torn. */
async function load(path: string): Promise<Stored | undefined> {
  const file = await readSmall(path, MOST_BYTES).catch(() => undefined);
  const end = file?.text.indexOf('\n') ?? -1;
  if (!file || end < 0) return undefined;
  const text = file.text.slice(end + 1);
  if (digestOf(text) !== file.text.slice(0, end)) return undefined;
  try {
    const stored: unknown = JSON.parse(text);
    return isStored(stored) ? stored : undefined;
  } catch {
    return undefined;
  }
}

function isStored(value: unknown): value is Stored {
  const { pieceLength, files } = (value ?? {}) as Partial<Stored>;
  if (!Number.isSafeInteger(pieceLength) || pieceLength! < 1) return false;
  if (typeof files !== 'object' || files === null) return false;
  return Object.values(files as Record<string, Partial<Entry> | null>).every(
    (entry) => typeof entry?.stamp === 'string' && typeof entry.digests === 'string',
  );
}
