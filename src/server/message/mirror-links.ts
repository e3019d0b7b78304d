// What a file's answer says of other servers that have it: `Link: <URL>;
// rel=duplicate; pri=N` (RFC 6249 sections 2 and 3.1), in the order in which they
// were given. Nothing is asked of them: a client that goes there checks what it gets
// against the tag or the digest that it got here. Pure.

/** Chosen: clients read no more of them (src/client/http/link-header.ts). */
export const MAX_MIRRORS = 16;
/**
 * Of all links of one answer: nginx takes a head of 4 KiB unless told otherwise
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
