// Many clients at once at the built hub.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Running, randomFile, scratch, start } from '../binary.ts';

const MIB = 2 ** 20;

describe('many clients', () => {
  it('are served: a thousand that idle, and 256 that fetch', async () => {
    const root = await scratch();
    await randomFile(join(root, 'f'), MIB);
    const server = start(['server', '--json', '--root', root, '--port', '0']);
    const { addresses } = await server.until('listening');
    const url = addresses[0]!;
    const port = Number(new URL(url).port);
    await (await fetch(`${url}files/f`)).arrayBuffer();
    const before = residentBytes(server);
    const idle = await Promise.all(Array.from({ length: 1000 }, () => idling(port)));
    const agent = new Agent({ maxSockets: 256 });
    const sizes = await Promise.all(
      Array.from({ length: 256 }, () => fetchSize(`${url}files/f`, agent)),
    );
    expect(new Set(sizes)).toEqual(new Set([MIB]));
    expect(idle.filter((socket) => socket.destroyed)).toEqual([]);
    // Chosen: 256 clients with two chunks each, and room for what is not collected yet.
    if (before !== undefined) {
      expect(residentBytes(server)! - before).toBeLessThan(400 * MIB);
    }
    expect((await fetch(`${url}healthz`)).status).toBe(200);
  });
});

describe('clients that read nothing', () => {
  it('cost little memory each, and nobody else an answer', async () => {
    const root = await scratch();
    await randomFile(join(root, 'f'), 8 * MIB);
    const server = start(['server', '--json', '--root', root, '--port', '0']);
    const { addresses } = await server.until('listening');
    const url = addresses[0]!;
    await (await fetch(`${url}files/f`)).arrayBuffer();
    const before = residentBytes(server);
    await Promise.all(Array.from({ length: 400 }, () => stalled(Number(new URL(url).port))));
    expect((await (await fetch(`${url}files/f`)).arrayBuffer()).byteLength).toBe(8 * MIB);
    // Two chunks each would be 400 MiB if a crowd got as long ones as a single client.
    if (before !== undefined) expect(residentBytes(server)! - before).toBeLessThan(200 * MIB);
  });
});

/** A connection whose answer has begun and is not read. */
async function stalled(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.write('GET /files/f HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'readable');
}

/** A connection that has had an answer and waits. */
async function idling(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'data');
  return socket;
}

function fetchSize(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => resolve(bytes));
      response.on('error', reject);
    });
    asked.on('error', reject);
  });
}

/** Undefined where ps does not tell. */
function residentBytes({ child }: Running): number | undefined {
  try {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)])) * 1024;
  } catch {
    return undefined;
  }
}
