// The catalogue between two runs of a hub: of each file below a root its version, the
// digests of its pieces and, once made, that of the whole, in LevelDB. What is found is
// never taken on trust: the version must be that of the file on the disk, and the CID
// is built anew from the digests. It is a cache: one that cannot be read is thrown away,
// and the files are hashed again. Alternatives: a JSON file (rewritten whole for each change), SQLite
// (compiled by the installation, or a wasm build whose locks outlive a kill), LMDB
// (npm cannot lock its optional packages).
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClassicLevel } from 'classic-level';
import { DIGEST_LENGTH } from '../../content/manifest.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { makeDirectory } from '../../runtime/node/make-directory.ts';

/** One version of a file, as it was hashed. */
export interface HashedFile {
  readonly stamp: string;
  readonly pieceLength: number;
  readonly totalLength: number;
  /** 32 bytes a piece. */
  readonly digests: Uint8Array;
  /** Of the whole, when it is known. */
  readonly sha256?: Uint8Array | undefined;
}

interface Head extends Omit<HashedFile, 'digests' | 'sha256'> {
  /** Base64. */
  readonly sha256?: string;
}

/** Hubs of one user over one root: each has its own, since LevelDB has one owner. Chosen. */
const MAX_SLOTS = 8;

export class CatalogueStore {
  readonly #db: ClassicLevel;
  readonly #heads: ReturnType<typeof headsOf>;
  readonly #digests: ReturnType<typeof digestsOf>;

  private constructor(db: ClassicLevel) {
    this.#db = db;
    this.#heads = headsOf(db);
    this.#digests = digestsOf(db);
  }

  /**
   * The first store of this root that no running hub holds.
   *
   * @param directory of all stores; made when it is missing
   * @throws Error why there can be none
   */
  static async open(directory: string, root: string): Promise<CatalogueStore> {
    await makeDirectory(directory, 0o700);
    const name = createHash('sha256').update(root).digest('hex').slice(0, 32);
    for (let slot = 0; slot < MAX_SLOTS; slot++) {
      const db = await openSlot(join(directory, `${name}-${slot}`));
      if (db) return new CatalogueStore(db);
    }
    throw new Error(`${MAX_SLOTS} hubs over this root have one already`);
  }

  /** @param path of the file: absolute, real */
  async get(path: string): Promise<HashedFile | undefined> {
    const [head, digests] = await Promise.all([this.#heads.get(path), this.#digests.get(path)]);
    return head && digests && { ...head, digests, sha256: digestOf(head) };
  }

  async put(path: string, { digests, sha256, ...head }: HashedFile): Promise<void> {
    // A head without digests counts for nothing, so the two need not be one write.
    await this.#digests.put(path, digests);
    await this.#heads.put(path, withDigest(head, sha256));
  }

  /** Of that version, if it is still the one that is stored. */
  async putDigest(path: string, stamp: string, sha256: Uint8Array): Promise<void> {
    const head = await this.#heads.get(path);
    // A newer one that is put meanwhile may lose its head, and is then hashed again.
    if (head?.stamp === stamp) await this.#heads.put(path, withDigest(head, sha256));
  }

  async delete(path: string): Promise<void> {
    await this.#heads.del(path);
    await this.#digests.del(path);
  }

  /** Of every file, in the order of their names. */
  paths(): AsyncIterable<string> {
    return this.#heads.keys();
  }

  close(): Promise<void> {
    return this.#db.close();
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
 * Loaded when it is needed: its compiled part takes some milliseconds. An optional
 * package: the bundle runs without, and its compiled part is not there for every platform.
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

/** Undefined when another hub holds it. */
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
