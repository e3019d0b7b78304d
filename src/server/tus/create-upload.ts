// POST /uploads/: a new upload (creation, creation-with-upload, creation-defer-
// length) or a final one of parts (concatenation). The metadata says where the file
// goes: `path`, or `directory` and `filename`; without any it gets the upload's id
// as its name. Preconditions (If-None-Match, If-Match, If-Unmodified-Since) are
// checked here and hold again when the file is published.
import type { IncomingHttpHeaders } from 'node:http';
import { ownView } from '../../hub/access/own-view.ts';
import type { Finished } from '../../hub/uploads/finish-upload.ts';
import { checkTarget } from '../../hub/uploads/publication.ts';
import type { UploadRecord } from '../../hub/uploads/upload-record.ts';
import type { StoredUpload } from '../../hub/uploads/upload-store.ts';
import type { UploadLock } from '../../root/unfinished.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { HttpFailure } from '../message/http-failure.ts';
import {
  parseChecksum,
  parseConcat,
  parseMetadata,
  parseNewLength,
  requireChunkType,
  targetOf,
} from '../message/tus-headers.ts';
import { CONDITION_FIELDS, conditionOf } from '../uploads/condition-of.ts';
import type { UploadsHub } from '../uploads/uploads-hub.ts';
import { appendBody } from './append-upload.ts';
import { joinParts, loadParts } from './concatenate.ts';
import { finish } from './finish.ts';

type Facts = Pick<UploadRecord, 'metadata' | 'concat' | 'owner' | 'client' | 'conditions'> & {
  readonly named: readonly string[] | undefined;
};

/** @throws Refusal, HttpFailure */
export async function createUpload(
  whole: UploadsHub,
  conversation: Conversation,
): Promise<Finished> {
  const hub = ownView(whole, conversation.caller, 'write');
  const { headers } = conversation.req;
  const concat = parseConcat(headers);
  const metadata = headers['upload-metadata'];
  const facts: Facts = {
    metadata: metadata === undefined ? null : String(metadata),
    concat: concat === undefined ? null : String(headers['upload-concat']),
    named: targetOf(parseMetadata(metadata === undefined ? undefined : String(metadata))),
    owner: conversation.caller.rights?.holder ?? null,
    client: conversation.caller.rights?.holder ?? conversation.caller.user,
    conditions: storedConditions(headers),
  };
  // An upload without a name lands in the root, unless it is a part of another.
  if (concat !== 'partial') hub.access.check(conversation.caller, 'write', facts.named ?? []);
  if (facts.named && concat !== 'partial')
    await checkTarget(hub, facts.named, conditionOf(headers));
  return typeof concat === 'object'
    ? createFinal(hub, conversation, facts, concat.parts)
    : createPlain(hub, conversation, facts);
}

async function createPlain(
  hub: UploadsHub,
  conversation: Conversation,
  facts: Facts,
): Promise<Finished> {
  const { headers } = conversation.req;
  const length = parseNewLength(headers) ?? null;
  const withBody = checkBody(headers);
  await checkRoom(hub, length ?? 0);
  return begin(hub, { ...facts, length }, async (made, lock) => {
    const { upload, hashed } = withBody
      ? await appendBody(hub, conversation, made, lock)
      : { upload: made, hashed: {} };
    return finish(hub, conversation, upload, hashed);
  });
}

async function createFinal(
  hub: UploadsHub,
  conversation: Conversation,
  facts: Facts,
  ids: readonly string[],
): Promise<Finished> {
  checkFinal(conversation.req.headers);
  const parts = await loadParts(hub, conversation.caller, ids);
  const length = parts.reduce((sum, { offset }) => sum + offset, 0);
  await checkRoom(hub, length);
  return begin(hub, { ...facts, length }, async (made) => {
    const leaves = await joinParts(hub, made, parts, conversation.signal);
    const whole = { ...made, offset: length };
    const finished = await finish(hub, conversation, whole, { leaves });
    // The part may be gone, or its disk full: then it goes when it expires.
    for (const part of parts) await hub.uploads.unfinished.retire(part).catch(() => undefined);
    return finished;
  });
}

/** Checks a final upload: its length and its bytes come from its parts. @throws HttpFailure 400 */
function checkFinal(headers: IncomingHttpHeaders): void {
  const own = ['Upload-Length', 'Upload-Defer-Length'].find(
    (name) => name.toLowerCase() in headers,
  );
  if (own) throw new HttpFailure(400, `${own}: a final upload is as long as its parts are`);
  if (bringsBytes(headers)) {
    throw new HttpFailure(400, 'a final upload is made of its parts and takes no bytes');
  }
}

/**
 * Begins an upload with its first bytes. No client knows the URL before the answer: an upload that
 * fails here is removed.
 */
async function begin(
  hub: UploadsHub,
  facts: Facts & Pick<UploadRecord, 'length'>,
  body: (made: StoredUpload, lock: UploadLock) => Promise<Finished>,
): Promise<Finished> {
  const store = hub.uploads.unfinished;
  const made = await store.create(facts);
  try {
    const lock = await store.lock(made.id);
    try {
      return await body(made, lock);
    } finally {
      await lock.release();
    }
  } catch (error) {
    await store.remove(made.id);
    throw error;
  }
}

async function checkRoom({ uploads }: UploadsHub, length: number): Promise<void> {
  uploads.checkSize(length);
  await uploads.unfinished.checkRoom(length);
}

/** Whether the first bytes come with the request. @throws HttpFailure 400, 415 */
function checkBody(headers: IncomingHttpHeaders): boolean {
  parseChecksum(headers);
  const some = bringsBytes(headers);
  if (some) requireChunkType(headers, 'Accept');
  return some;
}

function bringsBytes(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function storedConditions(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    CONDITION_FIELDS.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, String(value)]];
    }),
  );
}
