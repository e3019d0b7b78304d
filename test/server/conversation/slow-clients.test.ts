// Who takes or gives nothing holds memory and a socket; nobody may do so for ever.
import { readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startHub } from '../hub.ts';

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
