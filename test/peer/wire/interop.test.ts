// The wire against js-libp2p as it comes: @libp2p/tcp, @chainsafe/libp2p-noise and @libp2p/yamux,
// unpatched, in both directions.
import { randomBytes } from 'node:crypto';
import { connect as dialSocket } from 'node:net';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FrameStream } from '../../../src/peer/node/stream.ts';
import { WireStream } from '../../../src/peer/wire/stream.ts';
import { hearFailures } from '../../../src/runtime/guarded.ts';
import { useNodes } from '../nodes.ts';
import { startStock } from '../stock.ts';

const ECHO = '/hubswarm/test-echo/1.0.0';
const RESET = '/hubswarm/test-reset/1.0.0';
const COUNT = '/hubswarm/test-count/1.0.0';
const WINDOW = 2 ** 20;
const startNode = useNodes();

/** Sends back what comes, and ends when the remote has ended. */
function echo(stream: Stream): void {
  stream.addEventListener('message', ({ data }) => {
    stream.send(data);
  });
  stream.addEventListener('end', () => {
    stream.close().catch(() => undefined);
  });
}

/** Answers the end of what came with its length. */
function count(stream: Stream): void {
  let bytes = 0;
  stream.addEventListener('message', ({ data }) => {
    bytes += data.byteLength;
  });
  stream.addEventListener('end', () => {
    stream.send(Buffer.from(`${bytes}`));
    stream.close().catch(() => undefined);
  });
}

async function serve(node: Pick<Libp2p, 'handle'>): Promise<void> {
  const options = { maxInboundStreams: 64 };
  await node.handle(ECHO, echo, options);
  await node.handle(COUNT, count, options);
  await node.handle(RESET, (stream) => stream.abort(new Error('no')), options);
}

interface Direction {
  readonly name: string;
  /** A connection, at the side that opens streams. */
  connect(): Promise<Connection>;
}

const DIRECTIONS: Direction[] = [
  {
    name: 'this wire calls, stock answers',
    connect: async () => {
      const [stock, node] = [await startStock(), await startNode()];
      await serve(stock);
      return node.dial(stock.getMultiaddrs());
    },
  },
  {
    name: 'stock calls, this wire answers',
    connect: async () => {
      const [stock, node] = [await startStock(), await startNode()];
      await serve(node);
      return stock.dial(node.getMultiaddrs());
    },
  },
  {
    name: 'stock calls, this wire opens streams',
    connect: async () => {
      const [stock, node] = [await startStock(), await startNode()];
      await serve(stock);
      await stock.dial(node.getMultiaddrs());
      await vi.waitFor(() => expect(node.getConnections()).toHaveLength(1));
      return node.getConnections()[0]!;
    },
  },
  {
    name: 'this wire at both ends',
    connect: async () => {
      const [far, node] = [await startNode(), await startNode()];
      await serve(far);
      return node.dial(far.getMultiaddrs());
    },
  },
];

/** All that comes until the remote has ended. */
function collect(stream: Stream): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  stream.addEventListener('message', ({ data }) => {
    chunks.push(data.subarray());
  });
  stream.addEventListener('end', () => resolve(Buffer.concat(chunks)));
  stream.addEventListener('close', ({ error }) => error && reject(error));
  return promise;
}

async function sendAll(stream: Stream, parts: readonly Uint8Array[]): Promise<void> {
  for (const part of parts) {
    stream.send(part.slice());
    while (stream.writableNeedsDrain) {
      await new Promise((resolve) => stream.addEventListener('drain', resolve, { once: true }));
    }
  }
  await stream.close();
}

