// What other programs fetch, the client fetches: one case for each oddity of an origin.
import { afterEach, describe, expect, it } from 'vitest';
import { runGet } from '../run-get.ts';
import { CODINGS, FRAMINGS, HEADS, type OddOrigin, REDIRECTS, REFUSED } from './origins.ts';
import { type RawOrigin, startRawOrigin } from './raw-origin.ts';

const origins: RawOrigin[] = [];
afterEach(() => {
  for (const origin of origins.splice(0)) origin.close();
});

const start = async (odd: OddOrigin): Promise<RawOrigin> => {
  const origin = await startRawOrigin(odd);
  origins.push(origin);
  return origin;
};

describe('a file is fetched from an origin with', () => {
  it.each([...HEADS, ...CODINGS, ...REDIRECTS, ...FRAMINGS].map((odd) => [odd.name, odd] as const))(
    '%s',
    async (_, odd) => {
      const { url } = await start(odd);
      const got = await runGet([url], { output: '-', timeoutMs: 10_000 });
      expect(got.error).toBeUndefined();
      expect(got.stdout).toEqual(odd.bytes ?? Buffer.from('hello'));
    },
  );

  it('a HEAD that is never answered', async () => {
    const { url, seen } = await start({
      name: 'silent',
      answer: ({ method }) =>
        method === 'HEAD' ? 'hold' : 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    });
    const got = await runGet([url], { output: '-', timeoutMs: 20_000, stallMs: 20_000 });
    expect(got.stdout.toString()).toBe('hello');
    expect(seen).toEqual(['HEAD /x', 'GET /x', 'GET /x']);
  });
});

describe('no file is taken from an origin with', () => {
  it.each(REFUSED.map((odd) => [odd.name, odd] as const))('%s', async (_, odd) => {
    const { url } = await start(odd);
    const got = await runGet([url], { output: '-', timeoutMs: 2000 });
    expect(got.error?.message).toContain(odd.reason);
  });
});
