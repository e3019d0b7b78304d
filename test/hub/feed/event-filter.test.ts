import { describe, expect, it } from 'vitest';
import { type EventKind, eventsBelow } from '../../../src/hub/feed/event-filter.ts';
import type { FeedEvent } from '../../../src/hub/feed/feed-event.ts';

const deleted = (path: string): FeedEvent => ({
  event: 'file_deleted',
  path,
  url: `/files${path}`,
});
const transfer: FeedEvent = {
  event: 'transfer_progressed',
  path: '/a/b',
  url: '/files/a/b',
  transfer: 1,
  direction: 'download',
  bytes: 1,
};

describe('eventsBelow', () => {
  it.each([
    [[], '/x', true],
    [['a'], '/a', true],
    [['a'], '/a/b', true],
    [['a'], '/ab', false],
    [['a', 'b'], '/a', false],
  ])('of %j has %s: %s', (segments, path, matches) => {
    expect(eventsBelow(segments).matches(deleted(path))).toBe(matches);
  });

  it.each<[EventKind | undefined, boolean, boolean]>([
    [undefined, true, true],
    ['files', true, false],
    ['transfers', false, true],
  ])('only %s: files %s, transfers %s', (only, files, transfers) => {
    const filter = eventsBelow([], only);
    expect([filter.matches(deleted('/a')), filter.matches(transfer)]).toEqual([files, transfers]);
  });
});
