// A mirror whose HEAD tells nothing is asked once: the download takes the answer of the question.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { runGet } from '../run-get.ts';

/** That of 'hello'. */
const CID = 'bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq';
const REFUSED = 'HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n';
const headOf = (fields = ''): string => `HTTP/1.1 200 OK\r\n${fields}Content-Length: 5\r\n\r\n`;
const HELLO = `${headOf()}hello`;

interface Ask {
  readonly socket: Socket;
  readonly path: string;
  readonly range: string | undefined;
}

interface Origin {
  readonly url: URL;
  /** `METHOD path range` of each request. */
  readonly seen: string[];
  close(): void;
}

const origins: Origin[] = [];
afterEach(() => {
  for (const origin of origins.splice(0)) origin.close();
});

/** Refuses HEAD, and keeps connections open. */
async function startOrigin(answer: (ask: Ask) => unknown): Promise<Origin> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      const [method = '', path = ''] = bytes.toString().split(' ');
      const range = /^range: (.*?)\r$/im.exec(bytes.toString())?.[1];
      seen.push([method, path, range].join(' ').trim());
      if (method === 'HEAD') socket.write(REFUSED);
      else answer({ socket, path, range });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`),
    seen,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  origins.push(origin);
  return origin;
}

const closed = async (sockets: readonly Socket[]): Promise<void> => {
  for (const socket of sockets) if (!socket.closed) await once(socket, 'close');
};

describe('an answer to GET that is kept', () => {
  it('is the file: the server is asked once', async () => {
    const origin = await startOrigin(({ socket }) => socket.write(HELLO));
    const got = await runGet([origin.url], { output: '-' });
    expect(got.stdout.toString()).toBe('hello');
    expect(origin.seen).toEqual(['HEAD /x', 'GET /x']);
  });

  it('is asked for again if it breaks off', async () => {
    const tag = 'ETag: "a"\r\n';
    const rest = `HTTP/1.1 206 OK\r\n${tag}Content-Range: bytes 2-4/5\r\nContent-Length: 3\r\n\r\nllo`;
    const origin = await startOrigin(({ socket, range }) => {
      if (range === undefined) socket.end(`${headOf(tag)}he`);
      else socket.write(rest);
    });
    const got = await runGet([origin.url], { output: '-' });
    expect(got.stdout.toString()).toBe('hello');
    expect(origin.seen).toEqual(['HEAD /x', 'GET /x', 'GET /x bytes=2-']);
  });

  it('is cut at mirrors, once the bytes come from another one', async () => {
    const losing: Socket[] = [];
    const first = await startOrigin(async ({ socket }) => {
      socket.write(`${headOf()}he`);
      await closed(losing);
      socket.write('llo');
    });
    const others = [1, 2].map(() =>
      startOrigin(({ socket }) => losing.push(socket) && socket.write(HELLO)),
    );
    const [second, third] = await Promise.all(others);
    const got = await runGet([first.url, second!.url, third!.url], { output: '-' });
    expect(got.error).toBeUndefined();
    expect(got.stdout.toString()).toBe('hello');
    expect(first.seen).toEqual(['HEAD /x', 'GET /x']);
    expect(losing).toHaveLength(2);
  });

  it('outlives the questions to slower mirrors, which are cut', async () => {
    const slow: Socket[] = [];
    const silent = await startOrigin(({ socket }) => slow.push(socket));
    const origin = await startOrigin(async ({ socket }) => {
      socket.write(`${headOf()}he`);
      await closed(slow);
      socket.write('llo');
    });
    const got = await runGet([silent.url, origin.url], { output: '-', timeoutMs: 20_000 });
    expect(got.error).toBeUndefined();
    expect(got.stdout.toString()).toBe('hello');
    expect(origin.seen).toEqual(['HEAD /x', 'GET /x']);
    expect(slow).toHaveLength(1);
  });

  it('ends with the signal while its bytes are waited for', async () => {
    const abort = new AbortController();
    const origin = await startOrigin(({ socket }) => socket.write(`${headOf()}he`));
    const got = await runGet([origin.url], {
      output: '-',
      timeoutMs: 20_000,
      signal: abort.signal,
      onEvent: ({ event }) => void (event === 'transfer_started' && abort.abort()),
    });
    expect(got.error?.name).toBe('AbortError');
    expect(origin.seen).toEqual(['HEAD /x', 'GET /x']);
  });

  it.each([
    ['several mirrors give parts', 'ETag: "a"\r\n', 2],
    ['its pieces are verified', `ETag: "${CID}"\r\n`, 1],
  ])('is cut before %s', async (_, tag, mirrors) => {
    const kept: Socket[] = [];
    const fields = `${tag}Accept-Ranges: bytes\r\n`;
    const answer = async ({ socket, path, range }: Ask): Promise<void> => {
      if (path === '/x' && range === undefined) {
        kept.push(socket);
        return void socket.write(headOf(fields));
      }
      if (path === '/x') await closed(kept);
      const part = `HTTP/1.1 206 OK\r\n${fields}Content-Range: bytes 0-4/5\r\n`;
      socket.write(path === '/x' ? `${part}Content-Length: 5\r\n\r\nhello` : HELLO);
    };
    const all = await Promise.all(Array.from({ length: mirrors }, () => startOrigin(answer)));
    const urls = all.map(({ url }) => url);
    const got = await runGet(urls, { output: '-', timeoutMs: 10_000 });
    expect(got.error).toBeUndefined();
    expect(got.stdout.toString()).toBe('hello');
    expect(kept).toHaveLength(mirrors);
  });
});
