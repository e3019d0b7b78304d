import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AS_JSON, type Hub, startHub, tempRoot } from '../server/hub.ts';
import { share, startEdge } from './edge.ts';

const MIB = 2 ** 20;

const statusOf = async (edge: Hub, path: string) => (await edge.ask(path)).headers['cache-status'];

describe('an edge', () => {
  it('answers as its origin does, the second time from its disk', async () => {
    const origin = await startHub();
    const bytes = await share(origin, 'a b.txt', 3 * MIB + 5);
    const edge = await startEdge(origin);
    const there = await origin.ask('/files/a%20b.txt');
    const first = await edge.ask('/files/a%20b.txt');
    expect(first.body.equals(bytes)).toBe(true);
    expect(first.headers['cache-status']).toBe('hubswarm-edge; fwd=uri-miss; stored');
    expect(first.headers.via).toMatch(/^1\.1 hubswarm-edge-[0-9a-f]{12}$/);
    await edge.until('file_cached');
    const sent = origin.link.sentBytes;
    const second = await edge.ask('/files/a%20b.txt');
    expect(second.body.equals(bytes)).toBe(true);
    expect(second.headers['cache-status']).toBe('hubswarm-edge; fwd=stale; fwd-status=304');
    expect(origin.link.sentBytes).toBe(sent);
    for (const field of ['etag', 'last-modified', 'content-type', 'content-length', 'link']) {
      expect(second.headers[field]).toBe(there.headers[field]);
    }
  });

  it('answers ranges, HEAD and preconditions', async () => {
    const origin = await startHub();
    const bytes = await share(origin, 'f', MIB);
    const edge = await startEdge(origin);
    const part = await edge.ask('/files/f', { headers: { range: 'bytes=1000-1999' } });
    expect(part.status).toBe(206);
    expect(part.body.equals(bytes.subarray(1000, 2000))).toBe(true);
    const head = await edge.ask('/files/f', { method: 'HEAD' });
    const sent = origin.link.sentBytes;
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers['content-length']).toBe(`${MIB}`);
    const headers = { 'if-none-match': head.headers.etag ?? '' };
    expect((await edge.ask('/files/f', { headers })).status).toBe(304);
    expect((await edge.ask('/files/f', { headers: { range: 'bytes=9999999-' } })).status).toBe(416);
    expect(origin.link.sentBytes).toBe(sent);
  });

  it.each([0, 1, 1000, 262_144, 262_145])(
    'serves files of %i bytes, for one copy',
    async (length) => {
      const origin = await startHub();
      const bytes = await share(origin, 'f', length);
      const edge = await startEdge(origin);
      for (let i = 0; i < 2; i++) {
        const answer = await edge.ask('/files/f');
        expect(answer.status).toBe(200);
        expect(answer.body.equals(bytes)).toBe(true);
      }
      expect(origin.link.sentBytes).toBeLessThan(length + 4096);
    },
  );

  it('costs the origin one copy, however many ask at once', async () => {
    const origin = await startHub();
    const bytes = await share(origin, 'f', 6 * MIB);
    const edge = await startEdge(origin);
    const answers = await Promise.all(Array.from({ length: 8 }, () => edge.ask('/files/f')));
    expect(answers.every(({ body }) => body.equals(bytes))).toBe(true);
    expect(origin.link.sentBytes).toBeLessThan(6 * MIB + 64 * 1024);
    const collapsed = answers.filter(({ headers }) =>
      headers['cache-status']?.includes('collapsed'),
    );
    expect(collapsed.length).toBeGreaterThan(0);
  });

  it('passes on what has come while the rest is on its way, what is asked for first', async () => {
    const origin = await startHub({ uplinkBytesPerSecond: 8 * MIB });
    const bytes = await share(origin, 'f', 24 * MIB);
    const edge = await startEdge(origin);
    const whole = edge.ask('/files/f');
    await edge.until('link_counted');
    const last = await edge.ask('/files/f', { headers: { range: 'bytes=-1000' } });
    expect(last.body.equals(bytes.subarray(-1000))).toBe(true);
    expect(edge.events.some(({ event }) => event === 'file_cached')).toBe(false);
    expect((await whole).body.equals(bytes)).toBe(true);
    expect(origin.link.sentBytes).toBeLessThan(24 * MIB + 64 * 1024);
  });

  it('stops fetching when nobody reads, and goes on from there, after a restart too', async () => {
    const origin = await startHub();
    const bytes = await share(origin, 'f', 40 * MIB);
    const directory = await tempRoot();
    const first = await startEdge(origin, { directory });
    const part = await first.ask('/files/f', { headers: { range: 'bytes=0-99' } });
    expect(part.body.equals(bytes.subarray(0, 100))).toBe(true);
    await first.running.stop();
    expect(origin.link.sentBytes).toBeLessThan(20 * MIB);
    const second = await startEdge(origin, { directory });
    expect((await second.ask('/files/f')).body.equals(bytes)).toBe(true);
    // What was under way when it stopped comes twice: two runs at most.
    expect(origin.link.sentBytes).toBeLessThan(49 * MIB);
  });

  it('serves a new version as soon as there is one', async () => {
    const origin = await startHub();
    await share(origin, 'f', MIB);
    const edge = await startEdge(origin);
    await edge.ask('/files/f');
    const changed = await share(origin, 'f', 2 * MIB);
    const answer = await edge.ask('/files/f');
    expect(answer.body.equals(changed)).toBe(true);
    expect(answer.headers['cache-status']).toBe('hubswarm-edge; fwd=stale; stored');
  });

  it('cuts a download whose file changes at the origin, and mixes nothing', async () => {
    const origin = await startHub({ uplinkBytesPerSecond: 4 * MIB });
    const before = await share(origin, 'f', 32 * MIB);
    const edge = await startEdge(origin);
    const answer = edge.ask('/files/f').then(
      ({ body }) => body,
      () => undefined,
    );
    await edge.until('link_counted', ({ sentBytes }) => sentBytes > MIB);
    const after = await share(origin, 'f', 2 * MIB);
    const body = await answer;
    if (body) expect(body.equals(before)).toBe(true);
    expect((await edge.ask('/files/f')).body.equals(after)).toBe(true);
  });

  it('does not ask again within the ttl', async () => {
    const origin = await startHub();
    await share(origin, 'f', 1000);
    const edge = await startEdge(origin, { ttlMs: 60_000 });
    await edge.ask('/files/f');
    expect(await statusOf(edge, '/files/f')).toBe('hubswarm-edge; hit');
    const headers = { 'cache-control': 'max-age=0, no-cache' };
    const compared = await edge.ask('/files/f', { headers });
    expect(compared.headers['cache-status']).toBe('hubswarm-edge; fwd=stale; fwd-status=304');
    // What the origin is asked after that it has been asked after all the rest.
    await edge.ask('/files/none');
    await origin.until('request_completed', ({ path }) => path === '/files/none');
    const asked = origin.events.filter(
      (event) => event.event === 'request_completed' && event.path === '/files/f',
    );
    // By share(), and twice by the edge, to whom the file's only piece came as a block.
    expect(asked).toHaveLength(3);
  });
});

