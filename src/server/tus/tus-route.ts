// /uploads/: resumable uploads by tus 1.0 (https://tus.io/protocols/resumable-upload), with the
// extensions that tus-headers.ts lists. Here each method is routed, and every answer gets its
// fields; the files beside do the work.

import { formatHttpDate } from '../../api/http-date.ts';
import { awaitsPublication, type Finished } from '../../hub/uploads/finish-upload.ts';
import { mayGoOn } from '../../hub/uploads/upload-record.ts';
import type { StoredUpload } from '../../hub/uploads/upload-store.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { receiveBody } from '../conversation/receive-body.ts';
import { HttpFailure } from '../message/http-failure.ts';
import {
  CHUNK_TYPE,
  isUploadsPath,
  parseChecksum,
  parseCount,
  requireChunkType,
  TUS_CHECKSUMS,
  TUS_EXTENSIONS,
  TUS_VERSION,
  uploadIdOf,
} from '../message/tus-headers.ts';
import type { UploadsHub } from '../uploads/uploads-hub.ts';
import { appendBody } from './append-upload.ts';
import { createUpload } from './create-upload.ts';
import { finish } from './finish.ts';

const COLLECTION = 'OPTIONS, POST';
const UPLOAD = 'OPTIONS, HEAD, PATCH, DELETE';

/** @param path of the request target. @throws Refusal, HttpFailure */
export async function answerTus(
  hub: UploadsHub,
  conversation: Conversation,
  path: string,
): Promise<void> {
  conversation.res.setHeader('Tus-Resumable', TUS_VERSION);
  conversation.res.setHeader('Cache-Control', 'no-store');
  const { req } = conversation;
  const method = String(req.headers['x-http-method-override'] ?? req.method).toUpperCase();
  if (method === 'OPTIONS') return answerOptions(hub, conversation);
  hub.access.checkAnywhere(conversation.caller, 'write');
  const id = uploadIdOf(path);
  const collection = id === undefined;
  if (!isUploadsPath(path)) throw new HttpFailure(404, 'no such upload');
  const allowed = collection ? COLLECTION : UPLOAD;
  if (!allowed.split(', ').includes(method)) {
    throw new HttpFailure(405, `${method} is not taken here; allowed: ${allowed}`, {
      Allow: allowed,
    });
  }
  checkVersion(conversation);
  if (collection) return answerCreation(hub, conversation);
  if (method === 'HEAD') return answerHead(hub, conversation, id);
  if (method === 'PATCH') return answerPatch(hub, conversation, id);
  return answerTermination(hub, conversation, id);
}

function answerOptions({ access, uploads }: UploadsHub, { res }: Conversation): void {
  if (access.isWritable) {
    res.setHeader('Tus-Version', TUS_VERSION);
    res.setHeader('Tus-Extension', TUS_EXTENSIONS);
    res.setHeader('Tus-Checksum-Algorithm', TUS_CHECKSUMS);
    if (Number.isFinite(uploads.maxBytes)) res.setHeader('Tus-Max-Size', uploads.maxBytes);
  }
  res.setHeader('Accept-Patch', CHUNK_TYPE);
  res.setHeader('Allow', `${COLLECTION}, HEAD, PATCH, DELETE`);
  // tus takes 204 as well; the public suite does not.
  res.writeHead(200, { 'Content-Length': 0 }).end();
}

function checkVersion({ req }: Conversation): void {
  if (req.headers['tus-resumable'] === TUS_VERSION) return;
  throw new HttpFailure(412, `Tus-Resumable: missing or not known; give ${TUS_VERSION}`, {
    'Tus-Version': TUS_VERSION,
  });
}

async function answerCreation(hub: UploadsHub, conversation: Conversation): Promise<void> {
  const finished = await createUpload(hub, conversation);
  const location = hub.address.locate(conversation, `/uploads/${finished.upload.id}`);
  conversation.res.setHeader('Location', location);
  tell(conversation, finished);
  conversation.res.writeHead(201).end();
}

async function answerHead(hub: UploadsHub, conversation: Conversation, id: string): Promise<void> {
  const found = await loadFor(hub, conversation, id);
  // A killed process left it complete but without its name.
  const finished = awaitsPublication(found)
    ? await holding(hub, id, (upload) => finish(hub, conversation, upload))
    : { upload: found, entry: undefined };
  const { length, metadata, concat } = finished.upload.record;
  const { res } = conversation;
  if (length === null) res.setHeader('Upload-Defer-Length', '1');
  else res.setHeader('Upload-Length', length);
  if (metadata) res.setHeader('Upload-Metadata', metadata);
  if (concat !== null) res.setHeader('Upload-Concat', concat);
  tell(conversation, finished);
  // 204 would do without a body, but clients from before tus 1.0 look for 200.
  res.writeHead(200, { 'Content-Length': 0 }).end();
}

