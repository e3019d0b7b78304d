// Lists what lies under a path that is to be shared: files and directories. An entry inside a
// directory that cannot be shared (a special file, one that cannot be read) is left out if the caller
// is told of each, and refused otherwise: leaving it out silently would share something else than was
// asked for. Symbolic links are refused unless the user chose: following them could share what lies
// elsewhere. The path itself may be a symbolic link. Hidden files are part of a
// directory (as with `ipfs add -r --hidden`).
import { isUtf8 } from 'node:buffer';
import type { Stats } from 'node:fs';
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileAttributes } from '../../content/attributes.ts';
import { nameFault } from '../../content/file-name.ts';
import { staysInside } from '../../content/link-target.ts';
import {
  describeError,
  type ErrorCode,
  fileError,
  HubswarmError,
  systemCode,
} from '../../runtime/errors.ts';
import { type SourceFile, sourceFile } from './source.ts';

export interface FoundFile {
  readonly kind: 'file';
  readonly name: string;
  readonly source: SourceFile;
  /** Time of the last change of the inode, in milliseconds of the epoch. */
  readonly changedMs: number;
  readonly attributes: FileAttributes;
}

interface FoundDirectory {
  readonly kind: 'directory';
  readonly name: string;
  readonly attributes: FileAttributes;
  readonly entries: readonly Found[];
}

interface FoundLink {
  readonly kind: 'link';
  readonly name: string;
  readonly target: string;
}

export type Found = FoundFile | FoundDirectory | FoundLink;

/** What becomes of symbolic links inside a directory: left out, their targets shared, or kept. */
export const LINK_CHOICES = ['skip', 'follow', 'keep'] as const;
export type LinkChoice = (typeof LINK_CHOICES)[number];

export interface ScanOptions {
  /** Undefined refuses links. */
  readonly links?: LinkChoice | undefined;
  /**
   * Told of each entry that is left out, with a message that begins with its path; without it the
   * first of them is an error.
   */
  readonly onLeftOut?: ((path: string, message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Place {
  readonly path: string;
  readonly name: string;
  /** Path below the top. */
  readonly below: string;
  /** Real paths of the directories above, if links are followed. */
  readonly above: readonly string[];
}

/**
 * @param path absolute
 * @throws HubswarmError ERR_NOT_FOUND, ERR_NOT_PERMITTED, ERR_MANIFEST (of a kind not handled),
 * ERR_USAGE (a link, and no choice)
 */
export async function scan(path: string, name: string, options: ScanOptions): Promise<Found> {
  const place = { path, name, below: '', above: [] };
  return (await scanOne(place, await attempt(path, stat(path)), options))!;
}

/** Undefined if the entry is left out. */
async function scanOne(
  place: Place,
  stats: Stats,
  options: ScanOptions,
): Promise<Found | undefined> {
  const { path, name } = place;
  options.signal?.throwIfAborted();
  const attributes = { modifiedMs: stats.mtimeMs, mode: stats.mode & 0o777 };
  if (stats.isFile()) {
    const source = sourceFile(path, stats);
    return { kind: 'file', name, source, changedMs: stats.ctimeMs, attributes };
  }
  if (stats.isSymbolicLink()) return scanLink(place, options);
  if (!stats.isDirectory()) throw notShareable(path, 'is a special file');
  return { kind: 'directory', name, attributes, entries: await scanEntries(place, options) };
}

async function scanEntries(place: Place, options: ScanOptions): Promise<Found[]> {
  const { path, below } = place;
  const above = options.links === 'follow' ? await withSelf(place) : [];
  const entries: Found[] = [];
  for (const bytes of await attempt(path, readdir(path, { encoding: 'buffer' }))) {
    const name = bytes.toString();
    const inside = { path: join(path, name), name, below: join(below, name), above };
    const found = await orLeftOut(inside.path, options, () => scanEntry(inside, bytes, options));
    if (found) entries.push(found);
  }
  return entries;
}

async function scanEntry(
  place: Place,
  bytes: Buffer,
  options: ScanOptions,
): Promise<Found | undefined> {
  const { path, name } = place;
  const fault = isUtf8(bytes) ? nameFault(name) : 'is not UTF-8';
  if (fault) throw notShareable(path, `has a name that ${fault}`);
  return scanOne(place, await attempt(path, lstat(path)), options);
}

/**
 * Does the work on one entry of a directory; undefined if it is left out.
 *
 * @throws HubswarmError ERR_USAGE if the user has to decide; others if nobody is told
 */
export async function orLeftOut<T>(
  path: string,
  { onLeftOut, signal }: ScanOptions,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const isBad = error instanceof HubswarmError && error.code !== 'ERR_USAGE';
    if (!onLeftOut || !isBad || signal?.aborted) throw error;
    onLeftOut(path, describeError(error));
    return undefined;
  }
}

/** The real paths above, and that of the directory. @throws ERR_MANIFEST if it is above itself */
async function withSelf({ path, above }: Place): Promise<readonly string[]> {
  const real = await attempt(path, realpath(path));
  if (above.includes(real)) throw notShareable(path, 'leads back to a directory above it');
  return [...above, real];
}

async function scanLink(place: Place, options: ScanOptions): Promise<Found | undefined> {
  const { path, name, below } = place;
  switch (options.links) {
    case 'skip':
      return undefined;
    case 'follow':
      return scanOne(place, await attempt(path, targetOf(path)), options);
    case 'keep': {
      const target = await attempt(path, readlink(path));
      if (staysInside(below, target)) return { kind: 'link', name, target };
      throw notShareable(path, 'is a symbolic link that leads out of what is shared');
    }
    default:
      throw notShareable(
        path,
        'is a symbolic link (--links skip, follow or keep decides)',
        'ERR_USAGE',
      );
  }
}

async function targetOf(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    if (systemCode(error) !== 'ELOOP') throw error;
    throw notShareable(path, 'is a symbolic link that leads in a circle');
  }
}

async function attempt<T>(path: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw fileError(error, path);
  }
}

function notShareable(path: string, what: string, code: ErrorCode = 'ERR_MANIFEST'): HubswarmError {
  return new HubswarmError(
    code,
    `${path}: ${what}; only regular files and directories can be shared`,
  );
}

/** All files below, depth first. */
export function* filesOf(found: Found): Generator<FoundFile> {
  if (found.kind === 'file') yield found;
  else if (found.kind === 'directory') for (const entry of found.entries) yield* filesOf(entry);
}

/** Number of files and directories, the top one included. */
export function countEntries(found: Found): number {
  if (found.kind !== 'directory') return 1;
  return found.entries.reduce((sum, entry) => sum + countEntries(entry), 1);
}

/** UTF-16 units of the paths of all entries below, which begin with so many units. */
export function pathUnits(found: Found, above: number): number {
  if (found.kind !== 'directory') return 0;
  return found.entries.reduce((sum, entry) => {
    const path = above + entry.name.length;
    return sum + path + pathUnits(entry, path + 1);
  }, 0);
}
