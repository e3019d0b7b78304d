// Decides which versions are in the cache, and which must go: the one that was used longest ago and
// that no reader has open, until the new one fits. A file counts with its full length from the
// start. The directory belongs to the cache, and to one process at a time.
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CID } from 'multiformats/cid';
import { HubswarmError, systemCode } from '../runtime/errors.ts';
import { Gate } from '../runtime/gate.ts';
import { type CacheContext, CachedFile, describeVersion } from './cached-file.ts';

interface Slot {
  /** Full length of the file. */
  readonly bytes: number;
  /** The open file; absent until its first use after a start, and when too many are open. */
  opened?: CachedFile | undefined;
  /** Stamp of a complete file that this process hashed. */
  stamp?: string | undefined;
  /** Whether no path leads to it any more: its readers go on, and nobody else gets a block of it. */
  isGivenUp?: boolean;
}

/**
 * Most open files. Chosen: each takes a descriptor and its manifest's memory; sockets need
 * descriptors too.
 */
const MAX_OPEN_FILES = 256;

/** A CID at the start of a name, as this program writes them. */
const OWN = /^(baf[a-z2-7]{50,60}|Qm[1-9A-HJ-NP-Za-km-z]{44})(\.dag|\.[a-zA-Z0-9]{8}\.part)?$/;

export class Cache {
  readonly #context: CacheContext;
  readonly #limitBytes: number;
  /** Versions by CID, in the order of last use. */
  readonly #slots = new Map<string, Slot>();
  /** Versions that are being described or opened. */
  readonly #opening = new Map<string, Promise<CachedFile>>();
  /** Makes room for one version at a time. */
  readonly #gate = new Gate(1);

  private constructor(context: CacheContext, limitBytes: number) {
    this.#context = context;
    this.#limitBytes = limitBytes;
  }

  /** @param lastUse milliseconds since the epoch, by CID. */
  static async open(
    context: CacheContext,
    limitBytes: number,
    lastUse: ReadonlyMap<string, number>,
  ): Promise<Cache> {
    const cache = new Cache(context, limitBytes);
    const found = new Map<string, number>();
    for (const name of await readdir(context.directory)) {
      const [, cid, suffix] = OWN.exec(name) ?? [];
      if (cid === undefined || suffix === '.dag') continue;
      const { size } = await stat(join(context.directory, name));
      found.set(cid, Math.max(size, found.get(cid) ?? 0));
    }
    const order = [...found].sort(([a], [b]) => (lastUse.get(a) ?? 0) - (lastUse.get(b) ?? 0));
    for (const [cid, bytes] of order) cache.#slots.set(cid, { bytes });
    await cache.#removeStrays();
    await cache.#makeRoom(0);
    return cache;
  }

  /** Whether bytes of that version may be here. */
  holds(cid: string): boolean {
    return this.#slots.has(cid);
  }

  /**
   * Uses the version, and counts a reader until it closes what it opens. A missing version is made,
   * once for all requests.
   *
   * @throws HubswarmError ERR_DISK_FULL if there is no room for it; SourceFailure
   */
  async use<T>(cid: CID, body: (file: CachedFile) => T): Promise<T> {
    const key = cid.toString();
    for (;;) {
      const file = await this.#open(key, cid);
      // The version may have been evicted since it was opened.
      const slot = this.#slots.get(key);
      if (slot?.opened !== file) continue;
      this.#slots.delete(key);
      this.#slots.set(key, slot);
      slot.isGivenUp = false;
      return body(file);
    }
  }

