// What a person has of something to fetch: a share link, a code phrase, a CID (alone, with a path, as
// IPFS writes links), or a URL.
import { parseHttpUrl } from '../../client/http/url.ts';
import { type CidTarget, looksLikeCid, parseCidTarget } from '../../content/cid-target.ts';
import { HubswarmError, hasCode } from '../../runtime/errors.ts';
import { isShareLink, parseShareLink, type ShareLink } from '../links/share-link.ts';
import { type CodePhrase, looksLikePhrase, readPhrase } from '../phrase/code-phrase.ts';

export type Thing =
  | { readonly kind: 'content'; readonly target: CidTarget; readonly link?: ShareLink }
  | { readonly kind: 'phrase'; readonly phrase: CodePhrase }
  | { readonly kind: 'url'; readonly url: URL };

const KINDS =
  'a share link (hubswarm:...), a code phrase (7-word-word), a CID, or a URL as in http://hub:8080/files/name';

/** @throws HubswarmError ERR_USAGE, in one line */
export async function parseThing(text: string): Promise<Thing> {
  const meant = unquoted(text.trim());
  if (isShareLink(meant)) {
    const link = await parseShareLink(meant);
    return { kind: 'content', target: link, link };
  }
  if (looksLikePhrase(meant)) return { kind: 'phrase', phrase: readPhrase(meant) };
  if (looksLikeCid(meant)) return { kind: 'content', target: await parseCidTarget('CID', meant) };
  try {
    return { kind: 'url', url: parseHttpUrl(meant) };
  } catch (error) {
    // A scheme that is not known, or none: what is accepted is more than URLs.
    if (!hasCode(error, 'ERR_USAGE')) throw error;
    throw new HubswarmError('ERR_USAGE', `'${meant}' is not known; give ${KINDS}`);
  }
}

/** Chats and pages show a link between quotes or angle brackets, and they are copied with it. */
const unquoted = (text: string): string => /^(['"<])(.*)['">]$/s.exec(text)?.[2] ?? text;
