// The last step of an upload that came in several requests: its bytes get the name in its record,
// by the same publication as any other upload. The order is safe against crashes: the record says
// that publication begins, the data leaves for its target, the record says that it is done. So data
// that is gone was published. Data that is still there was not, and the next request for the upload
// publishes it.

import { withOpen } from '../../root/opened.ts';
import { Refusal } from '../../runtime/refusal.ts';
import type { Entry } from '../catalogue/catalogue.ts';
import { type ChangingHub, type Publication, publish } from './publication.ts';
import type { StoredUpload } from './upload-store.ts';

export interface Finished {
  readonly upload: StoredUpload;
  readonly entry: Entry | undefined;
}

export function isComplete({ record, offset }: StoredUpload): boolean {
  return record.length !== null && offset === record.length;
}

/** Whether an upload is complete and has no name yet. */
export function awaitsPublication(upload: StoredUpload): boolean {
  return isComplete(upload) && upload.record.target !== null && upload.record.state !== 'published';
}

/**
 * The parts of a publication that are not in the record. A face makes the condition from the
 * record's `conditions`.
 */
export type Finish = Pick<Publication, 'condition' | 'remote' | 'hashed' | 'attributes'>;

/**
 * The caller holds the lock.
 *
 * @throws Refusal; after one that will not pass (a precondition, a name that is
 * taken by a directory) the upload is gone
 */
export async function finishUpload(
  hub: ChangingHub,
  upload: StoredUpload,
  finish: Finish,
): Promise<Finished> {
  const store = hub.uploads.unfinished;
  const begun = await store.save(upload, { state: 'publishing' }, upload.offset);
  try {
    const entry = await publishData(hub, begun, finish);
    return { upload: await store.save(begun, { state: 'published' }, upload.offset), entry };
  } catch (error) {
    if (error instanceof Refusal && !error.isPassing) await store.remove(upload.id);
    throw error;
  }
}

async function publishData(
  hub: ChangingHub,
  { id, record }: StoredUpload,
  finish: Finish,
): Promise<Entry | undefined> {
  const segments = record.target!;
  return withOpen(hub.root.parentOf(segments, true), async (directory) => {
    const draft = await directory.draftOf(id, segments.at(-1)!);
    // The data is gone: a process published it and was killed before it could write so.
    if (!draft) return undefined;
    try {
      return (await publish(hub, { ...finish, segments, draft })).entry;
    } finally {
      await draft.close();
    }
  });
}
