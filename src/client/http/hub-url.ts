// Where the hub of a URL begins: what stands before the first /files/ of its path. A proxy may show
// the hub below a prefix, as in https://example.org/hub/files/name. Pure.
import { tryDecode } from './url.ts';

/** The URL of another route of the hub, with the same credentials. @param route as in `uploads/` */
export function routeUrl(url: URL, route: string): URL {
  const to = new URL(url);
  to.pathname = prefixOf(url) + route;
  to.search = '';
  return to;
}

/** Path below the hub's /files/, decoded; undefined if it is malformed, or the URL has none. */
export function pathOnHub(url: URL): string | undefined {
  const found = FILES.exec(url.pathname);
  return found ? tryDecode(found[2] ?? '') : undefined;
}

/** The root of the server unless the path names files of a hub. */
const prefixOf = ({ pathname }: URL): string => FILES.exec(pathname)?.[1] ?? '/';

const FILES = /^(.*?\/)files(?:\/(.*))?$/;
