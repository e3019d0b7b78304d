import { readFile, rename } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Refusals } from '../../../src/server/conversation/refusals.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { startHub, tempRoot } from '../hub.ts';

const lines = async (path: string): Promise<Record<string, unknown>[]> =>
  (await readFile(path, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

const logging = (path: string) => ({ accessLog: { path, format: 'json' as const } });

describe('the access log', () => {
  it('has a line for each request, at the latest when the server has stopped', async () => {
    const path = join(await tempRoot(), 'access.log');
    const hub = await startHub({ operations: logging(path) });
    const headers = { 'user-agent': 'test\t1', referer: 'http://a/', range: 'bytes=0-1' };
    const answer = await hub.ask('/files/none?token=secret', { headers });
    const kept = await hub.ask('/healthz', { headers: { 'x-request-id': 'lb-7' } });
    const made = await hub.ask('/healthz', { headers: { 'x-request-id': 'not plain' } });
    await hub.running.stop();
    const [first, second, third] = await lines(path);
    expect(first).toMatchObject({
      method: 'GET',
      path: '/files/none',
      status: 404,
      userAgent: 'test\t1',
      referer: 'http://a/',
      range: 'bytes=0-1',
      requestId: answer.headers['x-request-id'],
    });
    expect(first!.remote).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(kept.headers['x-request-id']).toBe('lb-7');
    expect(second).toMatchObject({ path: '/healthz', status: 200, requestId: 'lb-7' });
    expect(third!.requestId).toBe(made.headers['x-request-id']);
    expect(third!.requestId).toMatch(/^[\w-]{12}-[0-9a-z]+$/);
  });

  it.each([
    ['GET / HTTP/1.1\r\nbad\r\n\r\n', 400, 'a malformed HTTP request'],
    ['\x16\x03\x01\x02\x00', 400, /^this port speaks no TLS/],
    [`GET /${'x'.repeat(400_000)} HTTP/1.1\r\n\r\n`, 414, 'the path is too long'],
    [`GET / HTTP/1.1\r\nX: ${'x'.repeat(400_000)}\r\n\r\n`, 431, 'the header fields are too long'],
    ['BREW / HTTP/1.1\r\nHost: h\r\n\r\n', 501, 'the method is not known'],
    ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', 501, 'this server is no proxy'],
  ])('has a line for what the parser refuses: %#', async (bytes, status, reason) => {
    const path = join(await tempRoot(), 'access.log');
    const hub = await startHub({ operations: logging(path) });
    const socket = hub.socket();
    socket.on('error', () => undefined).resume();
    socket.write(bytes, 'latin1');
    await hub.until('request_refused');
    const metrics = await hub.ask('/metrics');
    expect(metrics.text).toMatch(/^hubswarm_refused_requests_total 1$/m);
    await hub.running.stop();
    const [line] = await lines(path);
    expect(line).toMatchObject({ status });
    expect(line!.reason).toMatch(reason);
    expect(line!.remote).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it('has a bounded number of lines for noise, which count it all', () => {
    const events: Event[] = [];
    let now = 0;
    const refusals = new Refusals(
      (event) => events.push(event),
      () => now,
    );
    const socket = new Socket();
    for (; now < 3000; now += 1) refusals.note(socket, 400, 'no HTTP request');
    const untold = events.reduce(
      (sum, event) => sum + ((event as { untold?: number }).untold ?? 0),
      0,
    );
    expect(events).toHaveLength(30);
    expect(untold).toBe(2 * 990);
    expect(refusals.count).toBe(3000);
  });

  it('goes on in a new file after it was renamed, and loses no line', async () => {
    const path = join(await tempRoot(), 'access.log');
    const hub = await startHub({ operations: logging(path) });
    await hub.ask('/healthz?1');
    await rename(path, `${path}.1`);
    await hub.ask('/healthz?2');
    await hub.running.reopenLogs();
    await hub.ask('/readyz');
    await hub.running.stop();
    expect((await lines(`${path}.1`)).map((line) => line.path)).toEqual(['/healthz', '/healthz']);
    expect((await lines(path)).map((line) => line.path)).toEqual(['/readyz']);
  });

  it('tells once that lines are lost, and answers go on', async () => {
    // Every write to it fails as on a full disk.
    const hub = await startHub({ operations: logging('/dev/full') });
    await hub.ask('/healthz');
    expect((await hub.until('warned')).message).toMatch(/^access log: lines are lost: .*no space/);
    expect((await hub.ask('/healthz')).status).toBe(200);
    await hub.running.stop();
    expect(hub.events.filter(({ event }) => event === 'warned')).toHaveLength(1);
  });

  it('that cannot be opened is said before anything is served', async () => {
    const path = join(await tempRoot(), 'none', 'access.log');
    const failure = startHub({ operations: logging(path) });
    await expect(failure).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
  });

  it('costs an id and header fields only where it is kept', async () => {
    const hub = await startHub();
    const answer = await hub.ask('/healthz', { headers: { 'x-request-id': 'lb-7' } });
    expect(answer.headers).not.toHaveProperty('x-request-id');
    expect(await hub.until('request_completed')).not.toHaveProperty('userAgent');
  });
});
