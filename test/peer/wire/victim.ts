// A node and a remote that speaks by hand to it; see raw-remote.ts.
import type { Connection, Stream } from '@libp2p/interface';
import { expect, vi } from 'vitest';
import type { Node } from '../../../src/peer/node/node.ts';
import { FrameStream } from '../../../src/peer/node/stream.ts';
import { socketOf } from '../../../src/peer/patches/tcp.ts';
import { TYPE } from '../../../src/peer/wire/yamux-frames.ts';
import type { Timers } from '../../../src/runtime/clock.ts';
import { useNodes } from '../nodes.ts';
import { connectRaw, frame, open, type RawRemote } from './raw-remote.ts';

export const PROTOCOL = '/hubswarm/test/1.0.0';
const startNode = useNodes();

export interface Victim {
  readonly node: Node;
  readonly remote: RawRemote;
  readonly connection: Connection;
  /** The error with which the connection closed. */
  readonly closed: Promise<Error | undefined>;
  /** Streams that were opened, with what they received. */
  readonly streams: {
    frames: FrameStream;
    stream: Stream;
    chunks: Uint8Array[];
    ended: Promise<string>;
  }[];
}

export async function attack(clock?: Timers): Promise<Victim> {
  const node = await startNode(clock ? { clock } : {});
  const streams: Victim['streams'] = [];
  await node.handle(
    PROTOCOL,
    (stream, { remotePeer }) => {
      const frames = new FrameStream(stream, remotePeer.toString());
      const chunks: Uint8Array[] = [];
      frames.onData((chunk) => chunks.push(chunk));
      const { promise: ended, resolve } = Promise.withResolvers<string>();
      frames.onEnd(resolve);
      streams.push({ frames, stream, chunks, ended });
    },
    { maxInboundStreams: 2000 },
  );
  const remote = await connectRaw(node);
  await vi.waitFor(() => expect(node.getConnections()).toHaveLength(1));
  const connection = node.getConnections()[0]!;
  const { promise: closed, resolve } = Promise.withResolvers<Error | undefined>();
  connection.addEventListener('close', (event) =>
    resolve((event as Event & { error?: Error }).error),
  );
  return { node, remote, connection, closed, streams };
}

/** Opens a stream and waits until the victim has it. */
export async function openStream(
  { remote, streams }: Victim,
  id = 1,
): Promise<Victim['streams'][number]> {
  const before = streams.length;
  remote.send(open(id, PROTOCOL));
  await vi.waitFor(() => expect(streams).toHaveLength(before + 1));
  return streams[before]!;
}

export const bytesOf = (chunks: readonly Uint8Array[]): number =>
  chunks.reduce((sum, { length }) => sum + length, 0);

/** Opens a stream, and sends on it until the victim's socket is full: the remote reads nothing. */
export async function fill(victim: Victim): Promise<Victim['streams'][number]> {
  const opened = await openStream(victim);
  const socket = socketOf(victim.connection)!;
  victim.remote.socket.pause();
  victim.remote.send(frame(TYPE.windowUpdate, 0, 1, 2 ** 26));
  while (!socket.writableNeedDrain) {
    opened.stream.send(new Uint8Array(2 ** 18));
    await new Promise(setImmediate);
  }
  return opened;
}
