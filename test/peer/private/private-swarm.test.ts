// A private swarm on real sockets: who has the key gets in, and without it not a byte is readable.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { noise } from '@chainsafe/libp2p-noise';
import { generateKeyPair } from '@libp2p/crypto/keys';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createNode, type Node } from '../../../src/peer/node/node.ts';
import { KeyStream } from '../../../src/peer/private/protection.ts';
import type { SwarmKey } from '../../../src/peer/private/swarm-key.ts';
import { Session } from '../../../src/peer/wire/session.ts';
import { speak } from '../../../src/peer/wire/speak.ts';
import { useNodes } from '../nodes.ts';

const ECHO = '/hubswarm/test-echo/1.0.0';
const startNode = useNodes();

const keyOf = (byte: number): SwarmKey => ({
  text: `/key/swarm/psk/1.0.0/\n/base16/\n${Buffer.alloc(32, byte).toString('hex')}`,
  swarm: '0123456789',
  exposed: false,
});
const OURS = keyOf(1);

async function startEcho(options: Parameters<typeof startNode>[0]): Promise<Node> {
  const node = await startNode(options);
  await echoAt(node);
  return node;
}

async function echoAt(node: Pick<Libp2p, 'handle'>): Promise<void> {
  await node.handle(ECHO, (stream: Stream) => {
    stream.addEventListener('message', ({ data }) => void stream.send(data));
  });
}

/** js-libp2p and pnet as they come. */
async function startStock(): Promise<Libp2p> {
  const node = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionProtector: preSharedKey({ psk: Buffer.from(OURS.text) }),
  });
  onTestFinished(async () => {
    for (const open of node.getConnections()) open.abort(new Error('end'));
    await node.stop();
  });
  await echoAt(node);
  return node;
}

async function echo(connection: Connection, bytes: Buffer): Promise<void> {
  const stream = await connection.newStream(ECHO);
  const came: Uint8Array[] = [];
  let length = 0;
  const whole = new Promise<void>((resolve) => {
    stream.addEventListener('message', ({ data }) => {
      came.push(data.subarray());
      length += data.byteLength;
      if (length === bytes.length) resolve();
    });
  });
  if (!stream.send(bytes)) await once(stream as unknown as EventTarget, 'drain');
  await whole;
  expect(Buffer.concat(came).equals(bytes)).toBe(true);
}

const muxerOf = (connection: Connection): object =>
  (connection as Connection & { readonly muxer: object }).muxer;

/** A relay that keeps what passes. */
async function tap(port: number): Promise<{ port: number; seen: () => Buffer }> {
  const chunks: Buffer[] = [];
  const sockets: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    sockets.push(near, far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk: Buffer) => chunks.push(chunk));
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    seen: () => Buffer.concat(chunks),
  };
}

const portOf = (node: Node): number =>
  Number(
    node
      .getMultiaddrs()[0]!
      .getComponents()
      .find(({ name }) => name === 'tcp')?.value,
  );

describe('with the same key', () => {
  it('two peers exchange bytes by the short way', async () => {
    const [near, far] = [await startNode({ swarmKey: OURS }), await startEcho({ swarmKey: OURS })];
    const connection = await near.dial(far.getMultiaddrs());
    expect(muxerOf(connection)).toBeInstanceOf(Session);
    await echo(connection, randomBytes(3_000_000));
    speak(connection);
    await echo(connection, randomBytes(10));
  });

  it('a stock libp2p and a peer understand one another, whoever calls', async () => {
    const [stock, ours] = [await startStock(), await startEcho({ swarmKey: OURS })];
    await echo(await stock.dial(ours.getMultiaddrs()), randomBytes(700_000));
    const other = await startNode({ swarmKey: OURS });
    await echo(await other.dial(stock.getMultiaddrs()), randomBytes(700_000));
  });

  it('nothing readable is on the wire', async () => {
    const [near, far] = [await startNode({ swarmKey: OURS }), await startEcho({ swarmKey: OURS })];
    const { port, seen } = await tap(portOf(far));
    const connection = await near.dial(multiaddr(`/ip4/127.0.0.1/tcp/${port}`));
    await echo(connection, Buffer.alloc(400_000, 'a readable text '));
    const bytes = seen();
    expect(bytes.length).toBeGreaterThan(800_000);
    for (const word of ['multistream', 'noise', 'yamux', 'hubswarm', 'readable']) {
      expect(bytes.includes(word)).toBe(false);
    }
  });
});

describe('without it', () => {
  it.each([
    ['another key', { swarmKey: keyOf(2) }],
    ['no key', {}],
  ])('a peer with %s gets in by no direction', async (_what, theirs) => {
    const [ours, other] = [await startNode({ swarmKey: OURS }), await startNode(theirs)];
    const within = { signal: AbortSignal.timeout(5000) };
    await expect(other.dial(ours.getMultiaddrs(), within)).rejects.toThrow();
    await expect(ours.dial(other.getMultiaddrs(), within)).rejects.toThrow();
    expect([...ours.getConnections(), ...other.getConnections()]).toHaveLength(0);
  });

  it('a stranger who says a nonce and leaves holds no cipher', async () => {
    const node = await startNode({ swarmKey: OURS });
    const end = vi.spyOn(KeyStream.prototype, 'end');
    onTestFinished(() => end.mockRestore());
    for (let at = 0; at < 5; at++) {
      const socket = connect(portOf(node), '127.0.0.1');
      socket.write(randomBytes(24));
      await once(socket, 'data');
      socket.destroy();
    }
    await vi.waitFor(() => expect(new Set(end.mock.contexts).size).toBe(10));
  });
});

it('two peers that allow only each other', async () => {
  const keys = [await generateKeyPair('Ed25519'), await generateKeyPair('Ed25519')] as const;
  const start = async (at: 0 | 1): Promise<Node> => {
    const friend = keys[at === 0 ? 1 : 0].publicKey.toString();
    const node = await createNode({ privateKey: keys[at], isRefused: (peer) => peer !== friend });
    onTestFinished(() => node.stop());
    return node;
  };
  const [a, b] = [await start(0), await start(1)];
  await a.dial(b.getMultiaddrs());
  const stranger = await startNode();
  await expect(b.dial(stranger.getMultiaddrs())).rejects.toThrow();
  const called = await stranger.dial(b.getMultiaddrs()).catch(() => undefined);
  await vi.waitFor(() => expect(called?.status).not.toBe('open'));
});
