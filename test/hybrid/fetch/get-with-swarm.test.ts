// `client get --swarm` of a file that a real hub gives to those with a token alone, or to anybody.
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { Access } from '../../../src/client/http/access.ts';
import { getWithSwarm } from '../../../src/hybrid/fetch/get-with-swarm.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { keyFile, makeToken } from '../../server/access/keys.ts';
import { startHub, tempRoot } from '../../server/hub.ts';

/** Fetches with a token from a hub of these readers. */
async function getWithToken(publicRead: boolean) {
  const own = await keyFile();
  const [root, dir] = [await tempRoot(), await tempRoot()];
  const bytes = randomBytes(3 * 2 ** 20);
  await writeFile(join(root, 'f.bin'), bytes);
  const hub = await startHub({ root, access: { tokenKeyFiles: [own.file], publicRead } });
  await expect
    .poll(() => hub.events.some(({ event }) => event === 'catalogue_completed'))
    .toBe(true);
  const url = new URL('files/f.bin', hub.running.url);
  const access = new Access({ urls: [url], token: await makeToken(own) });
  const events: Event[] = [];
  await getWithSwarm(
    {
      urls: [url],
      output: join(dir, 'got.bin'),
      access,
      timeoutMs: 20_000,
      stdout: new Writable(),
      emit: (event) => events.push(event),
      signal: new AbortController().signal,
    },
    { dataDir: join(dir, 'data') },
  );
  expect((await readFile(join(dir, 'got.bin'))).equals(bytes)).toBe(true);
  const warnings = events.flatMap((each) => (each.event === 'warned' ? [each.message] : []));
  return { url, warnings, isPeer: events.some(({ event }) => event === 'listening') };
}

it('is no peer for a file that its server gives to nobody without a token', async () => {
  const { url, warnings, isPeer } = await getWithToken(false);
  expect(isPeer).toBe(false);
  expect(warnings).toEqual([
    `--swarm: it comes from the server alone: ${url.href} gives it to nobody without a token or password, and a swarm would give it to anybody`,
  ]);
});

it('is a peer for a file that anybody may read, though a token is sent', async () => {
  expect(await getWithToken(true)).toMatchObject({ warnings: [], isPeer: true });
});