async function answerPatch(hub: UploadsHub, conversation: Conversation, id: string): Promise<void> {
  const { headers } = conversation.req;
  requireChunkType(headers, 'Accept-Patch');
  parseChecksum(headers);
  const offset = parseCount(headers, 'Upload-Offset');
  if (offset === undefined) throw new HttpFailure(400, 'Upload-Offset: missing');
  await loadFor(hub, conversation, id);
  const finished = await holding(hub, id, async (found, lock) => {
    if (found.record.concat?.startsWith('final')) {
      throw new HttpFailure(403, 'a final upload is made of its parts and takes no bytes');
    }
    if (found.offset !== offset) {
      const message = `Upload-Offset: ${offset} is not where it ends: ${found.offset}`;
      throw new HttpFailure(409, message, { 'Upload-Offset': String(found.offset) });
    }
    const upload = await declareLength(hub, conversation, found);
    if (upload.record.state !== 'open') {
      await takeNothing(hub, conversation);
      return finish(hub, conversation, upload);
    }
    const appended = await appendBody(hub, conversation, upload, lock);
    return finish(hub, conversation, appended.upload, appended.hashed);
  });
  tell(conversation, finished);
  conversation.res.writeHead(204).end();
}

/** @throws HttpFailure 413 */
async function takeNothing(hub: UploadsHub, conversation: Conversation): Promise<void> {
  const refuse = (): never => {
    throw new HttpFailure(413, 'the upload is whole and takes no more bytes');
  };
  if (Number(conversation.req.headers['content-length'] ?? 0) > 0) refuse();
  conversation.askForBody();
  await receiveBody(conversation, hub.link, refuse);
}

/** creation-defer-length: the first request that knows the length declares it, once. */
async function declareLength(
  hub: UploadsHub,
  { req }: Conversation,
  upload: StoredUpload,
): Promise<StoredUpload> {
  const length = parseCount(req.headers, 'Upload-Length');
  if (length === undefined || length === upload.record.length) return upload;
  if (upload.record.length !== null) {
    throw new HttpFailure(400, `Upload-Length: was ${upload.record.length} and cannot change`);
  }
  if (length < upload.offset) {
    throw new HttpFailure(400, `Upload-Length: ${length} is less than what has come`);
  }
  hub.uploads.checkSize(length);
  return hub.uploads.unfinished.declare(upload, length);
}

async function answerTermination(
  hub: UploadsHub,
  conversation: Conversation,
  id: string,
): Promise<void> {
  await loadFor(hub, conversation, id);
  await holding(hub, id, () => hub.uploads.unfinished.remove(id));
  conversation.res.writeHead(204).end();
}

/** A caller that may write the upload's target may go on with it. A part has an owner instead. */
async function loadFor(
  hub: UploadsHub,
  conversation: Conversation,
  id: string,
): Promise<StoredUpload> {
  const upload = await hub.uploads.unfinished.load(id);
  if (!mayGoOn(upload, conversation.caller)) throw new HttpFailure(404, 'no such upload');
  if (upload.record.target) hub.access.check(conversation.caller, 'write', upload.record.target);
  return upload;
}

/** Runs `body` as the upload's only writer. */
async function holding<T>(
  hub: UploadsHub,
  id: string,
  body: (
    upload: StoredUpload,
    lock: Awaited<ReturnType<typeof hub.uploads.unfinished.lock>>,
  ) => Promise<T>,
): Promise<T> {
  const lock = await hub.uploads.unfinished.lock(id);
  try {
    return await body(await hub.uploads.unfinished.load(id), lock);
  } finally {
    await lock.release();
  }
}

/** Answers with the upload's offset, and with the file that it became. */
function tell({ res }: Conversation, { upload, entry }: Finished): void {
  const { record, offset } = upload;
  res.setHeader('Upload-Offset', offset);
  if (record.state === 'open') {
    res.setHeader('Upload-Expires', formatHttpDate(record.expiresMs));
  }
  if (!entry) return;
  res.setHeader('ETag', `"${entry.cid}"`);
  res.setHeader('X-Ipfs-Roots', entry.cid);
}
