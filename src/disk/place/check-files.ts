// Which pieces are really in files that claim to hold them: a partial after a
// crash, or a target that exists already. Nothing but their hashes is trusted.
import { constants } from 'node:fs';
import { readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hashPieces } from '../../content/hash-pieces.ts';
import { type Manifest, type ManifestFile, pieceDigest } from '../../content/manifest.ts';
import { hasCode, systemCode } from '../../runtime/errors.ts';
import { type Handle, type Opened, openAnywhere } from '../file-system/file-calls.ts';
import { checkUnchanged, type SourceFile, sourceFile } from '../import/source.ts';
import { Tree } from './tree.ts';

/** Opening does not wait for the writer of a pipe that has the name. */
export const READ = constants.O_RDONLY | constants.O_NONBLOCK;

export interface CheckOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes hashed since the last call. */
  readonly onHashed?: ((bytes: number) => void) | undefined;
}

export interface CheckedFile {
  readonly path: string;
  readonly handle: Handle;
  readonly file: ManifestFile;
}

/** Calls back for each of a file's pieces, until the callback returns false. */
export async function checkPieces(
  manifest: Manifest,
  { path, handle, file }: CheckedFile,
  onPiece: (piece: number, matches: boolean) => boolean,
  options: CheckOptions,
): Promise<void> {
  const length = (index: number): number => manifest.geometry.length(file.firstPiece + index);
  const { signal, onHashed } = options;
  await hashPieces(
    { path, handle, pieceCount: file.pieceCount, length, signal },
    (index, digest) => {
      const piece = file.firstPiece + index;
      onHashed?.(length(index));
      return onPiece(piece, Buffer.compare(digest, pieceDigest(manifest, piece)) === 0);
    },
  );
}

/** Where a file of the manifest lies when its content is at `base`. */
export function pathUnder(base: string, file: ManifestFile): string {
  return file.path === '' ? base : join(base, file.path);
}

/**
 * The files below `base` as they were while all of them matched; undefined when
 * any is missing, differs or is not a regular file, or when there is anything else. Stops at the
 * first difference.
 */
export async function findWhole(
  manifest: Manifest,
  base: string,
  options: CheckOptions,
): Promise<readonly SourceFile[] | undefined> {
  const sources: SourceFile[] = [];
  const directories = manifest.kind === 'directory' ? ['', ...manifest.directories] : [];
  for (const directory of directories) {
    const stats = await stat(join(base, directory)).catch(() => undefined);
    if (!stats?.isDirectory()) return undefined;
  }
  if (manifest.kind === 'directory' && (await new Tree(base, manifest).hasStrays()))
    return undefined;
  for (const { path, target } of manifest.links ?? []) {
    if ((await readlink(join(base, path)).catch(() => undefined)) !== target) return undefined;
  }
  for (const file of manifest.files) {
    const source = await findWholeFile(manifest, file, pathUnder(base, file), options);
    if (!source) return undefined;
    sources.push(source);
  }
  return sources;
}

async function findWholeFile(
  manifest: Manifest,
  file: ManifestFile,
  path: string,
  options: CheckOptions,
): Promise<SourceFile | undefined> {
  let opened: Opened;
  try {
    opened = await openAnywhere(path, READ);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENXIO'].includes(systemCode(error) ?? ''))
      return undefined;
    throw error;
  }
  const { handle, stats } = opened;
  try {
    if (!stats.isFile() || stats.size !== file.length) return undefined;
    const source = sourceFile(path, stats);
    let whole = true;
    const onPiece = (_piece: number, matches: boolean): boolean => {
      whole &&= matches;
      return whole;
    };
    await checkPieces(manifest, { path, handle, file }, onPiece, options);
    checkUnchanged(source, await handle.stat());
    return whole ? source : undefined;
  } catch (error) {
    if (hasCode(error, 'ERR_SOURCE_CHANGED')) return undefined;
    throw error;
  } finally {
    await handle.close();
  }
}

export interface DifferentFile {
  readonly path: string;
  /** As in 'PATH is missing'. */
  readonly reason: string;
}

/**
 * How what lies at `base` differs, file by file. Every byte is hashed; what a directory holds beside
 * counts for nothing.
 */
export async function* differencesAt(
  manifest: Manifest,
  base: string,
  options: CheckOptions,
): AsyncGenerator<DifferentFile, void> {
  for (const file of manifest.files) {
    options.signal?.throwIfAborted();
    const path = pathUnder(base, file);
    const reason = await faultOf(manifest, file, path, options);
    if (reason !== undefined) yield { path, reason };
  }
}

async function faultOf(
  manifest: Manifest,
  file: ManifestFile,
  path: string,
  options: CheckOptions,
): Promise<string | undefined> {
  const opened = await openAnywhere(path, READ).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  });
  if (!opened) return 'is missing';
  const { handle, stats } = opened;
  try {
    if (!stats.isFile()) return 'is no file';
    if (stats.size !== file.length) return `has ${stats.size} bytes, not ${file.length}`;
    let wrong = 0;
    const onPiece = (_piece: number, matches: boolean): boolean => {
      if (!matches) wrong++;
      return true;
    };
    await checkPieces(manifest, { path, handle, file }, onPiece, options);
    return wrong === 0 ? undefined : `differs in ${wrong} of ${file.pieceCount} pieces`;
  } finally {
    await handle.close();
  }
}