  /** A block of any open version that may be read. */
  async block(cid: CID, mayRead: (file: string) => boolean): Promise<Uint8Array | undefined> {
    for (const { opened, isGivenUp } of [...this.#slots.values()]) {
      if (isGivenUp) continue;
      const block = await opened?.block(cid).catch(() => undefined);
      if (opened && block && mayRead(opened.cid)) return block;
    }
    return undefined;
  }

  /** Removes a version whose bytes on disk have changed. */
  async drop(cid: string): Promise<void> {
    await this.#gate.run(() => this.#remove(cid));
  }

  /** Gives up a version that the origin lets nobody keep. It is removed if nobody reads it. */
  async giveUp(cid: string): Promise<void> {
    const slot = this.#slots.get(cid);
    if (slot) slot.isGivenUp = true;
    await this.#gate.run(async () => {
      const now = this.#slots.get(cid);
      if (now?.isGivenUp && (now.opened?.readers ?? 0) === 0) await this.#remove(cid);
    });
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#opening.values());
    for (const { opened } of this.#slots.values()) await opened?.close();
  }

  async #open(key: string, cid: CID): Promise<CachedFile> {
    const there = this.#slots.get(key)?.opened;
    if (there) return there;
    let opening = this.#opening.get(key);
    if (!opening) {
      opening = this.#make(key, cid).finally(() => this.#opening.delete(key));
      this.#opening.set(key, opening);
    }
    return opening;
  }

  async #make(key: string, cid: CID): Promise<CachedFile> {
    const described = await describeVersion(this.#context, cid);
    const bytes = described.manifest.geometry.totalLength;
    // Waits while another version is evicted: it may be this one.
    return this.#gate.run(async () => {
      const before = this.#slots.get(key);
      this.#slots.delete(key);
      try {
        if (!(await this.#makeRoom(bytes))) {
          throw new HubswarmError('ERR_DISK_FULL', 'the cache has no room for it');
        }
        const opened = await CachedFile.open(this.#context, described, before?.stamp);
        this.#slots.set(key, { bytes, opened });
        await this.#closeIdle(opened);
        return opened;
      } catch (error) {
        if (before) this.#slots.set(key, before);
        throw error;
      }
    });
  }

  /** Whether so many bytes fit now. */
  async #makeRoom(bytes: number): Promise<boolean> {
    if (bytes > this.#limitBytes) return false;
    for (const [cid, { opened }] of [...this.#slots]) {
      if (this.#usedBytes() + bytes <= this.#limitBytes) break;
      if (opened === undefined || opened.readers === 0) await this.#remove(cid);
    }
    return this.#usedBytes() + bytes <= this.#limitBytes;
  }

  /** Closes files that were used longest ago and have no reader. */
  async #closeIdle(newest: CachedFile): Promise<void> {
    const open = [...this.#slots.values()].filter(({ opened }) => opened !== undefined);
    let surplus = open.length - (this.#context.maxOpenFiles ?? MAX_OPEN_FILES);
    for (const slot of open) {
      const { opened } = slot;
      if (surplus <= 0) return;
      if (!opened || opened === newest || opened.readers > 0) continue;
      surplus--;
      slot.opened = undefined;
      slot.stamp = opened.stamp;
      await opened.close();
    }
  }

  #usedBytes(): number {
    let used = 0;
    for (const { bytes } of this.#slots.values()) used += bytes;
    return used;
  }

  async #remove(cid: string): Promise<void> {
    const slot = this.#slots.get(cid);
    this.#slots.delete(cid);
    await slot?.opened?.close();
    const { directory, emit } = this.#context;
    for (const name of await readdir(directory)) {
      if (OWN.exec(name)?.[1] === cid) await rm(join(directory, name), { force: true });
    }
    if (slot) emit({ event: 'file_evicted', cid, bytes: slot.bytes });
  }

  /**
   * Removes leftovers of a crash between two steps: descriptions without bytes, and half-written
   * ones.
   */
  async #removeStrays(): Promise<void> {
    const { directory } = this.#context;
    for (const name of await readdir(directory)) {
      const cid = OWN.exec(name)?.[1];
      if (cid !== undefined ? this.#slots.has(cid) : name === 'index.json') continue;
      await rm(join(directory, name), { force: true, recursive: true }).catch((error: unknown) => {
        if (systemCode(error) !== 'ENOENT') throw error;
      });
    }
  }
}