describe('a clock that is set back', () => {
  it('makes no copy fresh that was to be compared', async () => {
    const origin = await startHub();
    await share(origin, 'f', 1000);
    const edge = await startEdge(origin, { ttlMs: 60_000 });
    await edge.ask('/files/f');
    await edge.until('file_cached');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 86_400_000 });
    onTestFinished(() => void vi.useRealTimers());
    const headers = { 'cache-control': 'no-cache' };
    const compared = 'hubswarm-edge; fwd=stale; fwd-status=304';
    expect((await edge.ask('/files/f', { headers })).headers['cache-status']).toBe(compared);
  });
});

describe('what a client says of freshness', () => {
  const FRESH = 'hubswarm-edge; hit';
  const COMPARED = 'hubswarm-edge; fwd=stale; fwd-status=304';
  it.each([
    ['no-cache', COMPARED],
    ['max-age=0', COMPARED],
    ['max-age=30', FRESH],
    ['min-fresh=30', FRESH],
    ['min-fresh=90', COMPARED],
    ['no-store', FRESH],
    ['max-stale=9', FRESH],
    ['only-if-cached', FRESH],
    ['max-age=x, min-fresh=-1, ,=', FRESH],
  ])('%s is answered by %s', async (directives, status) => {
    const origin = await startHub();
    await share(origin, 'f', 1000);
    const edge = await startEdge(origin, { ttlMs: 60_000 });
    await edge.ask('/files/f');
    await edge.until('file_cached');
    const headers = { 'cache-control': directives };
    const answer = await edge.ask('/files/f', { headers });
    expect(answer).toMatchObject({ status: 200, headers: { 'cache-status': status } });
  });

  it('only-if-cached asks nothing of the origin', async () => {
    const origin = await startHub();
    await share(origin, 'f', 1000);
    const cid = (await origin.ask('/files/f')).headers['x-ipfs-roots'];
    const edge = await startEdge(origin);
    const headers = { 'cache-control': 'only-if-cached' };
    for (const path of ['/files/f', '/files/', `/ipfs/${cid}`]) {
      const { status } = await edge.ask(path, { headers });
      expect([path, status]).toEqual([path, 504]);
    }
    // What the origin is asked after that it has been asked after all the rest.
    await edge.ask('/files/none');
    await origin.until('request_completed', ({ path }) => path === '/files/none');
    const paths = origin.events.flatMap((event) =>
      event.event === 'request_completed' ? [`${event.method} ${event.path}`] : [],
    );
    // share(), the ask above, and the edge's start.
    const expected = ['HEAD /files/f', 'GET /files/f', 'GET /healthz', 'HEAD /files/none'];
    expect(paths).toEqual(expected);
  });
});

