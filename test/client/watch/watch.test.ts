// The watcher against a real hub, and against servers that misbehave.
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ForeignEvent } from '../../../src/api/feed-event.ts';
import { type Via, type WatchOptions, watchHub } from '../../../src/client/watch/watch.ts';
import type { Clock } from '../../../src/runtime/clock.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { startEdge } from '../../edge/edge.ts';
import { startHub as startRealHub } from '../../server/hub.ts';
import { startServer as startPlainServer } from '../hub.ts';

const SOON = { timeout: 8000 };
const WAYS: Via[] = ['sse', 'ws', 'poll'];

/** Waits for no back-off longer than a moment. */
const hurried: Clock = {
  now: () => performance.now(),
  sleep: (_ms, signal) =>
    new Promise((resolve, reject) => {
      setTimeout(() => (signal?.aborted ? reject(signal.reason) : resolve()), 10);
    }),
};

function watch(url: string, options: Partial<WatchOptions> = {}) {
  const told: ForeignEvent[] = [];
  const events: Event[] = [];
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const ended = watchHub({
    url: new URL(url),
    via: 'sse',
    // On a busy machine a small upload may take long enough to be told of.
    only: 'files',
    timeoutMs: Number.POSITIVE_INFINITY,
    take: (event) => told.push(event) < 100,
    clock: hurried,
    emit: (event) => events.push(event),
    signal: stop.signal,
    ...options,
  });
  ended.catch(() => undefined);
  const files = () => told.map(({ event, path }) => `${event} ${path}`);
  return { told, files, events, ended };
}

const subscribers = async (hub: Awaited<ReturnType<typeof startRealHub>>): Promise<number> =>
  Number(/^hubswarm_event_subscribers (\d+)$/m.exec((await hub.ask('/metrics')).text)?.[1]);

/** A way to the hub that can be cut. */
async function relay(port: number): Promise<{ url: string; cut: () => void }> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        (socket === near ? far : near).destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, cut };
}

describe.each(WAYS)('watching via %s', (via) => {
  it('tells each event once, though the connection is cut between them', async () => {
    const hub = await startRealHub({ writable: true });
    const way = await relay(hub.port);
    const put = (name: string) =>
      hub.ask(`/files/dir/${name}`, { method: 'PUT', body: Buffer.from('x') });
    const watching = watch(`${way.url}files/dir/`, { via });
    await expect.poll(() => subscribers(hub), SOON).toBe(1);
    const names = Array.from({ length: 12 }, (_, i) => `f${i}`);
    for (const [i, name] of names.entries()) {
      await put(name);
      if (i % 3 === 1) way.cut();
    }
    await hub.ask('/files/elsewhere', { method: 'PUT', body: Buffer.from('x') });
    const expected = names.map((name) => `file_added /dir/${name}`);
    await expect.poll(watching.files, SOON).toEqual(expected);
    // A kept connection that was closed is replaced without a word.
    const retried = watching.events.some(({ event }) => event === 'source_retried');
    expect(retried).toBe(via !== 'poll');
  });

  it('ends when enough was heard, and begins after an id', async () => {
    const hub = await startRealHub({ writable: true });
    const told: ForeignEvent[] = [];
    const first = watch(hub.running.url, { via, take: (event) => told.push(event) < 2 });
    await expect.poll(() => subscribers(hub), SOON).toBe(1);
    for (const name of ['a', 'b', 'c']) {
      await hub.ask(`/files/${name}`, { method: 'PUT', body: Buffer.from('x') });
    }
    await first.ended;
    expect(told.map(({ path }) => path)).toEqual(['/a', '/b']);
    const next = watch(hub.running.url, { via, after: told[0]!.id });
    await expect.poll(next.files, SOON).toEqual(['file_added /b', 'file_added /c']);
    const lost = watch(hub.running.url, { via, after: 'long-1' });
    await expect.poll(() => lost.told.map(({ event }) => event), SOON).toEqual(['reset']);
  });

  it('says what is wrong when it makes no sense to go on', async () => {
    const server = await startPlainServer((_req, res) => res.writeHead(404).end());
    onTestFinished(() => server.close());
    const { ended } = watch(server.origin, { via });
    await expect(ended).rejects.toMatchObject({ code: 'ERR_REMOTE' });
    await expect(ended).rejects.toThrow('404 Not Found');
  });

  it('gives up after its timeout where nobody listens', async () => {
    const server = await startPlainServer(() => undefined);
    await server.close();
    const { ended, events } = watch(server.origin, { via, timeoutMs: 200 });
    await expect(ended).rejects.toMatchObject({ code: 'ERR_NO_SOURCE' });
    await expect(ended).rejects.toThrow('connection refused');
    expect(events.map(({ event }) => event)).toContain('source_failed');
  });
});

