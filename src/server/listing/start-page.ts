// The page at `/`: a link to the files, for crawlers, which take no redirect for a directory, and
// which a browser follows at once.
import type { Conversation } from '../conversation/conversation.ts';

/** @param link to the files, as seen from the page */
export function answerStart(conversation: Conversation, link: string): void {
  const { res } = conversation;
  res.setHeader('Cache-Control', 'no-cache');
  res.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  conversation.reply(200, 'text/html; charset=utf-8', page(link));
}

const page = (link: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url=${link}">
<title>Hubswarm</title>
<a href="${link}">files/</a>
</html>
`;
