// Publishes a complete upload, under the conditions of the request that created it.

import { ownView } from '../../hub/access/own-view.ts';
import type { Hashed } from '../../hub/catalogue/catalogue.ts';
import { awaitsPublication, type Finished, finishUpload } from '../../hub/uploads/finish-upload.ts';
import type { StoredUpload } from '../../hub/uploads/upload-store.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { attributesOf, parseMetadata } from '../message/tus-headers.ts';
import { conditionOf } from '../uploads/condition-of.ts';
import type { UploadsHub } from '../uploads/uploads-hub.ts';

/** The caller holds the lock. @throws as finishUpload() */
export async function finish(
  hub: UploadsHub,
  { caller }: Conversation,
  upload: StoredUpload,
  hashed: Hashed = {},
): Promise<Finished> {
  if (!awaitsPublication(upload)) return { upload, entry: undefined };
  const { conditions, metadata } = upload.record;
  return finishUpload(ownView(hub, caller, 'write'), upload, {
    condition: conditionOf(conditions),
    remote: caller.remote,
    hashed,
    attributes: attributesOf(parseMetadata(metadata ?? undefined)),
  });
}