describe.each(DIRECTIONS)('$name', ({ connect }) => {
  it.each([
    ['bytes one by one', Array.from({ length: 300 }, () => randomBytes(1))],
    ['writes of every size', Array.from({ length: 40 }, (_, i) => randomBytes(1 + i * 4001))],
    ['more than a window at once', [randomBytes(3 * WINDOW)]],
    ['nothing', []],
  ])('echoes %s, and ends when the other half has', async (_, parts) => {
    const stream = await (await connect()).newStream(ECHO);
    const echoed = collect(stream);
    await sendAll(stream, parts);
    expect((await echoed).equals(Buffer.concat(parts))).toBe(true);
  });

  it('carries several streams at once, each in its own order', async () => {
    const connection = await connect();
    await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const parts = Array.from({ length: 30 }, (_, j) =>
          randomBytes(1 + ((i * j * 977) % 70_000)),
        );
        const stream = await connection.newStream(ECHO);
        const echoed = collect(stream);
        await sendAll(stream, parts);
        expect((await echoed).equals(Buffer.concat(parts))).toBe(true);
      }),
    );
  });

  it('hears on a half that is open after its own has ended', async () => {
    const stream = await (await connect()).newStream(COUNT);
    const answer = collect(stream);
    await sendAll(stream, [randomBytes(100_000)]);
    expect(stream.writeStatus).toBe('closed');
    expect(`${await answer}`).toBe('100000');
  });

  it('tells a reset, and goes on with other streams', async () => {
    const connection = await connect();
    const refused = await connection.newStream(RESET, { signal: AbortSignal.timeout(10_000) });
    if (refused.status === 'open') {
      await new Promise((resolve) => refused.addEventListener('close', resolve));
    }
    expect(refused.status).toBe('reset');
    const aborted = await connection.newStream(ECHO);
    aborted.abort(new Error('enough'));
    const stream = await connection.newStream(ECHO);
    const echoed = collect(stream);
    await sendAll(stream, [randomBytes(1000)]);
    expect(await echoed).toHaveLength(1000);
    expect(connection.status).toBe('open');
  });
});

describe('the short way of a stream', () => {
  it.each(DIRECTIONS.filter(({ name }) => !name.startsWith('stock calls, this wire answers')))(
    'carries the same bytes: $name',
    async ({ connect }) => {
      const stream = await (await connect()).newStream(ECHO);
      expect(stream).toBeInstanceOf(WireStream);
      const frames = new FrameStream(stream, 'remote');
      const received: Uint8Array[] = [];
      frames.onData((chunk) => received.push(chunk));
      const sent = Array.from({ length: 60 }, (_, i) => randomBytes(1 + i * 4_000));
      for (const part of sent) {
        frames.send([part.subarray(0, 5).slice(), part.subarray(5).slice()]);
        await frames.drained();
      }
      const all = Buffer.concat(sent);
      const receivedBytes = () => received.reduce((sum, { length }) => sum + length, 0);
      await vi.waitFor(() => expect(receivedBytes()).toBe(all.length), 20_000);
      expect(Buffer.concat(received).equals(all)).toBe(true);
    },
  );
});

describe('where Node.js reads into no memory of ours', () => {
  it('the same streams are carried, and one warning says so', async () => {
    const heard: string[] = [];
    hearFailures((what) => heard.push(what));
    const restore = withoutUserBuffers();
    onTestFinished(restore);
    const connection = await DIRECTIONS.at(-1)!.connect();
    const stream = await connection.newStream(ECHO);
    const echoed = collect(stream);
    const parts = Array.from({ length: 30 }, (_, i) => randomBytes(1 + i * 9001));
    await sendAll(stream, parts);
    expect((await echoed).equals(Buffer.concat(parts))).toBe(true);
    expect(heard).toEqual(["the patch 'reading into own memory'"]);
  });
});

/** Takes the method from all sockets; what it returns gives it back. */
function withoutUserBuffers(): () => void {
  const socket = dialSocket(1, '127.0.0.1');
  socket.on('error', () => {});
  const { _handle: handle } = socket as unknown as { _handle: object };
  let owner = handle as Record<string, unknown>;
  while (!Object.hasOwn(owner, 'useUserBuffer')) owner = Object.getPrototypeOf(owner);
  socket.destroy();
  const { useUserBuffer } = owner;
  owner.useUserBuffer = undefined;
  return () => {
    owner.useUserBuffer = useUserBuffer;
  };
}
