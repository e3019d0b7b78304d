// What links add to the ways into a swarm: their addresses, and the hubs that they name, asked as
// nobody and never on this machine, whatever their names stand for.
import { Access } from '../../client/http/access.ts';
import type { Guide } from '../../peer/discovery/guide.ts';
import { NameGuide } from '../../peer/discovery/name-guide.ts';
import { SCOPE } from '../../runtime/node/scope.ts';
import type { Joins } from '../entry.ts';
import { HubGuide } from '../hub-guide.ts';
import type { Run } from '../with-peer.ts';
import { type Callable, mayCallFor } from './callable.ts';

/** In one line for all: where the link was made on this machine, each of its addresses is one. */
export function tellPassedOver({ passedOver }: Callable, { emit }: Run): void {
  const [first] = passedOver;
  if (first === undefined) return;
  const more = passedOver.length > 1 ? ` and ${passedOver.length - 1} more` : '';
  const message =
    `the link names ${first}${more}, which is not called: a link comes from anybody; your own peers ` +
    'on this machine are found without it, and --join names any other';
  emit({ event: 'warned', message });
}

export function withLinks(given: Joins, { addresses, hubs, names }: Callable): Joins {
  const named = hubs.length > 0 ? hubsOf(given, hubs) : given.hubs;
  const guides = (named?.guides ?? []).slice(given.hubs?.guides.length ?? 0);
  const mayCall = mayCallFor();
  const all: Guide[] = [...guides, ...names.map((name) => new NameGuide(name, mayCall))];
  return {
    through: [...given.through, ...addresses, ...all],
    towards: [...given.towards, ...addresses, ...all.map(({ towards }) => towards)],
    hubs: named,
  };
}

function hubsOf({ hubs: given }: Joins, urls: readonly URL[]): NonNullable<Joins['hubs']> {
  const access =
    given?.access ?? new Access({ urls: [], environment: process.env, isAnonymous: true });
  const known = new Set(given?.guides.map(({ hub }) => hub.href));
  const guides = urls
    .map((url) => new HubGuide(url, access, SCOPE.network))
    .filter(({ hub }) => !known.has(hub.href));
  return { access, guides: [...(given?.guides ?? []), ...guides] };
}
