// DELETE /files/<path> (RFC 9110 section 9.3.5): a file, a symbolic link (itself,
// not what it leads to), or a directory that is empty. Held against the same
// preconditions as an upload, in the same order of changes. The name is removed
// from the open directory that was checked (root/root.ts); what
// remains: a file that another program puts in its place between the check of the
// conditions and the unlink goes with it, since no file system removes a name on
// the condition of what it names.

import { ownView } from '../../hub/access/own-view.ts';
import { withOpen } from '../../root/opened.ts';
import { Refusal } from '../../runtime/refusal.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { parseRequestPath } from '../message/request-path.ts';
import { changeName, checkConditions } from './publication.ts';
import type { UploadsHub } from './uploads-hub.ts';

/** @param rest what follows `/files/`. @throws Refusal */
export async function answerDelete(
  whole: UploadsHub,
  conversation: Conversation,
  rest: string,
): Promise<void> {
  const hub = ownView(whole, conversation.caller, 'delete');
  const { segments, trailingSlash } = parseRequestPath(rest, 'ERR_NOT_PERMITTED');
  hub.access.check(conversation.caller, 'delete', segments);
  const name = segments.at(-1);
  if (name === undefined)
    throw new Refusal('ERR_NOT_PERMITTED', 'the root itself cannot be deleted');
  await withOpen(hub.root.parentOf(segments, false), async (directory) => {
    await changeName(hub.root, [...directory.place, name], async () => {
      await checkDeletable(hub, conversation, segments, trailingSlash);
      hub.uploads.quota.handleChange(-(await directory.remove(name)));
    });
  });
  hub.emit({ event: 'file_deleted', path: segments.join('/'), remote: conversation.caller.remote });
  conversation.res.writeHead(204).end();
}

/** @throws Refusal ERR_NOT_PERMITTED, ERR_NOT_FOUND, ERR_PRECONDITION */
async function checkDeletable(
  hub: UploadsHub,
  { req }: Conversation,
  segments: readonly string[],
  trailingSlash: boolean,
): Promise<void> {
  await withOpen(hub.root.open(segments), async (existing) => {
    // A directory has no tag, so that only '*' can hold.
    if (existing.kind === 'directory') checkDirectory(req.headers);
    else if (trailingSlash) throw new Refusal('ERR_NOT_FOUND', 'not a directory');
    else await checkConditions(hub, existing, req.headers);
  });
}

function checkDirectory(headers: Conversation['req']['headers']): void {
  const matched = headers['if-match'] === undefined || headers['if-match'].trim() === '*';
  if (matched && headers['if-none-match']?.trim() !== '*') return;
  throw new Refusal('ERR_PRECONDITION', 'a directory has no version');
}
