// The concatenation extension: a final upload is made of finished parts, in the
// order in which it names them. They are copied, since a part may be in several
// finals, and stay for a while; the copy is hashed on the way, and published.
import type { Leaves } from '../../content/file-dag.ts';
import type { Caller } from '../../hub/access/caller.ts';
import { isComplete } from '../../hub/uploads/finish-upload.ts';
import { PieceWriter } from '../../hub/uploads/piece-writer.ts';
import { mayGoOn } from '../../hub/uploads/upload-record.ts';
import type { StoredUpload } from '../../hub/uploads/upload-store.ts';
import { withOpen } from '../../root/opened.ts';
import { Refusal } from '../../runtime/refusal.ts';
import type { UploadsHub } from '../uploads/uploads-hub.ts';
import { copyBytes } from './copy-bytes.ts';

/** @throws Refusal ERR_MALFORMED, ERR_CONFLICT for a part that is not complete */
export async function loadParts(
  hub: UploadsHub,
  caller: Caller,
  ids: readonly string[],
): Promise<StoredUpload[]> {
  return Promise.all(
    ids.map(async (id) => {
      const part = await hub.uploads.unfinished.load(id).catch(() => undefined);
      if (part?.record.concat !== 'partial' || !mayGoOn(part, caller)) {
        throw new Refusal(
          'ERR_MALFORMED',
          'Upload-Concat: names an upload that is no part, or is gone',
        );
      }
      if (!isComplete(part))
        throw new Refusal('ERR_CONFLICT', 'Upload-Concat: a part is not whole yet');
      return part;
    }),
  );
}

/** Resolves to the pieces' digests. @throws what the signal holds, so that nobody waits for it */
export async function joinParts(
  hub: UploadsHub,
  final: StoredUpload,
  parts: readonly StoredUpload[],
  signal: AbortSignal,
): Promise<Leaves | undefined> {
  const store = hub.uploads.unfinished;
  const pieces = hub.catalogue.piecesOf(final.record.length!);
  return withOpen(store.open(final), async (file) => {
    const writer = new PieceWriter({ file, position: 0, pieces });
    try {
      for (const part of parts) {
        await withOpen(store.open(part), (data) => copyBytes(data, part.offset, writer, signal));
      }
      await writer.finish();
      return writer.leaves();
    } finally {
      await writer.settle();
    }
  });
}
