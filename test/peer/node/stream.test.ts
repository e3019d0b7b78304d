import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Node } from '../../../src/peer/node/node.ts';
import { FrameStream } from '../../../src/peer/node/stream.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';
import { useNodes } from '../nodes.ts';

const PROTOCOL = '/hubswarm/test/1.0.0';
const startNode = useNodes();

interface End {
  readonly node: Node;
  readonly frames: FrameStream;
  /** Resolves to the reason. */
  readonly ended: Promise<string>;
  /** Everything that was received so far. */
  readonly received: Uint8Array[];
  /** How often onEnd was called. */
  ends(): number;
}

function watch(node: Node, frames: FrameStream): End {
  const received: Uint8Array[] = [];
  const { promise, resolve } = Promise.withResolvers<string>();
  let count = 0;
  frames.onData((chunk) => received.push(chunk));
  frames.onEnd((reason) => {
    count++;
    resolve(reason);
  });
  return { node, frames, received, ended: promise, ends: () => count };
}

async function connect(): Promise<{ near: End; far: End }> {
  const [a, b] = [await startNode(), await startNode()];
  const opened = Promise.withResolvers<End>();
  await b.handle(PROTOCOL, (stream, connection) => {
    opened.resolve(watch(b, new FrameStream(stream, connection.remotePeer.toString())));
  });
  const connection = await a.dial(b.getMultiaddrs());
  const stream = await connection.newStream(PROTOCOL);
  const near = watch(a, new FrameStream(stream, connection.remotePeer.toString()));
  near.frames.send([new Uint8Array([0])]);
  const far = await opened.promise;
  return { near, far };
}

const sha256 = (parts: readonly Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

describe('FrameStream', () => {
  it('knows who is at the other end', async () => {
    const { near, far } = await connect();
    expect(near.frames.remote).toBe(far.node.peerId.toString());
    expect(far.frames.remote).toBe(near.node.peerId.toString());
  });

  it('delivers every byte in order and holds little while it does', async () => {
    const { near, far } = await connect();
    const block = randomBytes(256 * 1024);
    const sent: Uint8Array[] = [new Uint8Array([0])];
    let waits = 0;
    for (let i = 0; i < 64; i++) {
      const header = new Uint8Array([i, i + 1]);
      near.frames.send([header, block]);
      sent.push(header, block);
      if (near.frames.congested) waits++;
      await near.frames.drained();
      expect(near.frames.congested).toBe(false);
    }
    near.frames.close();
    expect(await far.ended).toBe('closed');
    expect(sha256(far.received)).toBe(sha256(sent));
    // 16 MiB went through a window of 1 MiB at most: waiting did happen.
    expect(waits).toBeGreaterThan(4);
  });

  it('goes on waiting after the first drain', async () => {
    const { near, far } = await connect();
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 12; j++) near.frames.send([new Uint8Array(256 * 1024)]);
      expect(near.frames.congested).toBe(true);
      await near.frames.drained();
      expect(near.frames.congested).toBe(false);
    }
    near.frames.close();
    await far.ended;
    expect(far.received.reduce((sum, { length }) => sum + length, 0)).toBe(1 + 36 * 256 * 1024);
  });

  it('sends what is left before it closes', async () => {
    const { near, far } = await connect();
    for (let j = 0; j < 16; j++) near.frames.send([new Uint8Array(256 * 1024)]);
    near.frames.close('finished');
    near.frames.send([new Uint8Array(1)]);
    expect(await far.ended).toBe('closed');
    expect(await near.ended).toBe('finished');
    expect(far.received.reduce((sum, { length }) => sum + length, 0)).toBe(1 + 16 * 256 * 1024);
    expect([near.ends(), far.ends()]).toEqual([1, 1]);
  });

  it('waits 5 s for a remote that does not close its half, and then cuts', async () => {
    const [a, b, clock] = [await startNode(), await startNode(), new VirtualClock()];
    await b.handle(PROTOCOL, () => {});
    const stream = await a.dialProtocol(b.getMultiaddrs(), PROTOCOL);
    const near = watch(a, new FrameStream(stream, b.peerId.toString(), clock));
    near.frames.send([new Uint8Array(1)]);
    near.frames.close('finished');
    await clock.advance(4999);
    expect([near.ends(), clock.isIdle]).toEqual([0, false]);
    await clock.advance(1);
    expect(await near.ended).toBe('finished');
    await expect.poll(() => stream.status).toBe('aborted');
  });

  it('tells an abort here by its reason and there as a reset', async () => {
    const { near, far } = await connect();
    const second: string[] = [];
    near.frames.onEnd((reason) => second.push(reason));
    near.frames.abort('bad data');
    expect(second).toEqual(['bad data']);
    near.frames.abort('again');
    near.frames.close();
    expect(await near.ended).toBe('bad data');
    expect(await far.ended).toBe('reset');
    expect([near.ends(), far.ends()]).toEqual([1, 1]);
  });

  it('ends, and stops waiting, when the remote goes away', async () => {
    const { near, far } = await connect();
    for (let j = 0; j < 16; j++) near.frames.send([new Uint8Array(256 * 1024)]);
    const waiting = near.frames.drained();
    await far.node.stop();
    await near.ended;
    await far.ended;
    await waiting;
    near.frames.send([new Uint8Array(1)]);
    near.frames.close();
    expect(near.frames.congested).toBe(false);
    expect([near.ends(), far.ends()]).toEqual([1, 1]);
  });

  it('cuts off what nobody reads instead of keeping it', async () => {
    const [a, b] = [await startNode(), await startNode()];
    // Takes the stream and never grants it a new window.
    await b.handle(PROTOCOL, (stream) => stream.pause());
    const stream = await a.dialProtocol(b.getMultiaddrs(), PROTOCOL);
    const near = watch(a, new FrameStream(stream, b.peerId.toString()));
    for (let j = 0; j < 64; j++) near.frames.send([new Uint8Array(256 * 1024)]);
    expect(await near.ended).toMatch(/write buffer/i);
  });

  it('can give up waiting', async () => {
    const [a, b] = [await startNode(), await startNode()];
    await b.handle(PROTOCOL, (stream) => stream.pause());
    const stream = await a.dialProtocol(b.getMultiaddrs(), PROTOCOL);
    const near = watch(a, new FrameStream(stream, b.peerId.toString()));
    near.frames.send([new Uint8Array(2 ** 21)]);
    const stop = new AbortController();
    const waiting = near.frames.drained(stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(near.frames.drained(stop.signal)).rejects.toThrow('enough');
  });

  it('tells the end of a stream that was over before anybody listened', async () => {
    const [a, b] = [await startNode(), await startNode()];
    await b.handle(PROTOCOL, (stream) => stream.abort(new Error('no')));
    const stream = await a.dialProtocol(b.getMultiaddrs(), PROTOCOL);
    if (stream.status === 'open') {
      await new Promise((resolve) => stream.addEventListener('close', resolve));
    }
    expect(await watch(a, new FrameStream(stream, b.peerId.toString())).ended).toBe('reset');
  });
});
