import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRequestRate, RequestLimit } from '../../../src/hub/access/request-rate.ts';
import { toHttp } from '../../../src/server/message/to-http.ts';
import { startHub } from '../hub.ts';
import { basic, bearer, keyFile, makeToken } from './keys.ts';

const HOUR_MS = 3_600_000;

describe('RequestLimit', () => {
  const at = (rate: { requests: number; perMs: number }) => {
    const clock = { nowMs: 1000 };
    const limit = new RequestLimit('address', rate, () => clock.nowMs);
    const passes = (client = 'a'): boolean => {
      try {
        limit.spend(limit.of(client));
        return true;
      } catch {
        return false;
      }
    };
    return { clock, limit, passes };
  };

  it('lets a burst of the rate through, then one each fraction of its period', () => {
    const { clock, passes } = at({ requests: 10, perMs: 1000 });
    expect(Array.from({ length: 12 }, () => passes())).toEqual([
      ...Array(10).fill(true),
      false,
      false,
    ]);
    clock.nowMs += 99;
    expect(passes()).toBe(false);
    clock.nowMs += 1;
    expect([passes(), passes()]).toEqual([true, false]);
    clock.nowMs += HOUR_MS;
    expect(Array.from({ length: 11 }, () => passes()).filter(Boolean)).toHaveLength(10);
  });

  it('counts each client alone, and no refused request', () => {
    const { clock, passes } = at({ requests: 1, perMs: 1000 });
    expect([passes('a'), passes('b'), passes('a'), passes('a')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    clock.nowMs += 1000;
    expect(passes('a')).toBe(true);
  });

  it('says when to come again', () => {
    const { limit } = at({ requests: 2, perMs: 60_000 });
    const budget = limit.of('a');
    limit.spend(budget);
    limit.spend(budget);
    const refused = (): unknown => {
      try {
        return limit.spend(budget);
      } catch (error) {
        return error;
      }
    };
    expect(toHttp(refused())).toMatchObject({
      status: 429,
      headers: {
        'Retry-After': '30',
        'RateLimit-Policy': '"address";q=2;w=60',
        RateLimit: '"address";r=0;t=30',
      },
    });
  });

  it('never lets more through than its burst and its rate, whenever they come', () => {
    const gaps = fc.array(fc.nat({ max: 500 }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), gaps, (requests, waits) => {
        const { clock, passes } = at({ requests, perMs: 1000 });
        const passed: number[] = [];
        for (const ms of waits) {
          clock.nowMs += ms;
          if (passes()) passed.push(clock.nowMs);
        }
        for (const [i, from] of passed.entries()) {
          for (const [j, to] of passed.entries()) {
            if (j < i) continue;
            const most = requests + ((to - from) * requests) / 1000;
            expect(j - i + 1).toBeLessThanOrEqual(most + 1e-3);
          }
        }
      }),
    );
  });

  it('forgets the client that was seen least recently, and no other', () => {
    const { passes } = at({ requests: 1, perMs: HOUR_MS });
    passes('first');
    passes('busy');
    for (let i = 0; i < 65_535; i++) {
      passes(`stranger ${i}`);
      if (i % 10_000 === 0) expect(passes('busy')).toBe(false);
    }
    expect([passes('busy'), passes('first')]).toEqual([false, true]);
  });
});

describe('parseRequestRate', () => {
  it.each([
    ['100/s', 100, 1000],
    ['600/m', 600, 60_000],
    ['5000/h', 5000, HOUR_MS],
  ])('%s', (text, requests, perMs) => {
    expect(parseRequestRate('--rate-limit', text)).toEqual({ requests, perMs });
  });

  it.each(['', '100', '0/s', '-1/s', '1.5/s', '100/d', '9999999/s', '100 /s', 'fast'])(
    '%o is refused with what is accepted',
    (text) => {
      expect(() => parseRequestRate('--rate-limit', text)).toThrow(/--rate-limit: .* as in 100\/s/);
    },
  );
});

describe('a hub with a limit', () => {
  it('answers 429, also on one connection, and a small file from memory costs as well', async () => {
    const hub = await startHub({ access: { rateLimit: { requests: 3, perMs: HOUR_MS } } });
    await writeFile(join(hub.root, 'f'), 'x');
    const socket = hub.socket();
    socket.write('GET /files/f HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(5));
    let text = '';
    for await (const chunk of socket) {
      text += chunk;
      if (text.match(/HTTP\/1\.1 /g)?.length === 5 && text.endsWith('later\n')) break;
    }
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(['200', '200', '200', '429', '429']);
    expect((await hub.ask('/files/')).status).toBe(429);
  });

  it('counts a token wherever it comes from and however it is sent, and no other', async () => {
    const own = await keyFile();
    const access = { tokenKeyFiles: [own.file], tokenRateLimit: { requests: 2, perMs: HOUR_MS } };
    const hub = await startHub({ access });
    const [ann, bob] = [await makeToken(own, { id: 'ann' }), await makeToken(own, { id: 'bob' })];
    const ask = async (headers: object) =>
      (await hub.ask('/files/', { headers: { ...headers } })).status;
    expect([await ask(bearer(ann)), await ask(basic(ann)), await ask(bearer(ann))]).toEqual([
      200, 200, 429,
    ]);
    expect(await ask(bearer(bob))).toBe(200);
    // Without a token there is nothing to count.
    expect((await hub.ask('/healthz')).status).toBe(200);
  });
});
