// How long a silent server is waited for: as long as the user says, or until another one helps.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { HttpClient } from '../../../src/client/http/http-client.ts';
import { runGet } from '../run-get.ts';
import type { OddOrigin } from './origins.ts';
import { type RawOrigin, startRawOrigin } from './raw-origin.ts';

const origins: RawOrigin[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const origin of origins.splice(0)) origin.close();
});

const start = async (answer: OddOrigin['answer']): Promise<RawOrigin> => {
  const origin = await startRawOrigin({ name: '', answer, keeps: true });
  origins.push(origin);
  return origin;
};

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';
const SILENT = (): 'hold' => 'hold';

describe('a server that is the only one', () => {
  it.each([
    ['thinks before its first byte', ''],
    ['pauses midway', `${HEAD}he`],
  ])('has all the time of --timeout when it %s', async (_, first) => {
    const asked = Promise.withResolvers<void>();
    const origin = await start(({ method }) => {
      if (method === 'HEAD') return HEAD;
      asked.resolve();
      return 'hold';
    });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const getting = runGet([origin.url], { output: '-', timeoutMs: 30_000 });
    await asked.promise;
    await origin.send(first);
    vi.advanceTimersByTime(29_000);
    await origin.send(`${HEAD}hello`.slice(first.length));
    const got = await getting;
    expect(got.error).toBeUndefined();
    expect(got.stdout.toString()).toBe('hello');
    expect(origin.seen).toEqual(['HEAD /x', 'GET /x']);
  });
});

describe('a silent server', () => {
  it('costs no time when another one answered', async () => {
    const silent = await start(SILENT);
    const other = await start(({ method }) => (method === 'HEAD' ? HEAD : `${HEAD}hello`));
    const got = await runGet([silent.url, other.url], { output: '-', timeoutMs: 60_000 });
    expect(got.stdout.toString()).toBe('hello');
    expect(silent.seen).toEqual(['HEAD /x']);
  });

  it('gets twice the time at each further try, up to a limit', async () => {
    const { url } = await start(SILENT);
    const http = new HttpClient({ stallMs: 50, mostStallMs: 150 });
    const { signal } = new AbortController();
    for (const seconds of [0.05, 0.1, 0.15, 0.15]) {
      await expect(http.getBytes(url, 10, signal)).rejects.toThrow(`nothing for ${seconds} s`);
    }
    http.close();
  });

  it('is not waited for when it makes no connection', async () => {
    const { url } = await start(SILENT);
    const http = new HttpClient({ stallMs: 200 });
    const { signal } = new AbortController();
    const tls = new URL(url.href.replace('http:', 'https:'));
    await expect(http.getBytes(tls, 10, signal)).rejects.toThrow('no connection in 0.2 s');
    http.close();
  });
});
