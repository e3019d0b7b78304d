// docs/events.md and its JSON schema, held against the types that programs are compiled with.
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { eventSchema, eventsPage } from './event-schema.ts';

const DOCS = resolve(import.meta.dirname, '../../docs');

test('docs/events.md is written from the types (`npm run events`)', async () => {
  await expect(eventsPage()).toMatchFileSnapshot(resolve(DOCS, 'events.md'));
});

test('docs/events.schema.json as well', async () => {
  const text = `${JSON.stringify(eventSchema(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot(resolve(DOCS, 'events.schema.json'));
});

test('no event and no choice is without a word', () => {
  const silent = (eventSchema().oneOf ?? []).filter(
    (event) => typeof event === 'object' && !event.description,
  );
  expect(silent).toEqual([]);
});
