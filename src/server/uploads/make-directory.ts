// MKCOL /files/<path>: makes an empty directory, as WebDAV clients ask for one (RFC 4918 section
// 9.3): 201, 405 if the name is taken, 409 without the directory above it, 415 with a body.
import { filesUrl } from '../../api/files-url.ts';
import { ownView } from '../../hub/access/own-view.ts';
import { makeDirectory } from '../../hub/uploads/making.ts';
import { checkCondition } from '../../hub/uploads/publication.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { HttpFailure } from '../message/http-failure.ts';
import { parseRequestPath } from '../message/request-path.ts';
import { ROUTES } from '../message/routes.ts';
import { conditionOf } from './condition-of.ts';
import { asReplacing } from './replace-wish.ts';
import { asSpelled } from './spelling-wish.ts';
import type { UploadsHub } from './uploads-hub.ts';

/** @param rest path after `/files/`. @throws Refusal, HttpFailure */
export async function answerMakeDirectory(
  whole: UploadsHub,
  conversation: Conversation,
  rest: string,
): Promise<void> {
  const { req, res, caller } = conversation;
  const spelling = asSpelled(ownView(whole, caller, 'write'), req);
  const hub = asReplacing(spelling, caller, req.headers);
  const { segments } = parseRequestPath(rest, 'ERR_NOT_PERMITTED');
  hub.access.check(caller, 'write', segments);
  const { 'content-length': length = '0', 'transfer-encoding': coding } = req.headers;
  if (Number(length) > 0 || coding !== undefined) {
    throw new HttpFailure(415, 'a directory is made without a body');
  }
  // It is judged as of a name that is not there: 405 says all of one that is.
  await checkCondition(hub, undefined, conditionOf(req.headers));
  if (segments.length === 0 || !(await makeDirectory(hub, segments, caller.remote))) {
    const allowed = ROUTES.files.methods.filter((method) => method !== 'MKCOL').join(', ');
    throw new HttpFailure(405, 'the name is taken', { Allow: allowed });
  }
  const url = `${filesUrl(segments)}/`;
  res.setHeader('Location', hub.address.locate(conversation, url));
  conversation.reply(201, 'text/plain; charset=utf-8', `made ${url}\n`);
}
