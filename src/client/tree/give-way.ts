// What has a name on a server gives way to something of another kind that is sent there. A hub does
// that in one step, once it has all bytes (api/replace-field.ts). Another server answers 409: there
// the old thing is removed before the new one is sent, as soon as it is known that the server would
// take it.
import type { ReplaceWish } from '../../api/replace-field.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { statusOf } from '../http/source-failure.ts';
import { makeRemoteDirectory } from '../upload/make-directory.ts';
import { checkStores, makesDirectories } from '../upload/on-trial.ts';
import type { PutOptions } from '../upload/put.ts';
import type { LocalFile } from './local-files.ts';
import type { InTheWay } from './put-plan.ts';
import { urlBelow } from './tree-path.ts';

/** The mirror that is under way. */
interface Mirror {
  readonly options: PutOptions & { readonly remove: boolean };
  send(file: LocalFile, replaces?: ReplaceWish): Promise<void>;
  /** Removes a name there, and counts it. */
  remove(path: string): Promise<void>;
  /** Counts names that the server has removed. */
  noteRemoved(count: number): void;
  /** Whether the name is no other Unicode spelling of one that is there. */
  isExact(path: string): boolean;
}

/** Sends a file in place of a directory or a link to one. @throws as storeFile(); ERR_EXISTS if it stays */
export async function replaceDirectory(
  mirror: Mirror,
  file: LocalFile,
  { inside, isPartial }: InTheWay,
): Promise<void> {
  const { remove, ifAbsent } = mirror.options;
  if (ifAbsent) throw stays('a directory there has its name');
  if (inside.length > 0 && !remove)
    throw stays('is a directory there that is not empty; --delete replaces it');
  if (isPartial) throw stays('is a directory there that holds more than is listed; it stays');
  const paths = [...inside, file.segments.join('/')];
  await sendInPlace(mirror, file, paths, inside.length > 0 ? 'tree' : 'empty');
}

/**
 * Makes a directory in place of a file or a link there, with the largest of its files, which fails most likely.
 * Resolves to the path of what is placed: that file, or the empty directory; undefined if the name is free only.
 *
 * @param isLink whether it is a link to a directory: a server would follow it, and store the file there
 * @throws as storeFile(); ERR_EXISTS if it stays
 */
export async function replaceFile(
  mirror: Mirror,
  path: string,
  files: readonly LocalFile[],
  isLink: boolean,
): Promise<string | undefined> {
  const { options } = mirror;
  if (options.ifAbsent) throw stays('a file there has the name of a directory');
  const [largest] = files.toSorted((one, other) => other.size - one.size);
  if (largest && !isLink) {
    await sendInPlace(mirror, largest, [path], 'empty');
    return largest.segments.join('/');
  }
  const url = urlBelow(options.url, [...path.split('/'), '']);
  const wish = { ...options, url, isExact: mirror.isExact(path), replaces: 'empty' } as const;
  if (await makeRemoteDirectory(wish)) {
    mirror.noteRemoved(1);
    return path;
  }
  if (largest) await checkStores(trialOf(mirror, largest));
  else if (!(await makesDirectories({ ...options, url })))
    throw stays('a file there has its name, and the server makes no empty directories');
  await mirror.remove(path);
  return undefined;
}

/** @param paths what gives way, in the order of removal */
async function sendInPlace(
  mirror: Mirror,
  file: LocalFile,
  paths: readonly string[],
  replaces: ReplaceWish,
): Promise<void> {
  try {
    await mirror.send(file, replaces);
    return mirror.noteRemoved(paths.length);
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
  }
  await checkStores(trialOf(mirror, file));
  for (const path of paths) await mirror.remove(path);
  await mirror.send(file);
}

const trialOf = ({ options }: Mirror, { path, segments }: LocalFile) => ({
  ...options,
  path,
  url: urlBelow(options.url, segments),
});

const stays = (reason: string): HubswarmError => new HubswarmError('ERR_EXISTS', reason);
