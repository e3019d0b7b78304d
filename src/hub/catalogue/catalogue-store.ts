// Keeps the catalogue between two runs of a hub, in LevelDB: for each file below a root its
// version, the digests of its pieces and, if known, the digest of the whole. An entry is never
// taken on trust: its version must be that of the file on the disk, and the CID is built anew from
// the digests. The store is a cache: if it cannot be read it is thrown away, and the files are
// hashed again. Alternatives: a JSON file (rewritten whole for each change), SQLite (compiled by
// the installation, or a wasm build whose locks outlive a kill), LMDB (npm cannot lock its optional
// packages).
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClassicLevel } from 'classic-level';
import { DIGEST_LENGTH } from '../../content/manifest.ts';
import type { Segments } from '../../root/root.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { makeDirectory } from '../../runtime/node/make-directory.ts';

/** One version of a file, as it was hashed. */
export interface HashedFile {
  readonly stamp: string;
  readonly pieceLength: number;
  readonly totalLength: number;
  /** Digests of the pieces, 32 bytes each. */
  readonly digests: Uint8Array;
  /** Digest of the whole file, if known. */
  readonly sha256?: Uint8Array | undefined;
}

interface Head extends Omit<HashedFile, 'digests' | 'sha256'> {
  /** Digest of the whole file, in base64. */
  readonly sha256?: string;
}

/**
 * Most stores of one root. Each hub of a user over the root has its own, since LevelDB has one
 * owner. Chosen.
 */
const MAX_SLOTS = 8;

export class CatalogueStore {
  readonly #db: ClassicLevel;
  /** Beginning of each key: keys are the root's id and the names below it. */
  readonly #prefix: string;
  readonly #heads: ReturnType<typeof headsOf>;
  readonly #digests: ReturnType<typeof digestsOf>;

  private constructor(db: ClassicLevel, rootId: string) {
    this.#db = db;
    this.#prefix = rootId.endsWith('/') ? rootId : `${rootId}/`;
    this.#heads = headsOf(db);
    this.#digests = digestsOf(db);
  }

  /**
   * Opens the first store of this root that no running hub holds.
   *
   * @param directory holds all stores; made if missing
   * @param rootId names the root among all (root.ts)
   * @throws Error if there can be none
   */
  static async open(directory: string, rootId: string): Promise<CatalogueStore> {
    await makeDirectory(directory, 0o700);
    const name = createHash('sha256').update(rootId).digest('hex').slice(0, 32);
    for (let slot = 0; slot < MAX_SLOTS; slot++) {
      const db = await openSlot(join(directory, `${name}-${slot}`));
      if (db) return new CatalogueStore(db, rootId);
    }
    throw new Error(`${MAX_SLOTS} hubs over this root have one already`);
  }

  /** @param place of the file, by its real names */
  async get(place: Segments): Promise<HashedFile | undefined> {
    const key = this.#keyOf(place);
    const [head, digests] = await Promise.all([this.#heads.get(key), this.#digests.get(key)]);
    return head && digests && { ...head, digests, sha256: digestOf(head) };
  }

  async put(place: Segments, { digests, sha256, ...head }: HashedFile): Promise<void> {
    const key = this.#keyOf(place);
    // Writes the digests first: a head without digests counts for nothing, so two writes do.
    await this.#digests.put(key, digests);
    await this.#heads.put(key, withDigest(head, sha256));
  }

  /** Adds the digest of that version, if it is still the one that is stored. */
  async putDigest(place: Segments, stamp: string, sha256: Uint8Array): Promise<void> {
    const key = this.#keyOf(place);
    const head = await this.#heads.get(key);
    // A newer version that is put meanwhile may lose its head, and is then hashed again.
    if (head?.stamp === stamp) await this.#heads.put(key, withDigest(head, sha256));
  }

  async delete(place: Segments): Promise<void> {
    const key = this.#keyOf(place);
    await this.#heads.del(key);
    await this.#digests.del(key);
  }

  /** Places of all files, in the order of their names. */
  async *places(): AsyncGenerator<Segments> {
    for await (const key of this.#heads.keys()) yield key.slice(this.#prefix.length).split('/');
  }

  close(): Promise<void> {
    return this.#db.close();
  }

  #keyOf(place: Segments): string {
    return this.#prefix + place.join('/');
  }
}

function withDigest(head: Head, sha256: Uint8Array | undefined): Head {
  return sha256 ? { ...head, sha256: Buffer.from(sha256).toString('base64') } : head;
}

function digestOf({ sha256 }: Head): Uint8Array | undefined {
  const bytes = Buffer.from(sha256 ?? '', 'base64');
  return bytes.length === DIGEST_LENGTH ? bytes : undefined;
}

const headsOf = (db: ClassicLevel) => db.sublevel<string, Head>('heads', { valueEncoding: 'json' });
const digestsOf = (db: ClassicLevel) =>
  db.sublevel<string, Uint8Array>('digests', { valueEncoding: 'view' });

/**
 * Loads the package on first use: its compiled part takes some milliseconds. The package is
 * optional: the bundle runs without it, and some platforms have no compiled part.
 *
 * @throws HubswarmError ERR_NOT_FOUND
 */
async function loadLevel(): Promise<typeof ClassicLevel> {
  try {
    return (await import('classic-level')).ClassicLevel;
  } catch (cause) {
    throw new HubswarmError('ERR_NOT_FOUND', 'classic-level is not installed here', { cause });
  }
}

/** Opens a store; undefined if another hub holds it. */
async function openSlot(path: string): Promise<ClassicLevel | undefined> {
  const ClassicLevel = await loadLevel();
  const open = async (): Promise<ClassicLevel> => {
    const db = new ClassicLevel(path);
    await db.open();
    return db;
  };
  try {
    return await open();
  } catch (error) {
    if (isLocked(error)) return undefined;
    await rm(path, { recursive: true, force: true });
    return open();
  }
}

function isLocked(error: unknown): boolean {
  const cause =
    error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
  return cause?.code === 'LEVEL_LOCKED';
}
