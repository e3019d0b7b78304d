// Canaries: what the patches reach for is where they look for it, in a real connection.
// After an upgrade of a package, a failure here says which patch no longer does anything.
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { noise } from '@chainsafe/libp2p-noise';
import type { Connection, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FrameStream } from '../../../src/peer/node/stream.ts';
import { inside } from '../../../src/peer/patches/inside.ts';
import { socketOf } from '../../../src/peer/patches/tcp.ts';
import { speak } from '../../../src/peer/patches/yamux.ts';
import { hearFailures } from '../../../src/runtime/guarded.ts';
import { useNodes } from '../nodes.ts';

const PROTOCOL = '/hubswarm/test/1.0.0';
const MESSAGE_BYTES = 100_000;
const startNode = useNodes();

interface Muxer {
  readonly maConn: object;
  readonly streams: readonly { readonly state: number }[];
  sendFrame(...args: unknown[]): void;
  ping(): Promise<number>;
}

interface Updating {
  sendWindowUpdate(): void;
}

const muxerOf = (connection: Connection): Muxer =>
  (connection as Connection & { readonly muxer: Muxer }).muxer;

interface Pair {
  readonly near: Connection;
  readonly far: Connection;
  readonly stream: Stream;
  readonly farStream: Stream;
  readonly frames: FrameStream;
  readonly received: Uint8Array[];
}

/** Two nodes and a stream between them, open at both ends. */
async function connect(): Promise<Pair> {
  const [a, b] = [await startNode(), await startNode()];
  const opened = Promise.withResolvers<{ far: Connection; farStream: Stream }>();
  const received: Uint8Array[] = [];
  await b.handle(PROTOCOL, (stream, connection) => {
    new FrameStream(stream, connection.remotePeer.toString()).onData((chunk) =>
      received.push(chunk),
    );
    opened.resolve({ far: connection, farStream: stream });
  });
  const near = await a.dial(b.getMultiaddrs());
  const stream = await near.newStream(PROTOCOL);
  const frames = new FrameStream(stream, near.remotePeer.toString());
  frames.send([Uint8Array.of(0)]);
  return { near, stream, frames, received, ...(await opened.promise) };
}

const bytesOf = (chunks: readonly Uint8Array[]): number =>
  chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);

describe('patches', () => {
  it('of the socket: found below both ends, with room for a block', async () => {
    const { near, far } = await connect();
    for (const end of [near, far]) {
      expect(socketOf(end)?.writableHighWaterMark).toBe(512 * 1024);
    }
  });

  it('of @libp2p/tcp: a message is corked, not written part by part', async () => {
    const { near, frames, received } = await connect();
    const socket = socketOf(near)!;
    const cork = vi.spyOn(socket, 'cork');
    const uncork = vi.spyOn(socket, 'uncork');
    let partsUncorked = 0;
    const write = socket.write.bind(socket);
    socket.write = ((...args: Parameters<Socket['write']>) => {
      const isLarge = (args[0] as Uint8Array).byteLength >= 4096;
      if (isLarge && socket.writableCorked === 0) partsUncorked++;
      return write(...args);
    }) as Socket['write'];
    frames.send([randomBytes(MESSAGE_BYTES)]);
    await vi.waitFor(() => expect(bytesOf(received)).toBe(MESSAGE_BYTES + 1));
    expect(cork.mock.calls.length).toBeGreaterThan(0);
    expect(uncork.mock.calls.length).toBe(cork.mock.calls.length);
    expect(partsUncorked).toBe(0);
  });

  it('of yamux: small messages are answered by no window update', async () => {
    const { farStream: any } = await connect();
    const updates = vi.spyOn(Object.getPrototypeOf(any) as Updating, 'sendWindowUpdate');
    onTestFinished(() => updates.mockRestore());
    const { farStream, frames, received } = await connect();
    const count = () => updates.mock.contexts.filter((stream) => stream === farStream).length;
    await vi.waitFor(() => expect(bytesOf(received)).toBe(1));
    const before = count();
    for (let i = 1; i <= 50; i++) {
      frames.send([randomBytes(100)]);
      await vi.waitFor(() => expect(bytesOf(received)).toBe(1 + 100 * i));
    }
    expect(count()).toBe(before);
    // Half of the window is used up by then.
    frames.send([randomBytes(MESSAGE_BYTES), randomBytes(MESSAGE_BYTES)]);
    await vi.waitFor(() => expect(count()).toBeGreaterThan(before));
  });

  it('of yamux: a word goes over an open stream, and a ping with it', async () => {
    const { near } = await connect();
    const sent = vi.spyOn(muxerOf(near), 'sendFrame');
    const ping = vi.spyOn(muxerOf(near), 'ping');
    speak(near);
    expect(sent).toHaveBeenCalled();
    expect(await ping.mock.results[0]!.value).toBeGreaterThanOrEqual(0);
    expect(near.status).toBe('open');
  });

  it('of Noise: both ends decrypt as the patch does', async () => {
    const { near, far } = await connect();
    for (const end of [near, far]) {
      expect(Object.hasOwn(muxerOf(end).maConn, 'decrypt')).toBe(true);
    }
  });

  it('of Noise and TCP: a node without them understands every byte, and is understood', async () => {
    const plain = await createLibp2p({
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
    });
    onTestFinished(() => plain.stop());
    await plain.handle(PROTOCOL, (stream) => {
      stream.addEventListener('message', ({ data }) => {
        stream.send(data);
      });
    });
    const node = await startNode();
    const connection = await node.dial(plain.getMultiaddrs());
    const frames = new FrameStream(await connection.newStream(PROTOCOL), 'plain');
    const received: Uint8Array[] = [];
    frames.onData((chunk) => received.push(chunk));
    const sent = Array.from({ length: 40 }, (_, i) => randomBytes(1 + i * 4_000));
    for (const message of sent) {
      frames.send([message.slice()]);
      await frames.drained();
    }
    const total = bytesOf(sent);
    await vi.waitFor(() => expect(bytesOf(received)).toBe(total), 20_000);
    expect(Buffer.concat(received).equals(Buffer.concat(sent))).toBe(true);
  });
});

describe('inside', () => {
  it('tells once of a patch whose member is gone, and hands nothing over', () => {
    const heard: string[] = [];
    hearFailures((what, error) => heard.push(`${what}: ${(error as Error).message}`));
    const known = { a: 1 };
    expect(inside<{ a: number }>('of a', known, 'a')).toBe(known);
    for (let i = 0; i < 2; i++) {
      expect(inside<{ a: number; b: number; c: number }>('of b', known, 'a', 'b', 'c')).toBe(
        undefined,
      );
    }
    expect(inside<{ a: number }>('of nothing', undefined, 'a')).toBe(undefined);
    expect(heard).toEqual([
      "the patch 'of b': there is no b, no c",
      "the patch 'of nothing': there is no a",
    ]);
  });
});
