// Who takes or gives nothing holds memory and a socket; nobody may do so for ever.
import { once } from 'node:events';
import { readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Hub, startHub } from '../hub.ts';

describe('a client that stalls', () => {
  it('is cut off when it reads nothing', async () => {
    const hub = await startHub({ stallMs: 50 });
    const path = join(hub.root, 'f');
    await writeFile(path, '');
    // More than the sockets of both sides hold.
    await truncate(path, 64 * 2 ** 20);
    await hub.ask('/files/f', { method: 'HEAD' });
    const socket = hub.socket();
    socket.pause();
    socket.write('GET /files/f HTTP/1.1\r\nHost: x\r\n\r\n');
    const cut = await hub.until('request_completed', ({ method }) => method === 'GET');
    expect(cut.whole).toBe(false);
    expect(cut.bytes).toBeLessThan(64 * 2 ** 20);
  });

  it('is told so when its upload stops, and nothing is left of it', async () => {
    const hub = await startHub({ stallMs: 50, writable: true });
    const socket = hub.socket();
    const answer = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
    });
    socket.write('PUT /files/f HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf');
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
    await expect.poll(() => readdir(hub.root)).toEqual([]);
  });

  it('is refused at once when its upload cannot fit', async () => {
    const hub = await startHub({ writable: true });
    const socket = hub.socket();
    socket.write(`PUT /files/f HTTP/1.1\r\nHost: x\r\nContent-Length: ${2 ** 52}\r\n\r\n`);
    const first = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    expect(first.toString()).toMatch(/^HTTP\/1\.1 507 /);
    await expect.poll(() => readdir(hub.root)).toEqual([]);
  });
});

/** Writes a byte now and then, until the connection ends. */
function drip(hub: Hub, head: string): Promise<void> {
  const socket = hub.socket();
  socket.resume();
  socket.write(head);
  const timer = setInterval(() => socket.write('a'), 10);
  onTestFinished(() => clearInterval(timer));
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

describe('a body that no request takes', () => {
  const CASES = [
    ['GET /files/', 'Content-Length: 100000'],
    ['GET /files/f', 'Content-Length: 100000'],
    ['GET /files/f', 'Transfer-Encoding: chunked\r\n\r\nfffff\r\n'],
    ['GET /files/f', 'Transfer-Encoding: chunked\r\n\r\n0\r\nX'],
    ['HEAD /files/f', 'Content-Length: 100000'],
    ['GET /files/f', 'If-None-Match: *\r\nContent-Length: 100000'],
    ['GET /', 'Content-Length: 100000'],
    ['GET /healthz', 'Content-Length: 100000'],
    ['GET /metrics', 'Content-Length: 100000'],
    ['OPTIONS /files/f', 'Content-Length: 100000'],
    ['OPTIONS /uploads/', 'Content-Length: 100000'],
    ['DELETE /files/g', 'Content-Length: 100000'],
    ['DELETE /files/none', 'Content-Length: 100000'],
    ['POST /files/f', 'Content-Length: 100000'],
  ] as const;

  it.each(CASES)('drips for a limited time: %s, %s', async (line, fields) => {
    const hub = await startHub({ stallMs: 200, writable: true });
    for (const name of ['f', 'g']) await writeFile(join(hub.root, name), name);
    const isWhole = fields.includes('\r\n\r\n');
    await drip(hub, `${line} HTTP/1.1\r\nHost: x\r\n${fields}${isWhole ? '' : '\r\n\r\n'}`);
  });

  it('is passed over when it comes in time, and the next request answered', async () => {
    const hub = await startHub({ stallMs: 200 });
    await writeFile(join(hub.root, 'f'), 'text');
    const socket = hub.socket();
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    const head = 'GET /files/f HTTP/1.1\r\nHost: x\r\n';
    socket.write(`${head}Content-Length: 100000\r\n\r\n`);
    await hub.until('request_completed');
    socket.write(Buffer.alloc(100_000));
    socket.write(`${head}Connection: close\r\n\r\n`);
    await once(socket, 'close');
    expect(text.match(/HTTP\/1\.1 200 /g)).toHaveLength(2);
  });
});

describe('answers that nobody reads', () => {
  // Long ones, and small ones behind them: more than the sockets of both sides hold.
  it.each(['GET /none', 'GET /files/none', 'GET /'])(
    'are cut: %s',
    async (line) => {
      const hub = await startHub({ stallMs: 100 });
      const socket = hub.socket();
      socket.pause();
      const requests = ['GET /metrics', line].map((each) => `${each} HTTP/1.1\r\nHost: x\r\n\r\n`);
      const many = requests.join('').repeat(2000);
      socket.on('drain', () => socket.write(many));
      socket.write(many);
      await hub.until('request_completed', ({ whole }) => !whole);
    },
    30_000,
  );
});

describe('a client that waits for events', () => {
  it('is given up when it has left', async () => {
    const hub = await startHub({ stallMs: 50 });
    const socket = hub.socket();
    socket.write('GET /events?wait=55 HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\r\n');
    await expect.poll(() => subscribers(hub)).toBe(1);
    socket.destroy();
    const { whole } = await hub.until('request_completed', ({ path }) => path === '/events');
    expect(whole).toBe(false);
  });
});

/** Number of those who listen to the hub's events, by its metrics. */
async function subscribers(hub: Hub): Promise<number> {
  const { text } = await hub.ask('/metrics');
  return Number(/^hubswarm_event_subscribers\S* (\d+)$/m.exec(text)?.[1]);
}
