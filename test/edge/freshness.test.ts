// What an origin says of keeping its files (RFC 9111), at an edge with a ttl of an hour.
import { chmod, utimes, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ageOfAnswer, keepingOf } from '../../src/edge/freshness.ts';
import { AS_JSON, type Hub, startHub } from '../server/hub.ts';
import { share, startEdge } from './edge.ts';

const ttlMs = 3_600_000;
const HIT = 'hubswarm-edge; hit';
const COMPARED = 'hubswarm-edge; fwd=stale; fwd-status=304';
const PASSED = 'hubswarm-edge; fwd=uri-miss';

/** How an edge came to its second answer, and what it says of keeping it. */
async function second(cacheControl: string | undefined) {
  const origin = await startHub({ representations: { cacheControl } });
  const bytes = await share(origin, 'f', 1000);
  const edge = await startEdge(origin, { ttlMs });
  await edge.ask('/files/f');
  const { body, headers } = await edge.ask('/files/f');
  expect(body.equals(bytes)).toBe(true);
  return [headers['cache-status'], headers['cache-control']];
}

describe('an edge', () => {
  it.each([
    // What every hub says unless told otherwise: --cache-ttl relaxes it.
    [undefined, HIT, 'no-cache'],
    ['max-age=60', HIT, 'max-age=60'],
    ['max-age=0', COMPARED, 'max-age=0'],
    ['max-age=60, s-maxage=0', COMPARED, 'max-age=60, s-maxage=0'],
    ['s-maxage=60, max-age=0', HIT, 's-maxage=60, max-age=0'],
    ['max-age=60, must-revalidate', HIT, 'max-age=60, must-revalidate'],
    ['max-age=60, no-cache', COMPARED, 'max-age=60, no-cache'],
    ['no-store', PASSED, 'no-store'],
    ['Private, max-age=60', PASSED, 'Private, max-age=60'],
  ])('obeys %s', async (said, status, passed) => {
    expect(await second(said)).toEqual([status, passed]);
  });

  it.each(['must-revalidate', 'proxy-revalidate', 's-maxage=0', 'No-Cache'])(
    'serves no stale copy without the origin after %s',
    async (directive) => {
      const origin = await startHub({
        representations: { cacheControl: `max-age=0, ${directive}` },
      });
      await share(origin, 'f', 1000);
      const edge = await startEdge(origin, { ttlMs });
      expect((await edge.ask('/files/f')).status).toBe(200);
      await origin.running.stop();
      expect((await edge.ask('/files/f')).status).toBe(504);
      expect((await edge.ask('/files/f')).status).toBe(504);
    },
  );

  it('keeps nothing any more once the origin forbids it', async () => {
    let said = 'max-age=0';
    const { edge } = await behind(() => ({ 'cache-control': said }));
    await edge.ask('/files/f');
    expect((await edge.ask('/files/f')).headers['cache-status']).toBe(COMPARED);
    said = 'no-store';
    expect((await edge.ask('/files/f')).headers['cache-status']).toBe(PASSED);
    said = 'max-age=0';
    expect((await edge.ask('/files/f')).headers['cache-status']).not.toBe(PASSED);
  });

  it('gives no block of it by its CID then, unless it may keep it under another name', async () => {
    let said = 'max-age=0';
    const { edge, bytes, origin } = await behind(() => ({ 'cache-control': said }));
    await writeFile(join(origin.root, 'other'), bytes);
    for (const path of ['f', 'other']) await edge.ask(`/files/${path}`);
    const cid = (await edge.ask('/files/f')).headers['x-ipfs-roots'];
    const here = async () =>
      (await edge.ask(`/ipfs/${cid}?format=raw`)).headers['cache-status'] === HIT;
    expect(await here()).toBe(true);
    said = 'no-store';
    await edge.ask('/files/f');
    expect(await here()).toBe(true);
    await edge.ask('/files/other');
    expect(await here()).toBe(false);
    expect(edge.events.flatMap((e) => (e.event === 'file_evicted' ? [e.cid] : []))).toEqual([cid]);
    said = 'max-age=60';
    expect((await edge.ask('/files/f')).body.equals(bytes)).toBe(true);
    expect(await here()).toBe(true);
  });

  it('learns by a 304 that the time or the executable bit changed', async () => {
    const origin = await startHub({ representations: { cacheControl: 'max-age=0' } });
    await share(origin, 'f', 1000);
    const edge = await startEdge(origin, { ttlMs });
    const look = async () => {
      const { headers } = await edge.ask('/files/f');
      return [headers['cache-status'], headers['x-hubswarm-executable'], headers['last-modified']];
    };
    await look();
    const path = join(origin.root, 'f');
    for (const [when, mode, bit] of [
      ['Thu, 09 Sep 1999 09:09:09 GMT', 0o755, '?1'],
      ['Fri, 05 May 2000 05:05:05 GMT', 0o644, undefined],
    ] as const) {
      await chmod(path, mode);
      await utimes(path, new Date(when), new Date(when));
      expect(await look()).toEqual([COMPARED, bit, when]);
    }
  });

  it('counts the time that a copy spent in caches before it', async () => {
    const { edge } = await behind(() => ({ age: '100', 'cache-control': 'max-age=90' }));
    await edge.ask('/files/f');
    const { headers } = await edge.ask('/files/f');
    expect(headers['cache-status']).toBe(COMPARED);
    expect(Number(headers.age)).toBeGreaterThanOrEqual(100);
    const second = await startEdge(edge, { ttlMs });
    expect(Number((await second.ask('/files/f')).headers.age)).toBeGreaterThanOrEqual(100);
  });

  it.each([
    ['PUT', '/files/a%20b', {}],
    ['DELETE', '/files/a%20b', {}],
    ['POST', '/uploads/', { 'upload-metadata': `path ${btoa('a b')}` }],
  ])('serves nothing unasked once a %s went through it', async (method, path, headers) => {
    const origin = await startHub();
    await share(origin, 'a b', 1000);
    const edge = await startEdge(origin, { ttlMs });
    await edge.ask('/files/a%20b');
    expect((await edge.ask('/files/a%20b')).headers['cache-status']).toBe(HIT);
    expect((await edge.ask(path, { method, headers })).status).toBe(307);
    // The origin still has the old file, and it may take a while until it has the new one.
    expect((await edge.ask('/files/a%20b')).headers['cache-status']).toBe(COMPARED);
    const changed = await share(origin, 'a b', 1001);
    expect((await edge.ask('/files/a%20b')).body.equals(changed)).toBe(true);
  });

  it('passes a listing on with its tag, its coding and 304', async () => {
    const origin = await startHub();
    for (let i = 0; i < 30; i++) await share(origin, `name ${i}`, 1);
    const edge = await startEdge(origin);
    const ask = (hub: Hub, headers = {}) =>
      hub.ask('/files/', { headers: { ...AS_JSON.headers, ...headers } });
    const plain = await ask(edge);
    const { etag } = plain.headers;
    expect(etag).toBe((await ask(origin)).headers.etag);
    expect(await ask(edge, { 'if-none-match': etag })).toMatchObject({ status: 304, text: '' });
    const coded = await ask(edge, { 'accept-encoding': 'gzip' });
    expect(coded.headers['content-encoding']).toBe('gzip');
    expect(coded.headers.vary).toContain('Accept-Encoding');
    expect(gunzipSync(coded.body).toString()).toBe(plain.text);
    const again = { 'accept-encoding': 'gzip', 'if-none-match': coded.headers.etag };
    expect((await ask(edge, again)).status).toBe(304);
  });

  it('has an origin that a proxy shows below a prefix', async () => {
    const { bytes, url } = await behind(() => ({}), '/hub');
    const edge = await startEdge(url, { ttlMs });
    expect((await edge.ask('/files/f')).body.equals(bytes)).toBe(true);
    const put = await edge.ask('/files/f', { method: 'PUT' });
    expect(put).toMatchObject({ status: 307, headers: { location: `${url}files/f` } });
  });
});

