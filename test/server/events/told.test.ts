// What a hub tells, held against the schemas that its clients, and programs of others, read it by.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { feedEventSchema } from '../../../src/api/feed-event.ts';
import { listingSchema } from '../../../src/api/listing.ts';
import { AS_JSON, startHub, tempRoot } from '../hub.ts';
import { openStream } from './subscribers.ts';

const SOON = { timeout: 15_000 };

test('listings and events hold what their schemas name, and nothing else', async () => {
  const root = await tempRoot();
  await writeFile(join(root, 'a'), 'four');
  const hub = await startHub({ root, writable: true });
  const stream = await openStream(hub);
  await hub.ask('/files/b', { method: 'PUT', body: Buffer.from('12345') });
  await hub.ask('/files/a', { method: 'DELETE' });
  await expect.poll(stream.files, SOON).toEqual(['file_added /b', 'file_deleted /a']);
  for (const { id, time, ...event } of stream.told()) {
    expect(feedEventSchema.parse(event)).toEqual(event);
    expect(id).toBeTypeOf('string');
    expect(time).toBeTypeOf('string');
  }
  const listing: unknown = JSON.parse((await hub.ask('/files/?limit=1', AS_JSON)).text);
  expect(listingSchema.parse(listing)).toEqual(listing);
});
