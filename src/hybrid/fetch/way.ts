// Decides how what a person gave is fetched. Several things are ways to one content: mirrors.
//
// | given | way |
// |---|---|
// | one or more URLs | by HTTP, all of them mirrors |
// | the URL of a hub's directory | by HTTP, with all below it |
// | a code phrase | from its sender |
// | a share link, a CID, CID/path | from the swarm |
// | several of these, of one CID and path | from the swarm, by the addresses of all |
// | these and URLs of the file | by HTTP, held to the CID; from the swarm when no URL delivers |
//
// Everything else is refused, with the reason.
import type { CidTarget } from '../../content/cid-target.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import type { Callable } from '../links/callable.ts';
import type { CodePhrase } from '../phrase/code-phrase.ts';
import type { Thing } from './thing.ts';

export type Way =
  | { readonly kind: 'phrase'; readonly phrase: CodePhrase }
  | { readonly kind: 'files'; readonly urls: readonly URL[] }
  | { readonly kind: 'tree'; readonly url: URL }
  | {
      readonly kind: 'content';
      readonly target: CidTarget;
      /** What is called for the links. */
      readonly callable: Callable;
      /** URLs of the same file. */
      readonly urls: readonly URL[];
    };

/** A way that a peer goes. */
export type SwarmWay = Extract<Way, { kind: 'content' | 'phrase' }>;

/** A directory of a hub, whatever the path is that a proxy shows it below. */
const isDirectory = ({ pathname }: URL): boolean => /\/files\/(.*\/)?$/.test(pathname);

/** @throws HubswarmError ERR_USAGE, in one line */
export async function decideWay(things: readonly Thing[]): Promise<Way> {
  const urls = things.flatMap((thing) => (thing.kind === 'url' ? [thing.url] : []));
  const [phrase] = things.flatMap((thing) => (thing.kind === 'phrase' ? [thing.phrase] : []));
  if (phrase && things.length > 1) {
    throw refusal(`${phrase.text} leads to one sender; give it alone`);
  }
  if (phrase) return { kind: 'phrase', phrase };
  const contents = things.filter((thing) => thing.kind === 'content');
  const directory = urls.find(isDirectory);
  if (directory && things.length > 1) {
    throw refusal(`${directory.href} is a directory: it has no mirrors; give it alone`);
  }
  if (directory) return { kind: 'tree', url: directory };
  const [first] = contents;
  if (!first) return { kind: 'files', urls };
  for (const { target } of contents) checkSame(first.target, target);
  const { cid, path } = first.target;
  if (path !== undefined && urls.length > 0) {
    throw refusal(
      `a URL beside ${cid}/${path} cannot be verified; give the CID of the file itself`,
    );
  }
  // What URLs alone do without.
  const { callableOf } = await import('../links/callable.ts');
  const links = contents.flatMap(({ link }) => link ?? []);
  const addresses = [...new Set(links.flatMap((link) => link.addresses))];
  const hubs = [...new Set(links.flatMap((link) => link.hubs))];
  return {
    kind: 'content',
    target: { ...first.target },
    callable: callableOf({ addresses, hubs }),
    urls,
  };
}

function checkSame(one: CidTarget, other: CidTarget): void {
  const [a, b] = [one, other].map(({ cid, path = '' }) => `${cid}${path === '' ? '' : `/${path}`}`);
  if (a === b) return;
  throw refusal(`${a} and ${b} are two; one call fetches one, from several places`);
}

const refusal = (message: string): HubswarmError => new HubswarmError('ERR_USAGE', message);