describe('an edge whose origin is gone', () => {
  it('serves what it has, says that it is stale, and answers 502 for the rest', async () => {
    const origin = await startHub();
    const bytes = await share(origin, 'f', 2 * MIB);
    const directory = await tempRoot();
    const edge = await startEdge(origin, { directory });
    await edge.ask('/files/f');
    await edge.until('file_cached');
    await origin.running.stop();
    const stale = await edge.ask('/files/f');
    expect(stale.body.equals(bytes)).toBe(true);
    expect(stale.headers.warning).toBe('111 hubswarm-edge "Revalidation Failed"');
    expect(stale.headers['cache-status']).toMatch(
      /^hubswarm-edge; hit; ttl=-\d+; detail="connection refused"$/,
    );
    expect((await edge.ask('/files/other')).status).toBe(502);
    expect((await edge.ask('/files/')).status).toBe(502);
    await edge.running.stop();

    const restarted = await startEdge(origin, { directory });
    expect(restarted.events.map(({ event }) => event)).toContain('source_failed');
    expect((await restarted.ask('/files/f')).body.equals(bytes)).toBe(true);
    const cid = String(stale.headers['x-ipfs-roots']);
    expect((await restarted.ask(`/ipfs/${cid}`)).status).toBe(200);
  });

  it('serves no byte that is not the file: what was changed on its disk is fetched again', async () => {
    const origin = await startHub();
    const bytes = await share(origin, 'f', 2 * MIB);
    const directory = await tempRoot();
    const edge = await startEdge(origin, { directory });
    const { headers } = await edge.ask('/files/f');
    await edge.until('file_cached');
    const spoil = async (): Promise<void> => {
      const path = join(directory, 'files', String(headers['x-ipfs-roots']));
      const handle = await open(path, 'r+');
      await handle.write(Buffer.from('spoilt'), 0, 6, MIB);
      await handle.close();
    };
    await spoil();
    expect(await edge.ask('/files/f')).toMatchObject({ status: 503 });
    expect((await edge.ask('/files/f')).body.equals(bytes)).toBe(true);
    await edge.running.stop();
    await spoil();
    const restarted = await startEdge(origin, { directory });
    expect((await restarted.ask('/files/f')).body.equals(bytes)).toBe(true);
  });

  it('passes on what its origin answers to a directory, a page of its own with its place', async () => {
    const origin = await startHub({ representations: { index: true } });
    await mkdir(join(origin.root, 'site.d'));
    const page = await share(origin, 'site.d/index.html', 5000);
    const edge = await startEdge(origin);
    const { status, headers } = await edge.ask('/files/site.d?a=b');
    const location = `http://127.0.0.1:${edge.port}/files/site.d/?a=b`;
    expect([status, headers.location]).toEqual([302, location]);
    const { body, headers: got } = await edge.ask('/files/site.d/');
    expect(body.equals(page)).toBe(true);
    expect(got['content-type']).toBe('text/html; charset=utf-8');
    expect(got.vary).toContain('Accept');
    const known = await edge.ask('/files/site.d/', { headers: { 'if-none-match': got.etag! } });
    expect(known.status).toBe(304);
    expect(JSON.parse((await edge.ask('/files/site.d/', AS_JSON)).text).entries).toHaveLength(1);
    expect(JSON.parse((await edge.ask('/files/site.d', AS_JSON)).text).entries).toHaveLength(1);
  });
});
