// Events are of files: who may not read a file is not told of it.
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { bearer, keyFile, makeToken, writeTemp } from '../access/keys.ts';
import { type Hub, startHub, tempRoot } from '../hub.ts';
import { openStream, type Stream, type Told } from './subscribers.ts';

const SOON = { timeout: 8000 };
const JSON_WANTED = { accept: 'application/json' };

describe('events behind tokens', () => {
  it('are told to who may read the file, in each of the ways', async () => {
    const key = await keyFile();
    const root = await tempRoot();
    await Promise.all(['mine', 'theirs'].map((name) => mkdir(join(root, name))));
    await symlink('../theirs', join(root, 'mine/linked'));
    const hub = await startHub({
      root,
      writable: true,
      access: { tokenKeyFiles: [key.file] },
      events: { settleMs: 50 },
    });
    const headers = bearer(await makeToken(key, { paths: ['mine'] }));
    const stream = await openStream(hub, '', headers);
    await expect.poll(stream.position, SOON).toBeDefined();
    const socket = new WebSocket(`ws://127.0.0.1:${hub.port}/events`, { headers });
    onTestFinished(() => socket.terminate());
    const told: Told[] = [];
    socket.on('message', (data) => told.push(JSON.parse(String(data))));
    await once(socket, 'message');
    await writeFile(join(root, 'theirs/f'), 'x');
    await symlink('../theirs/f', join(root, 'mine/out'));
    await writeFile(join(root, 'mine/f'), 'x');
    const allowed = bearer(await makeToken(key, { scopes: ['read', 'write'] }));
    const put = { method: 'PUT', headers: allowed, body: Buffer.from('x') };
    expect((await hub.ask('/files/mine/linked/g', put)).status).toBe(201);
    const all = await openStream(hub, `?after=${stream.position()}`, allowed);
    await expect
      .poll(() => all.files().sort(), SOON)
      .toEqual(
        ['mine/f', 'mine/linked/g', 'mine/out', 'theirs/f', 'theirs/g'].map(
          (name) => `file_added /${name}`,
        ),
      );
    await expect.poll(stream.files, SOON).toEqual(['file_added /mine/f']);
    await expect.poll(() => told.map(({ path }) => path), SOON).toEqual([undefined, '/mine/f']);
    const query = `/events?wait=0&after=${stream.position()!.split('-')[0]}-0`;
    const polled = await hub.ask(query, { headers: { ...JSON_WANTED, ...headers } });
    expect(JSON.parse(polled.text).events.map(({ path }: Told) => path)).toEqual(['/mine/f']);
  });

  it('are refused without a token or the right one; health is not, metrics are', async () => {
    const key = await keyFile();
    const hub = await startHub({ access: { tokenKeyFiles: [key.file] } });
    const elsewhere = bearer(await makeToken(key, { paths: ['a'] }));
    const asked = async (path: string, headers = {}): Promise<number> =>
      (await hub.ask(path, { headers: { ...JSON_WANTED, ...headers } })).status;
    expect(await asked('/events?wait=0')).toBe(401);
    expect(await asked('/events?wait=0&path=/b/', elsewhere)).toBe(403);
    expect(await asked('/events?wait=0&path=/a/', elsewhere)).toBe(200);
    expect(await asked('/metrics')).toBe(401);
    expect(await asked('/metrics', elsewhere)).toBe(403);
    expect(await asked('/metrics', bearer(await makeToken(key)))).toBe(200);
    expect(await asked('/healthz')).toBe(200);
    expect(await asked('/readyz')).toBe(200);
    const socket = new WebSocket(`ws://127.0.0.1:${hub.port}/events`);
    socket.on('error', () => undefined);
    const [, answer] = await once(socket, 'unexpected-response');
    expect(answer.statusCode).toBe(401);
    socket.terminate();
  });

  it('come over a WebSocket to pages that --cors-origin names', async () => {
    const origin = 'http://friend.example';
    const hub = await startHub({ access: { corsOrigins: [origin] } });
    const socket = new WebSocket(`ws://127.0.0.1:${hub.port}/events`, { origin });
    onTestFinished(() => socket.terminate());
    expect(JSON.parse(String((await once(socket, 'message'))[0])).event).toBe('subscribed');
  });

  it('are refused to addresses that may not come, health is not', async () => {
    const hub = await startHub({ access: { deny: ['127.0.0.1'] } });
    expect((await hub.ask('/readyz')).status).toBe(200);
    expect((await hub.ask('/events')).status).toBe(403);
  });
});

const HEARTBEAT = { events: { heartbeatMs: 50 } };

/** A stream, a WebSocket and a poll with the same token, all of them begun. */
async function listen(hub: Hub, headers: Record<string, string>) {
  const stream = await openStream(hub, '', headers);
  const socket = new WebSocket(`ws://127.0.0.1:${hub.port}/events`, { headers });
  onTestFinished(() => socket.terminate());
  const closed = once(socket, 'close');
  await once(socket, 'message');
  let isOver = false;
  const asked = hub.ask('/events?wait=30', { headers: { ...JSON_WANTED, ...headers } });
  const poll = asked.finally(() => {
    isOver = true;
  });
  const listening = () => [stream.isOpen(), socket.readyState === WebSocket.OPEN, !isOver];
  return { stream, closed, poll, listening };
}

describe('a subscriber whose token ends', () => {
  it.each(['expired', 'was revoked'])('by the next heartbeat, since it %s', async (why) => {
    const key = await keyFile();
    const revokedFile = await writeTemp('');
    const access = { tokenKeyFiles: [key.file], revokedFile };
    const hub = await startHub({ ...HEARTBEAT, access });
    const expiresInMs = why === 'expired' ? 3000 : 60_000;
    const ending = await listen(hub, bearer(await makeToken(key, { id: 'lost', expiresInMs })));
    const lasting = await listen(hub, bearer(await makeToken(key, { id: 'kept' })));
    expect(ending.listening()).toEqual([true, true, true]);
    if (why === 'was revoked') await writeFile(revokedFile, 'lost\n');
    await ending.stream.ended;
    expect((await ending.closed)[0]).toBe(1008);
    const refusal = await ending.poll;
    expect(refusal.status).toBe(401);
    expect(String(refusal.headers['www-authenticate'])).toContain('invalid_token');
    expect(lasting.listening()).toEqual([true, true, true]);
  });

  it('is not one whose token came twice at once', async () => {
    const key = await keyFile();
    const hub = await startHub({ ...HEARTBEAT, access: { tokenKeyFiles: [key.file] } });
    const headers = bearer(await makeToken(key));
    const streams = await Promise.all([1, 2, 3, 4].map(() => openStream(hub, '', headers)));
    for (const stream of streams)
      await expect.poll(() => heartbeats(stream), SOON).toBeGreaterThan(2);
  });
});

describe('heartbeats', () => {
  it('come while nothing happens, and tell the place', async () => {
    const hub = await startHub(HEARTBEAT);
    const stream = await openStream(hub);
    const socket = new WebSocket(`ws://127.0.0.1:${hub.port}/events`);
    onTestFinished(() => socket.terminate());
    let pings = 0;
    socket.on('ping', () => pings++);
    await expect.poll(() => pings, SOON).toBeGreaterThan(2);
    await expect.poll(() => heartbeats(stream), SOON).toBeGreaterThan(2);
    const position = stream.position();
    expect(stream.text()).toContain(`: alive\nid: ${position}\n\n`);
    expect(stream.told()).toEqual([]);
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });
});

const heartbeats = (stream: Stream): number => stream.text().split(': alive\n').length - 1;
