// Port: the files that a hub serves, wherever they lie. A root is a tree of files, each named by
// its names from the root down. Nothing above this port knows a path on a disk. A directory (root/disk/)
// implements all of it. An edge's cache (edge/) implements `OpenFile` alone: its directories are
// pages of its origin, and it takes no uploads. An object store could be another root: its stamp is
// an ETag, its draft an upload under way, and it has no `watch`. One contract suite
// (test/contract/root.ts) runs against every implementation, as far as that goes.
//
// Names that begin with a dot are hidden: no call finds them, nothing lists them. All calls reject
// with a Refusal (runtime/refusal.ts), whose text names no path.
//
// A name that is missing finds its other Unicode spelling (NFC or NFD), if that is there: it is
// read, replaced and removed under it. Where both are there, each is itself; asSpelled() makes both.

import type { FileAttributes } from '../content/attributes.ts';
import type { Unfinished } from './unfinished.ts';

/** Names from the root down; no names mean the root itself. */
export type Segments = readonly string[];

/** The file or directory that a name leads to, as it was at one moment. */
export interface Version {
  readonly kind: 'file' | 'directory';
  /** Length of a file in bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modifiedMs: number;
  /** Whether a file may be run by its owner; undefined if the root does not know. */
  readonly executable?: boolean | undefined;
  /**
   * Text that tells versions apart: two settled versions of one name with the same stamp have the
   * same bytes.
   */
  readonly stamp: string;
  /** Time from which another write gets another stamp, in milliseconds of performance.now(). */
  readonly settledMs: number;
}

/** A version, and its real place: a link's target may have other names than were asked for. */
export interface Located {
  readonly place: Segments;
  readonly version: Version;
}

/** A file as it was when it was opened. The caller closes it. */
export interface OpenFile extends Located {
  readonly kind: 'file';
  /**
   * Reads into `into` from that position on. Resolves to the number of bytes read: fewer than fit,
   * or 0 at the end.
   */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Whether the file still has the version that was opened. */
  isCurrent(): Promise<boolean>;
  /** Whether all bytes read so far belong to one version. Its names and rights may have changed. */
  isUnchanged(): Promise<boolean>;
  /**
   * As isUnchanged(), but bytes may have been appended. (A writer that changes bytes and appends
   * others looks like one that only appends.)
   */
  hasOnlyGrown(): Promise<boolean>;
  close(): Promise<void>;
}

/** One name in a directory. */
export interface Entry {
  readonly name: string;
  /** Kind of the entry; for a link, kind of what it leads to. `other` is never served. */
  readonly kind: Version['kind'] | 'other';
  readonly isLink: boolean;
}

/** The file or directory that a name in a directory leads to. */
export interface Found extends Located {
  readonly isLink: boolean;
}

