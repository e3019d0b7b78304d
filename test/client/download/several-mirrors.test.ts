// Several mirrors at once, each of them a server on a socket with a pace of its own.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Content,
  type Hook,
  makeContent,
  pacedHook,
  removeTempDirs,
  startHub,
  type TestServer,
  tempDir,
} from '../hub.ts';
import { type Got, runGet } from '../run-get.ts';

const MIB = 2 ** 20;
const LENGTH = 12 * MIB;
const PIECES = LENGTH / (256 * 1024);

let content: Content;
let target: string;
const servers: TestServer[] = [];

const hub = async (hook?: Hook): Promise<TestServer> => {
  const server = await startHub(content, hook);
  servers.push(server);
  return server;
};

beforeAll(async () => {
  content = await makeContent(LENGTH, 256 * 1024);
});
beforeEach(async () => {
  target = join(await tempDir(), 'got.bin');
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(removeTempDirs);

const piecesFrom = (got: Got, { url }: TestServer): number =>
  got.all('piece_verified').filter(({ remote }) => remote === url.href).length;

async function expectWhole(got: Got): Promise<void> {
  expect(got.error).toBeUndefined();
  expect((await readFile(target)).equals(content.bytes)).toBe(true);
  // The winner's bytes count, and nobody else's.
  expect(new Set(got.all('piece_verified').map(({ piece }) => piece)).size).toBe(PIECES);
  expect(got.all('piece_verified')).toHaveLength(PIECES);
}

describe('several mirrors at once', () => {
  it('share the file evenly when they are equally fast', async () => {
    const a = await hub(pacedHook(content, 16 * MIB));
    const b = await hub(pacedHook(content, 16 * MIB));
    const got = await runGet([a.url, b.url], { output: target });
    await expectWhole(got);
    expect(piecesFrom(got, a) / PIECES).toBeGreaterThan(0.35);
    expect(piecesFrom(got, b) / PIECES).toBeGreaterThan(0.35);
  });

  it('leave the most to the fast one, and do not wait for the slow one', async () => {
    const slow = await hub(pacedHook(content, MIB));
    const fast = await hub(pacedHook(content, 16 * MIB));
    const got = await runGet([slow.url, fast.url], { output: target });
    await expectWhole(got);
    expect(piecesFrom(got, fast) / PIECES).toBeGreaterThan(0.75);
    expect(piecesFrom(got, slow)).toBeGreaterThan(0);
  });

  it('are not held up by one that goes silent', async () => {
    const silent = await hub(pacedHook(content, 16 * MIB, { until: 600_000 }));
    const good = await hub(pacedHook(content, 16 * MIB));
    const got = await runGet([silent.url, good.url], { output: target, timeoutMs: 30_000 });
    await expectWhole(got);
    expect(piecesFrom(got, silent)).toBe(2);
    // It is done before the stall is over, which would be a failure of that source.
    expect(got.all('source_failed')).toEqual([]);
  });

  it('are not held up by one that never answers', async () => {
    const mute = await hub((request) => request.method === 'GET' && request.url![1] === 'f');
    const good = await hub(pacedHook(content, 16 * MIB));
    const got = await runGet([mute.url, good.url], { output: target, timeoutMs: 30_000 });
    await expectWhole(got);
    expect(got.all('source_failed')).toEqual([]);
  });

  it('are not held up by one that is silent when asked for blocks', async () => {
    const mute = await hub((request) => request.url!.startsWith('/ipfs/'));
    const good = await hub();
    const got = await runGet([mute.url, good.url], { output: target, timeoutMs: 30_000 });
    await expectWhole(got);
    expect(got.all('source_failed')).toMatchObject([{ reason: 'gave no block within 1 s' }]);
  });

  it('give standard output its bytes in order', async () => {
    const a = await hub(pacedHook(content, 4 * MIB));
    const b = await hub(pacedHook(content, 16 * MIB));
    const got = await runGet([a.url, b.url], { output: '-' });
    expect(got.error).toBeUndefined();
    expect(got.stdout.equals(content.bytes)).toBe(true);
    expect(piecesFrom(got, a)).toBeGreaterThan(0);
    expect(piecesFrom(got, b)).toBeGreaterThan(0);
  });

  it('go on when all but one are refused', async () => {
    const gone = await hub();
    await gone.close();
    const good = await hub();
    const got = await runGet([gone.url, good.url], { output: target });
    await expectWhole(got);
  });
});

describe('connections to one host', () => {
  it('are as many as allowed, and one of several URLs of a host by default', async () => {
    let open = 0;
    let most = 0;
    const counted = (hook: Hook): Hook => {
      return (request, response) => {
        if (!hook(request, response)) return false;
        most = Math.max(most, ++open);
        response.once('close', () => open--);
        return true;
      };
    };
    const server = await hub(counted(pacedHook(content, 8 * MIB, { each: true })));
    const got = await runGet([server.url], { output: target, connectionsPerHost: 4 });
    await expectWhole(got);
    expect(most).toBe(4);
    most = 0;
    const other = new URL(server.url);
    other.search = '?again';
    const one = await hub(counted(pacedHook(content, 64 * MIB)));
    await runGet([one.url, new URL(`${one.url}?again`)], { output: `${target}2` });
    expect(most).toBe(1);
  });

  it('become fewer when the host says that it is busy', async () => {
    let open = 0;
    const pace = pacedHook(content, 32 * MIB);
    const server = await hub((request, response) => {
      if (request.method === 'HEAD' || request.url !== '/files/content.bin') return false;
      if (open >= 2) {
        response.writeHead(429, { 'retry-after': '60' }).end();
        return true;
      }
      open++;
      response.once('close', () => open--);
      return pace(request, response);
    });
    const got = await runGet([server.url], { output: target, connectionsPerHost: 5 });
    await expectWhole(got);
    expect(got.all('source_retried')).toEqual([]);
  });
});
