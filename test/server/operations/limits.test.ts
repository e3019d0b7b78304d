// Slow and greedy clients, with sockets that do what slowhttptest does.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type Hub, startHub } from '../hub.ts';

const closed = (socket: Socket) => new Promise<void>((done) => socket.once('close', () => done()));

async function connected(hub: Hub): Promise<Socket> {
  const socket = hub.socket();
  await once(socket, 'connect');
  return socket;
}

function answerOf(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  return closed(socket).then(() => text);
}

describe('limits', () => {
  it('end heads that never end, and connections that say nothing', async () => {
    const hub = await startHub({ operations: { limits: { headersWithinMs: 300 } } });
    const silent = answerOf(await connected(hub));
    const slow = await connected(hub);
    const answer = answerOf(slow);
    slow.write('GET /files/ HTTP/1.1\r\nHost: x\r\n');
    const dripping = setInterval(() => slow.write('X-A: b\r\n'), 50);
    try {
      expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
    } finally {
      clearInterval(dripping);
    }
    await silent;
    expect((await hub.ask('/healthz')).status).toBe(200);
  });

  it('close a connection that idles after an answer', async () => {
    const hub = await startHub({ operations: { limits: { idleMs: 100 } } });
    const socket = await connected(hub);
    const answer = answerOf(socket);
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('refuse a head that is too long with 431', async () => {
    const hub = await startHub({ operations: { limits: { maxHeaderBytes: 2048 } } });
    const fits = await hub.ask('/healthz', { headers: { 'x-long': 'x'.repeat(1500) } });
    expect(fits.status).toBe(200);
    const over = await hub.ask('/healthz', { headers: { 'x-long': 'x'.repeat(2500) } });
    expect(over.status).toBe(431);
  });

  it('refuse connections beyond the greatest number, and take more when some have gone', async () => {
    const limits = { maxConnections: 3, maxConnectionsPerAddress: 3 };
    const hub = await startHub({ operations: { limits } });
    const held = await Promise.all([1, 2, 3].map(() => connected(hub)));
    await closed(hub.socket());
    held[0]!.destroy();
    await expect.poll(() => hub.ask('/healthz').catch(() => undefined)).toBeDefined();
    const { text } = await hub.ask('/metrics');
    expect(Number(/^hubswarm_refused_connections_total (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(
      0,
    );
    expect(text).toMatch(/^hubswarm_open_connections 3$/m);
  });

  it('leave places for others than one address', async () => {
    const limits = { maxConnections: 10, maxConnectionsPerAddress: 2 };
    const hub = await startHub({ host: '::', operations: { limits } });
    await Promise.all([1, 2].map(() => connected(hub)));
    await closed(hub.socket());
    const other = await fetch(`http://[::1]:${hub.port}/healthz`);
    expect(other.status).toBe(200);
  });
});
