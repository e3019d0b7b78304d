// Answers GET and HEAD of a directory with its index.html in place of the listing, as static web
// servers do. The page is sent as the file it is, so conditions, ranges, codings and the tag are the
// file's own. The listing stays for who names its form: `format` or `archive` in the query, or JSON
// in Accept. A caller that may not read the page gets the listing, as where there is none.
import { filesUrl } from '../../api/files-url.ts';
import { ownView } from '../../hub/access/own-view.ts';
import { openFile, withOpen } from '../../root/opened.ts';
import type { OpenFile } from '../../root/root.ts';
import { hasCode } from '../../runtime/errors.ts';
import type { OwnAddress } from '../access/own-address.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { targetPath, targetQuery, targetSearch } from '../message/request-path.ts';
import { answerFile } from './file-response.ts';
import type { FilesHub } from './files-hub.ts';

const NAME = 'index.html';

/** Returns false if the listing is to answer. @throws Refusal, HttpFailure */
export async function answerIndex(
  whole: FilesHub & { readonly address: OwnAddress },
  conversation: Conversation,
  directory: readonly string[],
  prefersHtml: boolean,
): Promise<boolean> {
  const { target, caller } = conversation;
  const query = targetQuery(target);
  if (!whole.representations.index || !prefersHtml) return false;
  if (query.has('format') || query.has('archive')) return false;
  const segments = [...directory, NAME];
  if (!whole.access.allows(caller, 'read', segments)) return false;
  const hub = ownView(whole, caller, 'read');
  const file = await openFile(hub.root, segments).catch(unlessAbsent);
  if (!file) return false;
  await withOpen(Promise.resolve(file), async () => {
    if (targetPath(target).endsWith('/')) {
      conversation.vary('Accept');
      return answerFile(hub, conversation, segments, file);
    }
    // References of the page begin at the directory.
    const slashed = filesUrl([...directory, '']);
    conversation.redirect(whole.address.locate(conversation, slashed) + targetSearch(target));
  });
  return true;
}

function unlessAbsent(error: unknown): OpenFile | undefined {
  if (hasCode(error, 'ERR_NOT_FOUND')) return undefined;
  throw error;
}
