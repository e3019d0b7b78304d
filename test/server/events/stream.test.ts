// Streams and polls: resuming, refusing, and letting go.
import { once } from 'node:events';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Hub, startHub } from '../hub.ts';
import { fileOf, openStream, type Told } from './subscribers.ts';

const MIB = 2 ** 20;
const SOON = { timeout: 8000 };

const put = (hub: Hub, name: string) =>
  hub.ask(`/files/${name}`, { method: 'PUT', body: Buffer.from('x') });

async function poll(hub: Hub, query: string): Promise<{ events: Told[]; next: string }> {
  const answer = await hub.ask(`/events${query}`, { headers: { accept: 'application/json' } });
  expect(answer.status, answer.text).toBe(200);
  return JSON.parse(answer.text);
}

describe('a stream of events', () => {
  it('resumes by header or query without loss or repeat', async () => {
    const hub = await startHub({ writable: true });
    const first = await openStream(hub);
    await put(hub, 'a');
    await expect.poll(first.files, SOON).toEqual(['file_added /a']);
    first.close();
    await put(hub, 'b');
    await put(hub, 'c');
    const id = first.told()[0]!.id!;
    const header = await openStream(hub, '?after=nonsense', { 'last-event-id': id });
    const query = await openStream(hub, `?last-event-id=${id}`);
    await put(hub, 'd');
    for (const stream of [header, query]) {
      await expect
        .poll(stream.files, SOON)
        .toEqual(['file_added /b', 'file_added /c', 'file_added /d']);
    }
  });

  it('tells its place before the first event', async () => {
    const hub = await startHub({ writable: true });
    const stream = await openStream(hub);
    await expect.poll(stream.position, SOON).toMatch(/^[0-9a-z]+-0$/);
    stream.close();
    await put(hub, 'a');
    const again = await openStream(hub, '', { 'last-event-id': stream.position() });
    await expect.poll(again.files, SOON).toEqual(['file_added /a']);
  });

  it('says so when it cannot resume: another run, too old, never given', async () => {
    const hub = await startHub({ writable: true });
    const stream = await openStream(hub);
    await expect.poll(stream.position, SOON).toBeDefined();
    const epoch = stream.position()!.split('-')[0];
    for (const id of ['abc-1', 'nonsense', `${epoch}-7`]) {
      const [reset] = (await poll(hub, `?after=${id}`)).events;
      expect(reset).toMatchObject({ event: 'reset', id: `${epoch}-0` });
    }
    // It goes on from there.
    const after = await openStream(hub, '?after=abc-1');
    await put(hub, 'a');
    await expect.poll(after.files, SOON).toEqual(['reset', 'file_added /a']);
  });

  it('ends when the server does, and takes nobody new', async () => {
    const hub = await startHub({ graceMs: 60_000 });
    const stream = await openStream(hub);
    await hub.running.stop();
    await stream.ended;
  });

  it('forgets a subscriber that has left', async () => {
    const hub = await startHub({ writable: true });
    const [reader, sleeper] = [await openStream(hub), await openStream(hub)];
    const subscribers = async (): Promise<number> =>
      Number(/^hubswarm_event_subscribers (\d+)$/m.exec((await hub.ask('/metrics')).text)?.[1]);
    expect(await subscribers()).toBe(2);
    sleeper.close();
    await expect.poll(subscribers, SOON).toBe(1);
    reader.close();
    await expect.poll(subscribers, SOON).toBe(0);
    const closed = await hub.until('request_completed', ({ path }) => path === '/events');
    expect(closed.status).toBe(200);
  });

  it('refuses one subscriber too many', async () => {
    const limits = { maxSubscribers: 1 };
    const hub = await startHub({ operations: { limits } });
    const stream = await openStream(hub);
    const refused = await hub.ask('/events?wait=0', { headers: { accept: 'application/json' } });
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('10');
    stream.close();
    await expect
      .poll(async () => (await hub.ask('/events', { method: 'HEAD' })).status, SOON)
      .toBe(200);
  });

  it.each([
    ['?path=a', 400],
    ['?path=/a/../b', 400],
    ['?path=/.hidden/', 404],
    ['?only=dirs', 400],
    ['?wait=-1', 400],
    ['?wait=56', 400],
    ['?wait=1e1', 400],
  ])('%s is refused with %i', async (query, status) => {
    const hub = await startHub();
    const answer = await hub.ask(`/events${query}`, { headers: { accept: 'application/json' } });
    expect(answer.status).toBe(status);
    expect(answer.text.trim().split('\n')).toHaveLength(1);
  });
});

describe('a poll for events', () => {
  it('waits for the next, gives those that came between, and is empty when the wait is over', async () => {
    const hub = await startHub({ writable: true });
    const { events, next } = await poll(hub, '?wait=0');
    expect(events).toEqual([]);
    const waiting = poll(hub, `?after=${next}&wait=30`);
    await put(hub, 'a');
    const first = await waiting;
    expect(first.events.flatMap(fileOf)).toEqual(['file_added /a']);
    await put(hub, 'b');
    await put(hub, 'c');
    const second = await poll(hub, `?after=${first.next}&wait=0`);
    expect(second.events.flatMap(fileOf)).toEqual(['file_added /b', 'file_added /c']);
    expect(await poll(hub, `?after=${second.next}&wait=0`)).toEqual({
      events: [],
      next: second.next,
    });
  });

  it('is answered at once when the server ends', async () => {
    const hub = await startHub({ graceMs: 60_000 });
    const waiting = poll(hub, '?wait=55');
    await expect
      .poll(async () => (await hub.ask('/metrics')).text, SOON)
      .toMatch(/^hubswarm_event_subscribers 1$/m);
    await hub.running.stop();
    expect((await waiting).events).toEqual([]);
  });
});

describe('events of transfers', () => {
  it('tell of progress and of the end, finished or aborted', async () => {
    const hub = await startHub({ uplinkBytesPerSecond: 2 * MIB });
    const path = join(hub.root, 'f');
    await writeFile(path, '');
    await truncate(path, 2 * MIB);
    await hub.ask('/files/f', { method: 'HEAD' });
    const stream = await openStream(hub, '?only=transfers');
    await hub.ask('/files/f');
    await expect.poll(() => stream.told().at(-1)?.event, SOON).toBe('transfer_finished');
    const told = stream.told();
    expect(told.length).toBeGreaterThanOrEqual(3);
    for (const { event, id, ...rest } of told) {
      expect(rest).toMatchObject({ path: '/f', direction: 'download', total: 2 * MIB });
      // Only facts can be asked for again.
      expect(id === undefined).toBe(event === 'transfer_progressed');
    }
    const bytes = told.map((event) => event.bytes as number);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
    expect(bytes.at(-1)).toBe(2 * MIB);
    const socket = hub.socket();
    socket.write('GET /files/f HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    await expect
      .poll(() => new Set(stream.told().map(({ transfer }) => transfer)).size, SOON)
      .toBe(2);
    socket.destroy();
    await expect.poll(() => stream.told().at(-1)?.event, SOON).toBe('transfer_aborted');
  });
});
