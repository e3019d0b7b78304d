import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Manifest } from '../../../src/content/manifest.ts';
import { blocksOf, fileAt, type PiecePlaces } from '../../../src/hybrid/source/piece-places.ts';
import {
  type Hook,
  makeContent,
  removeTempDirs,
  sendBytes,
  startHub,
  startServer,
  type TestServer,
} from '../../client/hub.ts';
import { Fetching } from './fetching.ts';

afterAll(removeTempDirs);

const content = await makeContent(20 * 16 * 1024 + 5);
const { manifest, bytes } = content;

const blocksAt = (url: URL, of: Manifest): PiecePlaces => blocksOf(new URL('/', url), of);

const KINDS: readonly [string, (url: URL, manifest: Manifest) => PiecePlaces][] = [
  ['the file', fileAt],
  ['blocks', blocksAt],
];

async function hub(hook?: Hook): Promise<TestServer> {
  const server = await startHub(content, hook);
  onTestFinished(() => server.close());
  return server;
}

const isBody = ({ method }: IncomingMessage): boolean => method === 'GET';

type Answer = (response: ServerResponse, request: IncomingMessage) => unknown;

/** Promises what was asked for: a range of the file, or a block. */
const promise: Answer = (response, { headers }) => {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '')?.map(Number) ?? [];
  if (from === undefined || to === undefined) {
    response.writeHead(200, { 'content-length': 16 * 1024 });
    return;
  }
  response.writeHead(206, {
    'content-length': to - from + 1,
    'content-range': `bytes ${from}-${to}/${bytes.length}`,
  });
};

/** Answers the first so many GETs in its own way. */
const first = (count: number, answer: Answer): Hook => {
  let left = count;
  return (request, response) => {
    if (!isBody(request) || left-- <= 0) return false;
    answer(response, request);
    return true;
  };
};

describe.each(KINDS)('a web server as a source, %s', (kind, places) => {
  it('gives every piece, each once, over two connections at the most', async () => {
    let open = 0;
    let most = 0;
    const seen = new Set<unknown>();
    const server = await hub(({ socket }, response) => {
      seen.add(socket);
      most = Math.max(most, ++open);
      response.on('close', () => open--);
      return false;
    });
    const fetching = new Fetching(manifest, [server.url]);
    void fetching.keep(places(server.url, manifest));
    await fetching.complete;
    expect(Buffer.compare(fetching.store.bytes, bytes)).toBe(0);
    expect(fetching.link.receivedBytes).toBe(bytes.length);
    expect(most).toBeLessThanOrEqual(2);
    expect(seen.size).toBeLessThanOrEqual(2);
    // Runs of pieces are one request.
    if (kind === 'the file') expect(server.seen.length).toBeLessThan(20);
    const remotes = new Set(fetching.all('piece_verified').map(({ remote }) => remote));
    expect(remotes.size).toBe(1);
  });

  it.each([503, 429, 500])('is left alone for a while when it answers %i', async (status) => {
    const server = await hub(first(1, (response) => response.writeHead(status).end()));
    const fetching = new Fetching(manifest, [server.url]);
    void fetching.keep(places(server.url, manifest));
    await fetching.complete;
    expect(fetching.all('source_failed')[0]?.reason).toMatch(new RegExp(`^${status} `));
    expect(fetching.all('source_retried').length).toBe(1);
  });

  it('waits for as long as Retry-After says', async () => {
    const refuse = (response: ServerResponse) =>
      response.writeHead(503, { 'retry-after': '2' }).end();
    const server = await hub(first(1, refuse));
    const fetching = new Fetching(manifest, [server.url]);
    void fetching.keep(places(server.url, manifest));
    await fetching.complete;
    expect(fetching.all('source_retried')[0]?.delayMs).toBe(2000);
  });

  it('is asked again after it was cut in the middle of a piece', async () => {
    const server = await hub(
      first(2, (response, request) => {
        promise(response, request);
        response.write(Buffer.alloc(100));
        setImmediate(() => response.destroy());
      }),
    );
    const fetching = new Fetching(manifest, [server.url]);
    void fetching.keep(places(server.url, manifest));
    await fetching.complete;
    expect(Buffer.compare(fetching.store.bytes, bytes)).toBe(0);
  });

  it('is given up while it drips, and is there again afterwards', async () => {
    const server = await hub(
      first(1, (response, request) => {
        promise(response, request);
        const drip = setInterval(() => response.write('x'), 100);
        response.on('close', () => clearInterval(drip));
      }),
    );
    const fetching = new Fetching(manifest, [server.url], { stallMs: 400 });
    void fetching.keep(places(server.url, manifest));
    await fetching.complete;
    expect(fetching.all('source_failed')[0]?.reason).toMatch(/^sent only \d+ bytes for/);
  });

  it('is followed where it redirects to', async () => {
    const behind = await hub();
    const front = await startServer(({ url }, response) =>
      response.writeHead(307, { location: `${behind.origin}${url}` }).end(),
    );
    onTestFinished(() => front.close());
    const fetching = new Fetching(manifest, [front.url]);
    void fetching.keep(places(front.url, manifest));
    await fetching.complete;
    expect(Buffer.compare(fetching.store.bytes, bytes)).toBe(0);
  });

  it('gets the token, and is dropped without one', async () => {
    const needsToken: Hook = ({ headers }, response) => {
      if (headers.authorization === 'Bearer secret') return false;
      response.writeHead(401).end();
      return true;
    };
    const server = await hub(needsToken);
    const fetching = new Fetching(manifest, [server.url], { token: 'secret' });
    void fetching.keep(places(server.url, manifest));
    await fetching.complete;
    const refused = new Fetching(manifest, [server.url]);
    await refused.keep(places(server.url, manifest));
    expect(refused.all('source_failed').map(({ reason }) => reason)).toEqual([
      '401 Unauthorized: it may want a token',
    ]);
    expect(refused.swarm.view.neighbourCount).toBe(0);
  });

  it('is banned for wrong bytes, by its name', async () => {
    const wrong = {
      ...content,
      bytes: Buffer.alloc(bytes.length, 7),
      blocks: new Map(content.blocks),
    };
    for (const [cid, block] of wrong.blocks) wrong.blocks.set(cid, new Uint8Array(block.length));
    const server = await startHub(wrong);
    onTestFinished(() => server.close());
    const fetching = new Fetching(manifest, [server.url]);
    void fetching.keep(places(server.url, manifest));
    await fetching.until('neighbour_banned');
    const { remote, reason } = fetching.all('neighbour_banned')[0]!;
    expect(remote).toContain(server.origin);
    expect(reason).toMatch(/wrong|bad/);
    // Two pieces are proof enough, and those on their way.
    expect(fetching.all('piece_rejected').length).toBeLessThanOrEqual(4);
    expect(fetching.swarm.view.neighbourCount).toBe(0);
  });

  it('is dropped for a body without end', async () => {
    const server = await hub((request, response) => {
      if (!isBody(request)) return false;
      const more = (): void => {
        while (response.write(Buffer.alloc(64 * 1024)));
      };
      response.on('drain', more);
      more();
      return true;
    });
    const fetching = new Fetching(manifest, [server.url]);
    await fetching.keep(places(server.url, manifest));
    expect(fetching.all('source_failed').length).toBe(1);
    expect(fetching.swarm.view.neighbourCount).toBe(0);
    // No more was taken than was asked for.
    expect(fetching.link.receivedBytes).toBeLessThanOrEqual(2 * 16 * 1024);
  });

  it('never brings more than the downlink lets in', async () => {
    const server = await hub();
    const down = 128 * 1024;
    const fetching = new Fetching(manifest, [server.url], { down });
    const from = performance.now();
    void fetching.keep(places(server.url, manifest));
    await fetching.complete;
    // A piece may be under way at either end of the time.
    const leastMs = ((bytes.length - 4 * 16 * 1024) / down) * 1000;
    expect(performance.now() - from).toBeGreaterThan(leastMs);
  });
});