describe('Cache-Control of an origin', () => {
  const keeping = (field: string, more: [string, string][] = []) =>
    keepingOf(new Map([['cache-control', field], ...more]));

  it.each([
    ['max-age=5', 5000],
    ['MAX-AGE=5', 5000],
    ['max-age="5"', 5000],
    ['max-age=5, max-age=3', 3000],
    ['max-age=abc', 0],
    ['max-age=-1', 0],
    ['max-age', 0],
    ['max-age=99999999999999999999', 2 ** 31 * 1000],
    ['s-maxage=7,max-age=5', 7000],
    ['max-age=5, no-cache', 0],
    ['no-cache="a", max-age=5', 5000],
    ['no-cache', undefined],
    ['x="max-age=5"', undefined],
    ['xmax-age=5', undefined],
    ['public', undefined],
  ])('%s', (field, lifetimeMs) => {
    expect(keeping(field).lifetimeMs).toBe(lifetimeMs);
  });

  it('counts more than Expires, which counts from Date', () => {
    const date: [string, string] = ['date', 'Mon, 30 Nov 2026 12:00:00 GMT'];
    const expires: [string, string] = ['expires', 'Mon, 30 Nov 2026 12:01:00 GMT'];
    expect(keeping('', [date, expires]).lifetimeMs).toBe(60_000);
    expect(keeping('max-age=1', [date, expires]).lifetimeMs).toBe(1000);
    expect(keeping('', [date, ['expires', '0']]).lifetimeMs).toBe(0);
  });

  it.each([
    ['no-store', false],
    ['max-age=5,No-Store', false],
    ['private="set-cookie"', false],
    ['x="no-store"', true],
    ['x=private', true],
    ['public', true],
  ])('%s: kept %s', (field, isKept) => {
    expect(keeping(field).isKept).toBe(isKept);
  });

  it.each([
    ['7', 7000],
    ['7, 9', 7000],
    ['7;a=b', 7000],
    ['-7', 0],
    ['7.5', 0],
    ['x', 0],
    ['99999999999', 0],
  ])('Age: %s', (age, ms) => {
    expect(ageOfAnswer(new Map([['age', age]]))).toBe(ms);
  });

  const NOW = Date.parse('2026-06-01T12:00:00.500Z');
  it.each([
    ['Mon, 01 Jun 2026 12:00:00 GMT', 0],
    ['Mon, 01 Jun 2026 11:00:00 GMT', 3_599_501],
    ['Monday, 01-Jun-26 11:00:00 GMT', 3_599_501],
    ['Mon, 01 Jun 2026 13:00:00 GMT', 0],
    ['2026-06-01T11:00:00Z', 0],
  ])('Date: %s', (date, ms) => {
    expect(ageOfAnswer(new Map([['date', date]]), NOW)).toBe(ms);
    expect(ageOfAnswer(new Map(Object.entries({ date, age: '7200' })), NOW)).toBe(7_200_000);
  });

  it.each([
    ['Mon, 01 Jun 2026 13:00:00 GMT', 3_600_000],
    ['Monday, 01-Jun-26 13:00:00 GMT', 3_600_000],
    ['Mon, 01 Jun 2026 11:00:00 GMT', 0],
    ['2026-06-01T13:00:00Z', 0],
    ['Mon, 01 Jun 2026 13:00:00 +0000', 0],
    ['Mon, 01 Jun 2026 13:00:00', 0],
    ['0', 0],
    ['', 0],
  ])('Expires: %s', (expires, ms) => {
    const date = 'Mon, 01 Jun 2026 12:00:00 GMT';
    expect(keepingOf(new Map(Object.entries({ date, expires }))).lifetimeMs).toBe(ms);
  });
});

/** An edge of a hub whose answers bear these fields as well, as by a cache between them. */
async function behind(fields: () => Record<string, string>, prefix = '') {
  const origin = await startHub();
  const bytes = await share(origin, 'f', 1000);
  const server = createServer((req, res) => {
    const { method, url = '', headers } = req;
    const path = url.slice(prefix.length);
    request({ host: '127.0.0.1', port: origin.port, method, path, headers }, (answer) => {
      res.writeHead(answer.statusCode!, { ...answer.headers, ...fields() });
      answer.pipe(res);
    }).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}/`;
  return { origin, bytes, url, edge: await startEdge(url, { ttlMs }) };
}
