// PUT /files/<path>: the body becomes the file, whole or not at all (RFC 9110 section 9.3.4). A
// refusal comes before the client is asked for the body. Uploads of one name run side by side, each
// into its own partial file; hub/uploads/publication.ts puts them in order.
import { MTIME_FIELD, parseAttributes } from '../../api/file-attributes.ts';
import { filesUrl } from '../../api/files-url.ts';
import type { Leaves } from '../../content/file-dag.ts';
import { ownView } from '../../hub/access/own-view.ts';
import type { Condition } from '../../hub/uploads/condition.ts';
import { PieceWriter } from '../../hub/uploads/piece-writer.ts';
import { checkTarget, type Published, publish } from '../../hub/uploads/publication.ts';
import type { Reservation } from '../../hub/uploads/quota.ts';
import { withOpen } from '../../root/opened.ts';
import type { Draft } from '../../root/root.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { receiveBody } from '../conversation/receive-body.ts';
import { HttpFailure } from '../message/http-failure.ts';
import { parseRequestPath } from '../message/request-path.ts';
import { conditionOf } from './condition-of.ts';
import { asReplacing } from './replace-wish.ts';
import { asSpelled } from './spelling-wish.ts';
import { UploadDigests } from './upload-digests.ts';
import type { UploadsHub } from './uploads-hub.ts';

interface Upload {
  readonly conversation: Conversation;
  readonly segments: readonly string[];
  readonly condition: Condition | undefined;
  /** Length of the body in bytes; undefined if it is chunked. */
  readonly declaredBytes: number | undefined;
  readonly digests: UploadDigests;
  readonly reservation: Reservation;
}

/** @param rest path after `/files/`. @throws Refusal, HttpFailure */
export async function answerUpload(
  whole: UploadsHub,
  conversation: Conversation,
  rest: string,
): Promise<void> {
  const { caller, req } = conversation;
  const spelling = asSpelled(ownView(whole, caller, 'write'), req);
  const hub = asReplacing(spelling, caller, req.headers);
  const { segments, trailingSlash } = parseRequestPath(rest, 'ERR_NOT_PERMITTED');
  hub.access.check(caller, 'write', segments);
  checkAcceptable(conversation);
  const { headers } = req;
  const digests = UploadDigests.of(headers);
  if (segments.length === 0 || trailingSlash) {
    throw new HttpFailure(
      409,
      'a directory cannot be uploaded; give the name of a file, or make it by MKCOL',
    );
  }
  const length = headers['content-length'];
  const declaredBytes = length === undefined ? undefined : Number(length);
  hub.uploads.checkSize(declaredBytes ?? 0);
  const condition = conditionOf(headers);
  // Section 13.2.1: a condition is judged only of what would be done without it.
  const reservation = hub.uploads.quota.reserve(declaredBytes ?? 0);
  try {
    await checkTarget(hub, segments, condition);
    const upload = { conversation, segments, condition, declaredBytes, digests, reservation };
    answerStored(hub, conversation, segments, await store(hub, upload));
  } finally {
    reservation.release();
  }
}

/** @throws HttpFailure 400, 415 */
export function checkAcceptable({ req }: Conversation): void {
  // Section 14.5: a part that is taken for the whole would destroy a file.
  if (req.headers['content-range'] !== undefined) {
    throw new HttpFailure(400, 'an upload replaces the whole file; Content-Range is not taken');
  }
  if ((req.headers['content-encoding'] ?? 'identity') !== 'identity') {
    // Section 15.5.16: the codings that would do.
    const accepted = { 'Accept-Encoding': 'identity' };
    throw new HttpFailure(415, 'upload the bytes as they are, without Content-Encoding', accepted);
  }
}

async function store(hub: UploadsHub, upload: Upload): Promise<Published> {
  const { conversation, segments, condition, declaredBytes, digests } = upload;
  return withOpen(hub.root.parentOf(segments, true), async (directory) => {
    await directory.checkRoom(declaredBytes ?? 0);
    return withOpen(directory.draft(segments.at(-1)!), async (draft) => {
      const leaves = await receive(hub, upload, draft);
      const { field, sha256 } = digests.check();
      if (field !== undefined) conversation.res.setHeader('Repr-Digest', field);
      const { remote } = conversation.caller;
      const hashed = { leaves, sha256 };
      const sent = conversation.req.headers;
      const attributes = parseAttributes((name) => sent[name]?.toString());
      // As servers of ownCloud say it.
      if (attributes.modifiedMs !== undefined) conversation.res.setHeader(MTIME_FIELD, 'accepted');
      return publish(hub, { segments, draft, condition, remote, hashed, attributes });
    });
  });
}

/** Receives the body. Resolves to the pieces' digests if the length was known beforehand. */
async function receive(
  hub: UploadsHub,
  { conversation, declaredBytes, digests, reservation }: Upload,
  draft: Draft,
): Promise<Leaves | undefined> {
  const pieces = declaredBytes === undefined ? undefined : hub.catalogue.piecesOf(declaredBytes);
  const writer = new PieceWriter({ file: draft, position: 0, pieces, hashes: digests.hashes });
  conversation.askForBody();
  try {
    await receiveBody(conversation, hub.link, (chunk) => {
      hub.uploads.checkSize(conversation.bytes);
      reservation.cover(conversation.bytes);
      return writer.take(chunk);
    });
    await writer.finish();
    return writer.leaves();
  } finally {
    await writer.settle();
  }
}

function answerStored(
  { address }: UploadsHub,
  conversation: Conversation,
  segments: readonly string[],
  { replaced, entry }: Published,
): void {
  const { res } = conversation;
  if (entry) {
    res.setHeader('ETag', `"${entry.cid}"`);
    res.setHeader('X-Ipfs-Roots', entry.cid);
  }
  const url = filesUrl(segments);
  res.setHeader('Location', address.locate(conversation, url));
  if (replaced) res.writeHead(204).end();
  else conversation.reply(201, 'text/plain; charset=utf-8', `stored ${url}\n`);
}