/** An open directory: the same directory, even if its names lead elsewhere by now. */
export interface OpenDirectory extends Located {
  readonly kind: 'directory';
  /** All entries, many at a time, in no order. */
  list(): AsyncIterable<readonly Entry[]>;
  /** The entry of that name; undefined if there is none, or it is not served. */
  look(name: string): Promise<Found | undefined>;
  /**
   * Begins a new file that shall get that name, or replace the file with its other spelling.
   *
   * @throws Refusal ERR_BUSY, ERR_NOT_PERMITTED, ...
   */
  draft(name: string): Promise<Draft>;
  /** A draft of an unfinished upload's bytes; undefined if they were published before. */
  draftOf(upload: string, name: string): Promise<Omit<Draft, 'write'> | undefined>;
  /**
   * Removes a file, a link (itself, not its target) or an empty directory. Resolves to the number
   * of bytes that this freed, when the change survives a power cut.
   *
   * @throws Refusal ERR_NOT_FOUND, ERR_CONFLICT for a directory that is not empty
   */
  remove(name: string): Promise<number>;
  /**
   * Makes an empty directory. Resolves to false if the name is taken; else to true, when the change
   * survives a power cut.
   *
   * @throws Refusal ERR_NOT_PERMITTED, ERR_DISK_FULL, ...
   */
  makeDirectory(name: string): Promise<boolean>;
  /** @throws Refusal ERR_DISK_FULL if there is no room for so many bytes more */
  checkRoom(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * The version that a publication may replace: none, the one with that stamp, or (undefined) any.
 */
export type IfMatch = 'absent' | { readonly stamp: string } | undefined;

/** Bytes that no request sees before they have a name. The caller closes it, published or not. */
export interface Draft {
  /** Place of the file once it is published. */
  readonly place: Segments;
  /** Writes all chunks, one after another from that position. @throws Refusal ERR_DISK_FULL */
  write(chunks: readonly Uint8Array[], position: number): Promise<void>;
  /**
   * Gives the bytes the name in one step. The name survives a power cut when this resolves.
   *
   * @param attributes of the file, as far as the root can keep them
   * @throws Refusal ERR_PRECONDITION if another version than `ifMatch` has the name, ERR_CONFLICT
   * if the name is not that of a file
   */
  publish(ifMatch: IfMatch, attributes?: FileAttributes): Promise<Version>;
  close(): Promise<void>;
}

/** @throws what refuses a place, given by its real names */
export type PlaceCheck = (place: Segments, isDirectory: boolean) => void;

/** A change to a file, whatever program made it. */
export type Change = { readonly segments: Segments } & (
  | { readonly kind: 'added' | 'changed'; readonly found: Located }
  | { readonly kind: 'deleted'; readonly found?: undefined }
);

/** What may be removed for a file that takes the name of a directory, or for a directory that takes that of a file. */
export interface Replacing {
  /** Directories that give way: those that are empty, or all, with what is in them. */
  readonly directories: 'empty' | 'all';
  /** Judges each thing that would be removed. */
  readonly check: PlaceCheck;
  /** Called for each file and link that is gone with what gave way, with the bytes that it freed. */
  readonly onRemoved: (place: Segments, freedBytes: number) => void;
}

export interface WatchOptions {
  /** Milliseconds for which a file must stay the same before it is reported. */
  readonly settleMs: number;
  /** Most directories that the system watches; the others are walked again and again. */
  readonly maxWatches: number;
  readonly onChange: (change: Change) => void;
  readonly onWarning: (message: string) => void;
}

export interface Watch {
  /** Resolves when all files are known. Changes after that are reported. */
  start(): Promise<void>;
  /**
   * Must be called when this process has stored or deleted a file: its new state is reported at
   * once.
   */
  handleChanged(segments: Segments): Promise<void>;
  stop(): void;
}

export interface Root {
  /** Identifies this root among all others, for data that is kept between two runs. */
  readonly id: string;
  /** @throws Refusal ERR_NOT_FOUND, ERR_NOT_PERMITTED, ERR_BUSY, and what the check throws */
  open(segments: Segments): Promise<OpenFile | OpenDirectory>;
  /**
   * The stamp of the file or directory at the names now; undefined if there is none. It is quicker
   * than opening and checks nothing: use it to compare with a version that was opened before.
   */
  stampAt(segments: Segments): Promise<string | undefined>;
  /**
   * Opens the directory in which a name is to be changed.
   *
   * @param makes the directory and those above it, if they are missing
   * @throws Refusal ERR_NOT_FOUND, ERR_CONFLICT when a file is on the way, and as open()
   */
  parentOf(segments: Segments, makes: boolean): Promise<OpenDirectory>;
  /** Checks whether a missing name may be made at its place. @throws as open() */
  checkNew(segments: Segments): Promise<void>;
  /** The same root, but it opens, lists and makes nothing that the check refuses. */
  checkedBy(check: PlaceCheck): Root;
  /** The same root, but a name is never found under another spelling. */
  asSpelled(): Root;
  /**
   * The same root, but a draft takes also the name of a directory, and a file or link gives way to a directory
   * that is made, also to one on the way to a draft. The new thing is complete before the old one gives way.
   */
  replacing(replacing: Replacing): Root;
  /**
   * Checks that a directory would give way to a file.
   *
   * @throws Refusal ERR_CONFLICT unless this root is a replacing one; ERR_PRECONDITION for a directory that
   * is not empty, or holds what is not served; what the check throws
   */
  checkGivesWay(segments: Segments): Promise<void>;
  /**
   * Gives a file or directory attributes, as far as the root can keep them. A directory has a time
   * alone. Resolves to what is there then.
   *
   * @param stamp of the version that gets them
   * @throws Refusal ERR_PRECONDITION if another version has the name by now, and as open()
   */
  setAttributes(segments: Segments, attributes: FileAttributes, stamp: string): Promise<Located>;
  /** Whether the root can be read at all. */
  isReadable(): Promise<boolean>;
  /** Bytes of all files, hidden ones too, without uploads that are not published. */
  storedBytes(): Promise<number>;
  readonly unfinished: Unfinished;
  /** Reports changes that others make; absent if the root cannot tell them. */
  watch?(options: WatchOptions): Watch;
  /**
   * Gives things their names back that a crash left without one. To be called before anything else.
   * Never rejects.
   *
   * @param writable false: nothing is changed
   * @param onWarning told of each thing that has no name still
   */
  mend(writable: boolean, onWarning: (message: string) => void): Promise<void>;
  /** Removes leftovers of dead processes, until the signal aborts. Never rejects. */
  removeLeftovers(signal: AbortSignal): Promise<void>;
}