it('drops a server without ranges, whose answer is the whole file', async () => {
  const server = await startServer((request, response) => {
    delete request.headers.range;
    sendBytes(bytes, request, response);
  });
  onTestFinished(() => server.close());
  const fetching = new Fetching(manifest, [server.url]);
  await fetching.keep(fileAt(server.url, manifest));
  expect(fetching.all('source_failed').length).toBe(1);
  expect(fetching.all('source_failed')[0]?.reason).toMatch(/whole file|more than was asked for/);
});

it.each([
  [416, {}],
  [206, { 'content-range': 'bytes 0-9/99', 'content-length': 10 }],
  [206, {}],
  [410, {}],
])('drops a server that answers %i to a range', async (status, headers) => {
  const server = await hub(first(99, (response) => response.writeHead(status, headers).end()));
  const fetching = new Fetching(manifest, [server.url]);
  await fetching.keep(fileAt(server.url, manifest));
  expect(fetching.all('source_failed').length).toBe(1);
});

it('drops a server with another version of the file', async () => {
  const other = await makeContent(20 * 16 * 1024 + 5);
  const server = await startHub(other);
  onTestFinished(() => server.close());
  const fetching = new Fetching(manifest, [server.url]);
  await fetching.keep(fileAt(server.url, manifest));
  expect(fetching.all('source_failed')[0]?.reason).toMatch(/^has another file/);
});

it('drops a hub whose block has another length', async () => {
  const blocks = new Map(content.blocks);
  for (const cid of blocks.keys()) blocks.set(cid, new Uint8Array(10));
  const server = await startHub({ ...content, blocks });
  onTestFinished(() => server.close());
  const fetching = new Fetching(manifest, [server.url]);
  await fetching.keep(blocksAt(server.url, manifest));
  expect(fetching.all('source_failed')[0]?.reason).toMatch(/^has a block of 10 bytes, not /);
});

it('goes on with another server when one is gone', async () => {
  const [dying, living] = [await hub(), await hub()];
  const fetching = new Fetching(manifest, [dying.url, living.url]);
  void fetching.keep(fileAt(dying.url, manifest));
  await fetching.until('piece_verified', 3);
  await dying.close();
  void fetching.keep(fileAt(living.url, manifest));
  await fetching.complete;
  expect(Buffer.compare(fetching.store.bytes, bytes)).toBe(0);
});
