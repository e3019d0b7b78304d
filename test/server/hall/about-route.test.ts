// What a hub tells of itself: over a real hub on loopback.
import { expect, it } from 'vitest';
import { aboutHubSchema } from '../../../src/api/about-hub.ts';
import { startHub } from '../hub.ts';

const PATH = '/.well-known/hubswarm';

it('tells anybody where its files are, for a minute', async () => {
  const hub = await startHub();
  const { status, headers, text } = await hub.ask(PATH);
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'max-age=60',
  });
  expect(aboutHubSchema.parse(JSON.parse(text))).toEqual({ version: 1, files: '../files/' });
  const head = await hub.ask(PATH, { method: 'HEAD' });
  expect([head.status, head.headers['content-length'], head.text]).toEqual([
    200,
    `${text.length}`,
    '',
  ]);
});

it('has nothing else there, and takes nothing', async () => {
  const hub = await startHub();
  expect((await hub.ask('/.well-known/other')).status).toBe(404);
  expect((await hub.ask('/.well-known/hubswarm/x')).status).toBe(404);
  expect((await hub.ask('/.well-known')).status).toBe(404);
  const { status, headers } = await hub.ask(PATH, { method: 'PUT' });
  expect([status, headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
});
