import { readdir, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { startHub } from '../hub.ts';

const MIB = 2 ** 20;

describe('health', () => {
  it('is asked at /healthz and /readyz', async () => {
    const hub = await startHub();
    for (const [path, status] of [
      ['/healthz', 'ok'],
      ['/readyz', 'ready'],
    ] as const) {
      const answer = await hub.ask(path);
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.text)).toEqual({ status });
      expect(answer.headers['cache-control']).toBe('no-store');
      expect((await hub.ask(path, { method: 'HEAD' })).status).toBe(200);
      expect((await hub.ask(path, { method: 'DELETE' })).status).toBe(405);
    }
  });

  it('is not ready when the root has gone, though it lives', async () => {
    const hub = await startHub();
    await rm(hub.root, { recursive: true });
    const answer = await hub.ask('/readyz');
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.text)).toEqual({ status: 'root unreadable' });
    expect((await hub.ask('/healthz')).status).toBe(200);
  });

  it('is not ready from the first moment of the end, while requests are still answered', async () => {
    const hub = await startHub({ operations: { drainDelayMs: 2000 }, graceMs: 5000 });
    void hub.running.stop();
    const answer = await hub.ask('/readyz');
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.text)).toEqual({ status: 'draining' });
    expect((await hub.ask('/healthz')).status).toBe(200);
    const page = await hub.ask('/files/', { headers: { connection: 'keep-alive' } });
    expect(page.status).toBe(200);
    expect(page.headers.connection).toBe('close');
  });
});

describe('the end of a server', () => {
  it('waits for an upload that is under way, and its connection is not used again', async () => {
    const hub = await startHub({ graceMs: 60_000, writable: true });
    const socket = hub.socket();
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const head = `PUT /files/f HTTP/1.1\r\nHost: x\r\nContent-Length: ${MIB}\r\n`;
    socket.write(`${head}Expect: 100-continue\r\n\r\n`);
    await expect.poll(() => text).toContain('100 Continue');
    const stopped = hub.running.stop();
    await expect(hub.ask('/healthz')).rejects.toThrow('ECONNREFUSED');
    socket.write(Buffer.alloc(MIB));
    await Promise.all([closed, stopped]);
    expect(text).toContain('HTTP/1.1 201 Created');
    expect(await readdir(hub.root)).toEqual(['f']);
  });

  it('is one end, however often it is asked for', async () => {
    const hub = await startHub();
    await Promise.all([hub.running.stop(), hub.running.stop()]);
    await hub.running.stop();
  });
});
