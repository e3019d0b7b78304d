// The files of a hub that its peer answers for: those that the catalogue knows, that are still there,
// and that every caller may read. Whatever else the hub has, the swarm is told nothing of, not even
// that it exists. A file costs nothing before somebody asks for it.
import type { CID } from 'multiformats/cid';
import { digestKey } from '../content/cid.ts';
import type { LossReason } from '../content/store.ts';
import type { FileEntry } from '../hub/catalogue/catalogue.ts';
import type { Content, OtherContent } from '../peer/on-demand.ts';
import type { Segments } from '../root/root.ts';
import type { Timers } from '../runtime/clock.ts';
import { RootStore } from './root-store.ts';

/** Most files. Others keep no more provider records of one peer. */
export const MOST_FILES = 16_384;

export interface HubContentInit {
  /** Whether every peer that can connect may have the file at that place. */
  readonly mayTell: (place: Segments) => boolean;
  readonly clock: Timers;
  /** Called when content comes, with the first place that has it. */
  readonly onCame: (cid: CID) => void;
  /** Called when no place has it any more. */
  readonly onGone: (cid: CID) => void;
  /** Called once, if there are more files than are served. */
  readonly onFull: () => void;
}

export class HubContent implements OtherContent {
  /** Chosen: each holds one file open while it is read. */
  readonly mostSwarms = 1024;
  readonly #init: HubContentInit;
  /** By the names of their places. */
  readonly #files = new Map<string, FileEntry>();
  /** The same, by digest: several places may have one content. */
  readonly #byDigest = new Map<string, Map<string, FileEntry>>();
  /** Stores in use, also of content that is gone. */
  readonly #stores = new Map<string, RootStore>();
  #isFull = false;

  constructor(init: HubContentInit) {
    this.#init = init;
  }

  /** Number of files. */
  get size(): number {
    return this.#files.size;
  }

  has(digest: Uint8Array): boolean {
    return this.#byDigest.has(digestKey(digest));
  }

  /** Where the file with that digest is. */
  *places(digest: Uint8Array): Iterable<Segments> {
    for (const { place } of this.#byDigest.get(digestKey(digest))?.values() ?? []) yield place;
  }

  find(cid: CID): Content | undefined {
    const key = digestKey(cid.multihash.digest);
    const [entry] = this.#byDigest.get(key)?.values() ?? [];
    // A raw CID and that of an inner node may have one digest.
    if (!entry?.manifest.root.equals(cid)) return undefined;
    const name = entry.place.at(-1)!;
    const store = new RootStore({
      name,
      manifest: entry.manifest,
      places: () => this.#byDigest.get(key)?.values() ?? [],
      clock: this.#init.clock,
      onClosed: () => {
        if (this.#stores.get(key) === store) this.#stores.delete(key);
      },
    });
    this.#stores.set(key, store);
    return { store, name, dag: entry.dag };
  }

  /** Takes the version that a place has now. */
  set(entry: FileEntry): void {
    const place = placeKey(entry.place);
    const before = this.#files.get(place);
    if (!this.#init.mayTell(entry.place)) return;
    if (before?.cid === entry.cid) {
      this.#put(place, entry);
      return;
    }
    this.remove(entry.place, 'changed');
    if (this.#files.size < MOST_FILES) this.#put(place, entry);
    else if (!this.#isFull) {
      this.#isFull = true;
      this.#init.onFull();
    }
  }

  /** A place has its version no more. */
  remove(segments: Segments, reason: LossReason): void {
    const place = placeKey(segments);
    const entry = this.#files.get(place);
    if (!entry) return;
    this.#files.delete(place);
    const key = keyOf(entry);
    const places = this.#byDigest.get(key)!;
    places.delete(place);
    if (places.size > 0) return;
    this.#byDigest.delete(key);
    this.#init.onGone(entry.manifest.root);
    this.#stores.get(key)?.lose(reason);
  }

  #put(place: string, entry: FileEntry): void {
    const key = keyOf(entry);
    const places = this.#byDigest.get(key) ?? new Map<string, FileEntry>();
    places.set(place, entry);
    this.#files.set(place, entry);
    if (this.#byDigest.has(key)) return;
    this.#byDigest.set(key, places);
    this.#init.onCame(entry.manifest.root);
    this.#stores.get(key)?.regain();
  }
}

const keyOf = ({ manifest }: FileEntry): string => digestKey(manifest.root.multihash.digest);

const placeKey = (place: Segments): string => place.join('/');
