// Where a connection is more than a TCP socket, the stock layers run: what lies between must not be
// passed by. A protector stands for all of them; behind it no readable byte may leave.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Connection, Libp2p, MessageStream, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { AbstractMessageStream } from '@libp2p/utils';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import type { Uint8ArrayList } from 'uint8arraylist';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FrameStream } from '../../../src/peer/node/stream.ts';
import { createEncrypter, createMuxer } from '../../../src/peer/wire/encrypter.ts';
import { Session } from '../../../src/peer/wire/session.ts';
import { speak } from '../../../src/peer/wire/speak.ts';
import { WireStream } from '../../../src/peer/wire/stream.ts';
import { systemClock } from '../../../src/runtime/clock.ts';

const ECHO = '/hubswarm/test-echo/1.0.0';

/** Every byte with this added to it: no cipher, but nothing passes it and stays readable. */
class Shifted extends AbstractMessageStream {
  readonly #connection: MessageStream;

  constructor(connection: MessageStream) {
    super({ log: connection.log, direction: connection.direction });
    this.#connection = connection;
    connection.addEventListener('message', ({ data }) => this.onData(shift(data.subarray(), -77)));
    connection.addEventListener('close', ({ error }) => this.onTransportClosed(error));
    connection.addEventListener('drain', () => this.safeDispatchEvent('drain'));
  }

  sendData(data: Uint8ArrayList): { sentBytes: number; canSendMore: boolean } {
    const sentBytes = data.byteLength;
    return { sentBytes, canSendMore: this.#connection.send(shift(data.subarray(), 77)) };
  }

  sendReset(error: Error): void {
    this.#connection.abort(error);
  }

  sendPause(): void {}
  sendResume(): void {}

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

const shift = (bytes: Uint8Array, by: number): Uint8Array => bytes.map((byte) => byte + by);

async function start(isProtected: boolean): Promise<Libp2p> {
  const node = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [createEncrypter(systemClock)],
    streamMuxers: [
      createMuxer({ windows: { most: 2 ** 20, mostOnFast: 2 ** 22 }, clock: systemClock }),
    ],
    ...(isProtected && {
      connectionProtector: () => ({
        protect: async (connection: MessageStream) => new Shifted(connection) as never,
      }),
    }),
  });
  onTestFinished(async () => {
    for (const connection of node.getConnections()) connection.abort(new Error('end'));
    await node.stop();
  });
  await node.handle(ECHO, (stream: Stream) => {
    stream.addEventListener('message', ({ data }) => {
      stream.send(data);
    });
  });
  return node;
}

const muxerOf = (connection: Connection): object =>
  (connection as Connection & { readonly muxer: object }).muxer;

async function echo(connection: Connection, bytes: Uint8Array): Promise<Stream> {
  const stream = await connection.newStream(ECHO);
  const frames = new FrameStream(stream, 'remote');
  const chunks: Uint8Array[] = [];
  frames.onData((chunk) => chunks.push(chunk));
  frames.send([bytes]);
  const came = () => chunks.reduce((sum, { length }) => sum + length, 0);
  await vi.waitFor(() => expect(came()).toBe(bytes.length), 10_000);
  expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  return stream;
}

describe('behind a protector', () => {
  it('the stock layers carry the same streams', async () => {
    const [near, far] = [await start(true), await start(true)];
    const connection = await near.dial(far.getMultiaddrs());
    expect(muxerOf(connection)).not.toBeInstanceOf(Session);
    const stream = await echo(connection, randomBytes(300_000));
    expect(stream).not.toBeInstanceOf(WireStream);
    speak(connection);
    expect(connection.status).toBe('open');
  });

  it('nothing readable leaves, not even the first bytes', async () => {
    const node = await start(true);
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const stop = new AbortController();
    const dialled = node.dial(multiaddr(`/ip4/127.0.0.1/tcp/${port}`), { signal: stop.signal });
    dialled.catch(() => undefined);
    const [socket] = await once(server, 'connection');
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(shift(bytes, -77)).toEqual(
      Buffer.from('\x13/multistream/1.0.0\n\x07/noise\n').subarray(0, bytes.length),
    );
    stop.abort();
    socket.destroy();
  });

  it('nobody without it gets in', async () => {
    const [near, far] = [await start(false), await start(true)];
    await expect(
      near.dial(far.getMultiaddrs(), { signal: AbortSignal.timeout(1000) }),
    ).rejects.toThrow();
    expect(far.getConnections()).toHaveLength(0);
  });
});

it('over a bare socket the short way runs', async () => {
  const [near, far] = [await start(false), await start(false)];
  const connection = await near.dial(far.getMultiaddrs());
  expect(muxerOf(connection)).toBeInstanceOf(Session);
  expect(await echo(connection, randomBytes(300_000))).toBeInstanceOf(WireStream);
});
