// Links to other servers with the same file: `Link: <URL>; rel=duplicate; pri=N` (RFC 6249 sections
// 2 and 3.1), in the given order. Nothing is requested from them: a client that goes there checks
// what it gets against the tag or the digest that it got here. Pure.

/** Chosen: clients read no more of them (src/client/http/link-header.ts). */
export const MAX_MIRRORS = 16;
/**
 * Most characters of all links of an answer: nginx accepts a head of 4 KiB by default
 * (proxy_buffer_size), and answers a longer one with 502. Long paths get fewer links.
 */
const MAX_LINK_CHARACTERS = 2048;

/** @param mirrors each ends in a slash; what lies below it is what lies below /files/ */
export function mirrorLinks(mirrors: readonly string[], segments: readonly string[]): string[] {
  const path = segments.map(encodeURIComponent).join('/');
  let left = MAX_LINK_CHARACTERS;
  const links: string[] = [];
  for (const [index, mirror] of mirrors.entries()) {
    const link = `<${mirror}${path}>; rel=duplicate; pri=${index + 1}`;
    left -= link.length;
    if (left < 0) break;
    links.push(link);
  }
  return links;
}
