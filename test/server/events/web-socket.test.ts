import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { mayConnect } from '../../../src/server/events/web-socket.ts';
import { type Hub, startHub } from '../hub.ts';
import { fileOf, type Told } from './subscribers.ts';

const SOON = { timeout: 8000 };

interface Opened {
  readonly socket: WebSocket;
  readonly told: Told[];
}

/** Resolves when it is told where it is. */
async function subscribe(hub: Hub, query = '', options: ClientOptions = {}): Promise<Opened> {
  const socket = new WebSocket(`ws://127.0.0.1:${hub.port}/events${query}`, options);
  onTestFinished(() => socket.terminate());
  const told: Told[] = [];
  await new Promise<void>((resolve, reject) => {
    socket.on('message', (data) => {
      told.push(JSON.parse(String(data)));
      if (told.at(-1)!.event === 'subscribed') resolve();
    });
    socket.on('unexpected-response', (_req, res) => reject(new Error(`status ${res.statusCode}`)));
    socket.on('error', reject);
  });
  return { socket, told };
}

const put = (hub: Hub, name: string) =>
  hub.ask(`/files/${name}`, { method: 'PUT', body: Buffer.from('x') });

describe('events over a WebSocket', () => {
  it('come as they happen, and from an id on', async () => {
    const hub = await startHub({ writable: true });
    const first = await subscribe(hub, '?path=/a');
    const id = first.told[0]!.id;
    expect(id).toMatch(/-0$/);
    await put(hub, 'a');
    await put(hub, 'b');
    await expect.poll(() => first.told.slice(1).flatMap(fileOf), SOON).toEqual(['file_added /a']);
    const again = await subscribe(hub, `?after=${id}`);
    expect(again.told.flatMap(fileOf)).toEqual(['file_added /a', 'file_added /b', 'subscribed']);
    const lost = await subscribe(hub, '?after=gone-3');
    expect(lost.told[0]!.event).toBe('reset');
  });

  it('end with the server, and are one line of the log each', async () => {
    const hub = await startHub({ graceMs: 60_000 });
    const { socket } = await subscribe(hub);
    const closed = once(socket, 'close');
    await hub.running.stop();
    expect((await closed)[0]).toBe(1001);
    expect(await hub.until('request_completed')).toMatchObject({ path: '/events', status: 101 });
  });

  it('take no more than a little from a client', async () => {
    const hub = await startHub();
    const { socket } = await subscribe(hub);
    socket.send('x'.repeat(1000));
    socket.send('x'.repeat(2000));
    expect((await once(socket, 'close'))[0]).toBe(1009);
  });

  it('are refused to pages of other origins, and for wrong queries, as HTTP answers', async () => {
    const hub = await startHub({ writable: true });
    const own = `http://127.0.0.1:${hub.port}`;
    await subscribe(hub, '', { origin: own });
    const wrong: [string, ClientOptions, number][] = [
      ['', { origin: 'http://evil.example' }, 403],
      ['', { origin: 'null' }, 403],
      ['?path=x', {}, 400],
      ['?only=x', {}, 400],
    ];
    for (const [query, options, status] of wrong) {
      await expect(subscribe(hub, query, options)).rejects.toThrow(`status ${status}`);
    }
    expect((await hub.ask('/healthz')).status).toBe(200);
  });

  it('leave other wishes for a protocol unheard, as curl --http2 has one', async () => {
    const hub = await startHub({ writable: true });
    const socket = hub.socket();
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    const wish =
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
    socket.write(`PUT /files/f HTTP/1.1\r\nHost: x\r\n${wish}Content-Length: 4\r\n\r\nab`);
    socket.write('cd');
    await expect.poll(() => text, SOON).toMatch(/^HTTP\/1\.1 201 /);
    text = '';
    socket.write(`GET /files/f HTTP/1.1\r\nHost: x\r\n${wish}\r\n`);
    await expect.poll(() => text, SOON).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\nabcd$/);
    const { text: metrics } = await hub.ask('/metrics');
    expect(metrics).toMatch(/^hubswarm_open_connections 2$/m);
  });
});

describe('mayConnect', () => {
  it.each<[string | undefined, string | undefined, boolean, boolean]>([
    [undefined, 'h', false, true],
    ['http://h:8080', 'h:8080', false, true],
    ['https://h', 'h', false, true],
    ['http://h:8080', 'h', false, false],
    ['http://h.evil', 'h', false, false],
    ['null', 'h', false, false],
    ['http://h', undefined, false, false],
    ['http://a', 'h', true, true],
  ])('origin %s to host %s, listed %s: %s', (origin, host, listed, may) => {
    expect(mayConnect(origin, host, () => listed)).toBe(may);
  });
});
