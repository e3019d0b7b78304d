// DELETE /files/<path> (RFC 9110 section 9.3.5), under the same preconditions as an upload.
// hub/uploads/removal.ts removes the name.

import { remove } from '../../hub/uploads/removal.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { parseRequestPath } from '../message/request-path.ts';
import { conditionOf } from './condition-of.ts';
import type { UploadsHub } from './uploads-hub.ts';

/** @param rest path after `/files/`. @throws Refusal */
export async function answerDelete(
  hub: UploadsHub,
  { req, res, caller }: Conversation,
  rest: string,
): Promise<void> {
  const { segments, trailingSlash } = parseRequestPath(rest, 'ERR_NOT_PERMITTED');
  const condition = conditionOf(req.headers);
  const { remote } = caller;
  await remove(hub, { segments, ofDirectory: trailingSlash, condition, caller, remote });
  res.writeHead(204).end();
}
