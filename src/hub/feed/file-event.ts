// Makes the event that tells subscribers of a change below the root.

import { filesReference } from '../../api/files-url.ts';
import type { Change } from '../../root/root.ts';
import { dateOf } from '../../root/version.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { FeedEvent } from './feed-event.ts';

export function fileEventOf(
  { kind, segments, found }: Change,
  catalogue: Pick<Catalogue, 'cidOf'>,
): FeedEvent {
  const about = { path: `/${segments.join('/')}`, url: filesReference(segments) };
  if (!found) return { event: 'file_deleted', ...about };
  const cid = catalogue.cidOf(found);
  return {
    event: kind === 'added' ? 'file_added' : 'file_changed',
    ...about,
    place: `/${found.place.join('/')}`,
    bytes: found.version.size,
    modified: dateOf(found.version).toISOString(),
    ...(cid === undefined ? {} : { cid }),
  };
}
