// Port: what a hub hands out, wherever it lies. A root is a tree of files, each known by its
// names from the root down. Nothing above this port knows a path on a disk: the first
// implementation is a directory (root/disk/), the second an edge's cache (edge/), and an
// object store can be one: its stamp is an ETag, its draft an upload under way, and it has no
// `watch`. One contract suite (test/contract/root.ts) runs against every implementation.
//
// Names that begin with a dot are hidden: no call finds them, nothing lists them.
// All calls reject with a Refusal (runtime/refusal.ts), whose text names no path.

import type { Unfinished } from './unfinished.ts';

/** Names from the root down; none of them stands for the root itself. */
export type Segments = readonly string[];

/** What a name leads to, as it was at one moment. */
export interface Version {
  readonly kind: 'file' | 'directory';
  /** Bytes of a file. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modifiedMs: number;
  /** Two versions of one name with the same stamp are the same bytes, once it is settled. */
  readonly stamp: string;
  /** Milliseconds since the epoch: from then on another write gets another stamp. */
  readonly settledMs: number;
}

/** A version, and where it really lies: a link's target may have other names than were asked for. */
export interface Located {
  readonly place: Segments;
  readonly version: Version;
}

/** A file as it was when it was opened. The caller closes it. */
export interface OpenFile extends Located {
  readonly kind: 'file';
  /** Fills `into` from that byte on, or a part of it; resolves to how much, 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Whether it is still the version of that stamp. */
  isCurrent(): Promise<boolean>;
  /** Whether all bytes read so far are of one version; its names and rights may have changed. */
  isUnchanged(): Promise<boolean>;
  /**
   * As isUnchanged(), but more bytes may have come behind those of the version. (A writer that
   * changes what is there and appends as well is not told from one that only appends.)
   */
  hasOnlyGrown(): Promise<boolean>;
  close(): Promise<void>;
}

/** One name in a directory. */
export interface Entry {
  readonly name: string;
  /** Of what a link leads to; `other` is never served. */
  readonly kind: Version['kind'] | 'other';
  readonly isLink: boolean;
}

/** What a name in a directory leads to. */
export interface Found extends Located {
  readonly isLink: boolean;
}

/** A directory that stays the one that was opened, whatever its names lead to since. */
export interface OpenDirectory extends Located {
  readonly kind: 'directory';
  /** All that is in it, many names at a time, in no order. */
  list(): AsyncIterable<readonly Entry[]>;
  /** Undefined for what is not there, or is not served. */
  look(name: string): Promise<Found | undefined>;
  /** A new file that is to get that name. @throws Refusal ERR_BUSY, ERR_NOT_PERMITTED, ... */
  draft(name: string): Promise<Draft>;
  /** An upload's bytes that are to get it; undefined when they were published before. */
  draftOf(upload: string, name: string): Promise<Omit<Draft, 'write'> | undefined>;
  /**
   * A file, a link (itself, not what it leads to) or an empty directory. Resolves to the bytes
   * that are free now, once the change is kept.
   *
   * @throws Refusal ERR_NOT_FOUND, ERR_CONFLICT for a directory that is not empty
   */
  remove(name: string): Promise<number>;
  /** @throws Refusal ERR_DISK_FULL when there is no room for so many bytes more */
  checkRoom(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/** The version that a publication replaces: none, the one of that stamp, or (undefined) any. */
export type IfMatch = 'absent' | { readonly stamp: string } | undefined;

/** Bytes that nobody sees before they have a name. Its maker closes it, published or not. */
export interface Draft {
  /** Where it will lie. */
  readonly place: Segments;
  /** All of these chunks, one after another from that position. @throws Refusal ERR_DISK_FULL */
  write(chunks: readonly Uint8Array[], position: number): Promise<void>;
  /**
   * Gives the bytes the name in one step, which is kept when this resolves.
   *
   * @throws Refusal ERR_PRECONDITION when another version than `ifMatch` has the name,
   * ERR_CONFLICT when that is no file
   */
  publish(ifMatch: IfMatch): Promise<Version>;
  close(): Promise<void>;
}

/** @throws what refuses a place, given by its real names */
export type PlaceCheck = (place: Segments, isDirectory: boolean) => void;

/** A change to a file, whoever made it. */
export type Change = { readonly segments: Segments } & (
  | { readonly kind: 'added' | 'changed'; readonly found: Located }
  | { readonly kind: 'deleted'; readonly found?: undefined }
);

export interface WatchOptions {
  /** How long a file must stay the same before it is news. */
  readonly settleMs: number;
  /** Directories that the system is asked to watch; those beyond are walked over and over. */
  readonly maxWatches: number;
  readonly onChange: (change: Change) => void;
  readonly onWarning: (message: string) => void;
}

export interface Watch {
  /** Resolves when everything that is there is known; what comes after that is told. */
  start(): Promise<void>;
  /** This process has stored or deleted it: what it is now is told at once. */
  handleChanged(segments: Segments): Promise<void>;
  stop(): void;
}

export interface Root {
  /** Names this root among all others, for what is remembered of it between two runs. */
  readonly id: string;
  /** @throws Refusal ERR_NOT_FOUND, ERR_NOT_PERMITTED, ERR_BUSY, and what the check throws */
  open(segments: Segments): Promise<OpenFile | OpenDirectory>;
  /**
   * The stamp of what the names lead to now; undefined when that is nothing. Quicker than to
   * open it, and checks nothing: for comparison with what was opened before.
   */
  stampAt(segments: Segments): Promise<string | undefined>;
  /**
   * The directory in which a name is to be changed.
   *
   * @param makes it, and those above it, when they are missing
   * @throws Refusal ERR_NOT_FOUND, ERR_CONFLICT when a file is on the way, and as open()
   */
  parentOf(segments: Segments, makes: boolean): Promise<OpenDirectory>;
  /** Of a name that is missing: whether it may be made where it would lie. @throws as open() */
  checkNew(segments: Segments): Promise<void>;
  /** The same root, in which nothing is opened, listed or made that the check refuses. */
  checkedBy(check: PlaceCheck): Root;
  /** Whether it can be served from at all. */
  isReadable(): Promise<boolean>;
  /** Bytes of all files in it, hidden ones too, but for uploads that are not published. */
  storedBytes(): Promise<number>;
  readonly unfinished: Unfinished;
  /** Absent where nothing tells of changes that others make. */
  watch?(options: WatchOptions): Watch;
  /** Removes what drafts of dead processes left, until the signal. Never rejects. */
  removeLeftovers(signal: AbortSignal): Promise<void>;
}