describe('watching', () => {
  it('asks with pauses where a server answers polls at once', async () => {
    let asked = 0;
    const server = await startPlainServer((_request, response) => {
      asked++;
      response.end('{"events":[],"next":"e-1"}');
    });
    onTestFinished(() => server.close());
    const pauses: number[] = [];
    const stop = new AbortController();
    const clock: Clock = {
      ...hurried,
      sleep: async (ms) => {
        if (pauses.push(ms) === 5) stop.abort();
      },
    };
    const { ended } = watch(`${server.origin}/`, { via: 'poll', clock, signal: stop.signal });
    await expect(ended).rejects.toMatchObject({ name: 'AbortError' });
    expect(pauses).toEqual(Array(5).fill(1000));
    expect(asked).toBe(6);
  });

  it('turns to polling where no stream comes', async () => {
    const hub = await startRealHub({ writable: true });
    const proxy = await startPlainServer((req, res) => pass(hub.port, req, res));
    onTestFinished(() => proxy.close());
    const watching = watch(proxy.origin);
    await expect.poll(() => subscribers(hub), SOON).toBe(1);
    await hub.ask('/files/a', { method: 'PUT', body: Buffer.from('x') });
    await expect.poll(watching.files, SOON).toEqual(['file_added /a']);
    expect(watching.events[0]).toMatchObject({
      event: 'source_failed',
      reason: expect.stringContaining('polling instead'),
    });
  });

  it.each([
    ['event: x\ndata: {"path":"/a"}\n\n', 'not one of a hub'],
    ['data: no json\n\n', 'no JSON'],
    [`data: ${'x'.repeat(400_000)}`, 'endless event'],
  ])('takes no nonsense for an event: %#', async (body, reason) => {
    const server = await startPlainServer((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(body);
    });
    onTestFinished(() => server.close());
    await expect(watch(server.origin).ended).rejects.toThrow(reason);
  });

  it.each(['http://h/other', 'http://h/filesx', 'http://h/files/%zz'])(
    'refuses %s, which is no place of a hub',
    async (url) => {
      await expect(watch(url).ended).rejects.toMatchObject({ code: 'ERR_USAGE' });
    },
  );
});

/** A proxy that knows no streams: it asks for JSON's sake alone. */
function pass(port: number, req: IncomingMessage, res: ServerResponse): void {
  if (!req.headers.accept?.includes('json')) {
    res.writeHead(200, { 'content-type': 'text/html' }).end('<p>welcome');
    return;
  }
  const { url: path, headers } = req;
  request({ host: '127.0.0.1', port, path, headers, agent: false }, (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(res);
  }).end();
}

it('through an edge watches its origin, which alone knows', async () => {
  const origin = await startRealHub({ writable: true });
  const edge = await startEdge(origin);
  const watching = [watch(edge.running.url), watch(edge.running.url, { via: 'poll' })];
  await expect.poll(() => subscribers(origin), SOON).toBe(2);
  await origin.ask('/files/new', { method: 'PUT', body: Buffer.from('x') });
  for (const { files } of watching) await expect.poll(files, SOON).toEqual(['file_added /new']);
});
