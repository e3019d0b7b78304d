// The last step of an upload: its bytes get the name that its metadata gave, by the
// same publication as a PUT. Crash-safe in this order: the record says that it
// begins, the data file leaves for its target, the record says that it is done. So
// a data file that is gone was published; one that is still there was not, and the
// next request for the upload publishes it.

import type { Entry, Hashed } from '../../hub/catalogue/catalogue.ts';
import type { StoredUpload } from '../../hub/uploads/upload-store.ts';
import { withOpen } from '../../root/opened.ts';
import { Refusal } from '../../runtime/refusal.ts';
import { publish } from '../uploads/publication.ts';
import type { UploadsHub } from '../uploads/uploads-hub.ts';

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
    if (error instanceof Refusal && !error.isPassing) await store.remove(upload.id);
    throw error;
  }
}

async function publishData(
  hub: UploadsHub,
  { id, record }: StoredUpload,
  remote: string,
  hashed: Hashed,
): Promise<Entry | undefined> {
  const segments = record.target!;
  const conditions = record.conditions;
  return withOpen(hub.root.parentOf(segments, true), async (directory) => {
    const draft = await directory.draftOf(id, segments.at(-1)!);
    // Published by a process that was killed before it could write so.
    if (!draft) return undefined;
    try {
      return (await publish(hub, { segments, draft, conditions, remote, hashed })).entry;
    } finally {
      await draft.close();
    }
  });
}
