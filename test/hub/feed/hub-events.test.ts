// The events of a hub without a face: what subscribers are told, and what watches for whom.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Catalogue } from '../../../src/hub/catalogue/catalogue.ts';
import { eventsBelow } from '../../../src/hub/feed/event-filter.ts';
import { HubEvents } from '../../../src/hub/feed/hub-events.ts';
import type { Transfers } from '../../../src/hub/feed/transfers.ts';
import { DiskRoot } from '../../../src/root/disk/disk-root.ts';
import type { Root } from '../../../src/root/root.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { tempRoot } from '../../server/hub.ts';

/** The transfers of a face that has them happen by hand. */
class HandMade implements Transfers {
  publish: Parameters<Transfers['start']>[0] | undefined;
  readonly heard: Event[] = [];

  start(publish: Parameters<Transfers['start']>[0]): void {
    this.publish = publish;
  }

  handleEvent(event: Event): void {
    this.heard.push(event);
  }

  stop(): void {
    this.publish = undefined;
  }
}

async function open(rootOf: (disk: DiskRoot) => Root = (disk) => disk) {
  const path = await tempRoot();
  const root = rootOf(await DiskRoot.at(path));
  const transfers = new HandMade();
  const catalogue = new Catalogue({ root, signal: new AbortController().signal });
  const emit = () => undefined;
  const context = { root, catalogue, transfers, emit, maxSubscribers: 2 };
  const events = new HubEvents(context, { settleMs: 10 });
  onTestFinished(() => events.end());
  const told: Record<string, unknown>[] = [];
  const ended: string[] = [];
  const subscribe = (after?: string, below: string[] = [], from = '192.0.2.1') =>
    events.subscribe(after, {
      from,
      filter: eventsBelow(below),
      deliver: ({ json }) => void told.push(JSON.parse(json)),
      end: () => void ended.push(from),
    });
  return { path, events, transfers, told, ended, subscribe };
}

const progress = {
  event: 'transfer_progressed',
  path: '/f',
  url: '/files/f',
  transfer: 1,
  direction: 'upload',
  bytes: 7,
} as const;

describe('the events of a hub', () => {
  it('are not kept from others by one address that takes all the places', async () => {
    const { events, ended, subscribe } = await open();
    for (let i = 0; i < 2; i++) await subscribe();
    await expect(subscribe()).rejects.toMatchObject({ code: 'ERR_BUSY' });
    await subscribe(undefined, [], '192.0.2.2');
    expect(ended).toEqual(['192.0.2.1']);
    expect(events.feed.subscribers).toBe(2);
    // Each has one now: nobody makes way for a third.
    for (const from of ['192.0.2.1', '192.0.2.2', '192.0.2.3'])
      await expect(subscribe(undefined, [], from)).rejects.toMatchObject({ code: 'ERR_BUSY' });
  });

  it('tell at once of a file that this process stored, wherever it lies', async () => {
    const { path, events, told, subscribe } = await open();
    await subscribe(undefined, ['a b']);
    await mkdir(join(path, 'a b'));
    await writeFile(join(path, 'a b/ü'), 'hello');
    events.handleEvent({ event: 'file_stored', path: 'a b/ü', bytes: 5, remote: '' });
    await expect.poll(() => told).toHaveLength(1);
    const about = { path: '/a b/ü', url: 'files/a%20b/%C3%BC', bytes: 5 };
    expect(told[0]).toMatchObject({ event: 'file_added', ...about });
    expect(told[0]).not.toHaveProperty('place');
  });

  it('watch transfers while somebody listens, also where a root tells of no changes', async () => {
    const unwatched = (disk: DiskRoot): Root =>
      Object.assign(Object.create(disk) as Root, { watch: undefined });
    const { events, transfers, told, subscribe } = await open(unwatched);
    expect(transfers.publish).toBeUndefined();
    await subscribe();
    transfers.publish!(progress);
    expect(told).toMatchObject([progress]);
    const ended = { event: 'file_stored', path: 'f', bytes: 5, remote: '' } as const;
    events.handleEvent(ended);
    expect(transfers.heard).toEqual([ended]);
    events.end();
    expect(transfers.publish).toBeUndefined();
  });

  it('resume behind an id', async () => {
    const { events, told, subscribe } = await open();
    const first = await subscribe();
    events.feed.publish({ event: 'file_deleted', path: '/f', url: '/files/f' });
    first.close();
    const second = await subscribe(first.position);
    expect(told).toHaveLength(1);
    expect(second.missed.map(({ event }) => event)).toEqual(['file_deleted']);
    await subscribe();
    await expect(subscribe()).rejects.toMatchObject({ code: 'ERR_BUSY' });
  });
});
