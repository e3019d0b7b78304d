// A client that ends its side of the connection while its answer is being made: one that still reads
// gets the answer, one that left is found. The origin of an edge holds the answer back.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Hub, tempRoot } from '../server/hub.ts';
import { startEdge } from './edge.ts';

/** An origin that answers questions for directories when it is told to. */
async function startOrigin() {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const server = createServer((req, res) => {
    const answer = () => res.end('{"status":"ok"}');
    if (req.url === '/healthz') answer();
    else void held.then(answer);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, release };
}

async function connected(hub: Hub, isSecure: boolean): Promise<Socket> {
  if (!isSecure) {
    const socket = hub.socket();
    await once(socket, 'connect');
    return socket;
  }
  const options = { host: '127.0.0.1', port: hub.port, allowHalfOpen: true };
  const socket = connect({ ...options, rejectUnauthorized: false });
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

describe.each([false, true])('a client that ends its side (TLS: %s)', (isSecure) => {
  async function start() {
    const origin = await startOrigin();
    const directory = await tempRoot();
    const tls = isSecure ? { tls: { kind: 'self_signed', directory } as const } : {};
    // A short limit for silence makes the questions frequent.
    const edge = await startEdge(origin.url, { server: { stallMs: 50, ...tls } });
    return { origin, edge };
  }

  it('is asked now and then whether it reads, and gets its answer', async () => {
    const { origin, edge } = await start();
    const socket = await connected(edge, isSecure);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk;
      if (text.split('HTTP/1.1 102 ').length > 3) origin.release();
    });
    socket.end('GET /files/d/ HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'close');
    expect(text).toMatch(/^(?:HTTP\/1\.1 102 Processing\r\n\r\n)+HTTP\/1\.1 200 OK\r\n/);
    expect(text).toMatch(/\r\n\r\n\{"status":"ok"\}$/);
    const { whole } = await edge.until('request_completed');
    expect(whole).toBe(true);
  });

  it('is asked nothing in HTTP/1.0, which has no such answer', async () => {
    const { origin, edge } = await start();
    const socket = await connected(edge, isSecure);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    socket.end('GET /files/d/ HTTP/1.0\r\n\r\n');
    // Another client is asked several times meanwhile.
    const other = await connected(edge, isSecure);
    let asked = '';
    other.on('data', (chunk: Buffer) => {
      asked += chunk;
      if (asked.split('HTTP/1.1 102 ').length > 3) origin.release();
    });
    other.end('GET /files/d/ HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'close');
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it('is found to have left, while its answer is still being made', async () => {
    const { edge } = await start();
    const socket = await connected(edge, isSecure);
    socket.end('GET /files/d/ HTTP/1.1\r\nHost: x\r\n\r\n', () => socket.destroy());
    const { whole, bytes } = await edge.until('request_completed');
    expect({ whole, bytes }).toEqual({ whole: false, bytes: 0 });
  });
});
