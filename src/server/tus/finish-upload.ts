// The last step of an upload: its bytes get the name that its metadata gave, by the
// same publication as a PUT. Crash-safe in this order: the record says that it
// begins, the data file leaves for its target, the record says that it is done. So
// a data file that is gone was published; one that is still there was not, and the
// next request for the upload publishes it.
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { systemCode } from '../../runtime/errors.ts';
import { fileRefusal, Refusal } from '../../runtime/refusal.ts';
import type { Entry, Hashed } from '../root/catalogue.ts';
import { Directory } from '../root/directory.ts';
import { PartialFile, placeFile } from '../root/partial-file.ts';
import { PieceWriter } from '../uploads/piece-writer.ts';
import { publish } from '../uploads/publication.ts';
import type { StoredUpload } from '../uploads/upload-store.ts';
import type { UploadsHub } from '../uploads/uploads-hub.ts';
import { copyBytes } from './copy-bytes.ts';

export interface Finished {
  readonly upload: StoredUpload;
  readonly entry: Entry | undefined;
}

export function isComplete({ record, offset }: StoredUpload): boolean {
  return record.length !== null && offset === record.length;
}

/** True for a whole upload that has not got its name yet. */
export function awaitsPublication(upload: StoredUpload): boolean {
  return isComplete(upload) && upload.record.target !== null && upload.record.state !== 'published';
}

/**
 * The caller holds the lock.
 *
 * @throws Refusal; after one that will not pass (a precondition, a name that is
 * taken by a directory) the upload is gone
 */
export async function finishUpload(
  hub: UploadsHub,
  upload: StoredUpload,
  remote: string,
  hashed: Hashed = {},
): Promise<Finished> {
  const store = hub.uploads.unfinished;
  const begun = await store.save(upload, { state: 'publishing' }, upload.offset);
  try {
    const entry = await publishData(hub, begun, remote, hashed);
    return { upload: await store.save(begun, { state: 'published' }, upload.offset), entry };
  } catch (error) {
    const failure = fileRefusal(error);
    if (failure instanceof Refusal && !failure.isPassing) await store.remove(upload.id);
    throw failure;
  }
}

async function publishData(
  hub: UploadsHub,
  { id, record }: StoredUpload,
  remote: string,
  hashed: Hashed,
): Promise<Entry | undefined> {
  const segments = record.target!;
  const path = hub.uploads.unfinished.dataPath(id);
  const handle = await openData(path);
  // Published by a process that was killed before it could write so.
  if (!handle) return undefined;
  let directory: Directory | undefined;
  try {
    const parent = await Directory.make(hub.root, segments.slice(0, -1), segments.slice(-1));
    directory = parent;
    const { entry } = await publish(hub, {
      segments,
      directory: parent,
      conditions: record.conditions,
      remote,
      handle,
      hashed,
      place: (name, createOnly) => place({ handle, path }, parent, name, createOnly),
    });
    return entry;
  } finally {
    await directory?.close();
    await handle.close();
  }
}

async function openData(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileRefusal(error);
  }
}

async function place(
  file: { handle: FileHandle; path: string },
  directory: Directory,
  name: string,
  createOnly: boolean,
): Promise<void> {
  try {
    await placeFile(file, directory, { name, createOnly });
  } catch (error) {
    if (systemCode(error) !== 'EXDEV') throw error;
    await placeCopy(file, directory, name, createOnly);
  }
}

/** A directory below the root may be the mount point of another file system. */
async function placeCopy(
  file: { handle: FileHandle; path: string },
  directory: Directory,
  name: string,
  createOnly: boolean,
): Promise<void> {
  const copy = await PartialFile.create(directory, name);
  try {
    const { size } = await file.handle.stat();
    const writer = new PieceWriter({ handle: copy.handle, position: 0 });
    await copyBytes(file.path, size, writer).finally(() => writer.finish());
    await copy.place(name, createOnly);
    await unlink(file.path);
  } catch (error) {
    throw fileRefusal(error);
  } finally {
    await copy.close();
  }
}
