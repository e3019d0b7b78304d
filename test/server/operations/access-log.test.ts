import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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
