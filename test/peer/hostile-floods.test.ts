// Floods: messages, calls, streams, connections. Each must cost the peer little and
// end by itself, and the honest transfer beside it go on.
import { generateKeyPair } from '@libp2p/crypto/keys';
import { describe, expect, it } from 'vitest';
import { encodeMessage } from '../../src/exchange/wire/codec.ts';
import { EXCHANGE_PROTOCOL, type Message } from '../../src/exchange/wire/message.ts';
import { createNode } from '../../src/peer/node/node.ts';
import {
  addressOf,
  BYTES,
  bansOf,
  PIECE,
  until,
  useHostileSwarm,
  wrongPiece,
} from './hostile-swarm.ts';

const swarm = useHostileSwarm();

const bytesOf = (message: Message): Buffer => Buffer.concat(encodeMessage(message));

describe('a flood of messages', () => {
  it.each<[string, Message]>([
    ['haves', { type: 'have', pieces: Array.from({ length: 4096 }, (_, i) => i % 16) }],
    ['interest toggles', { type: 'interest', interested: true }],
    ['offers taken back', { type: 'revoke', grant: 1 }],
    ['declines', { type: 'decline', grant: 1 }],
    [
      'addresses',
      {
        type: 'peers',
        addresses: Array.from({ length: 64 }, (_, i) => `/ip4/10.0.0.1/tcp/${i + 1}`),
      },
    ],
  ])('of %s is cut off, the transfer beside it goes on', async (_, message) => {
    const seed = await swarm.seed();
    const enemy = await swarm.node();
    const frames = Buffer.concat(Array.from({ length: 512 }, () => bytesOf(message)));
    const many = frames.subarray(0, 256 * 1024 - ((256 * 1024) % bytesOf(message).length));
    await swarm.call(enemy, seed.peer, ({ stream, say }, heard) => {
      if (heard.length > 0) return;
      say(swarm.hello('none'));
      const pump = (): void => {
        while (stream.writeStatus === 'writable' && stream.send(many));
        if (stream.writeStatus === 'writable')
          stream.addEventListener('drain', pump, { once: true });
      };
      pump();
    });
    const honest = await swarm.honest('honest');
    await swarm.fetch(honest, [seed.peer]);
    await until(seed, ({ event }) => event === 'neighbour_banned');
    expect(bansOf(seed, enemy.peerId.toString())).toEqual(['a flood of messages']);
  });

  it('of blocks is cut off before it fills the memory of a slow downlink', async () => {
    const victim = await swarm.honest('victim', { down: PIECE });
    const seed = await swarm.seed({ up: BYTES / 16 });
    const signal = AbortSignal.timeout(20_000);
    await victim.peer.join([addressOf(seed.peer)], signal);
    const out = `${swarm.dir}/out`;
    const stop = new AbortController();
    const gone = victim.peer
      .get(swarm.cid, {
        out,
        force: false,
        timeoutMs: Number.POSITIVE_INFINITY,
        signal: stop.signal,
      })
      .catch(() => 'stopped');
    await until(victim, ({ event }) => event === 'neighbour_joined');
    const enemy = await swarm.node();
    await swarm.call(enemy, victim.peer, ({ say }, heard) => {
      if (heard.length > 0) return;
      say(swarm.hello());
      for (let i = 0; i < 32; i++) say(wrongPiece(1));
    });
    await until(victim, ({ event }) => event === 'neighbour_banned');
    expect(bansOf(victim, enemy.peerId.toString())).toEqual(['sends more than was asked for']);
    stop.abort(new Error('enough'));
    expect(await gone).toBe('stopped');
  });
});

describe('a flood of calls', () => {
  it('of 200 streams that never say hello leaves the peer answering others', async () => {
    const seed = await swarm.seed();
    const enemy = await swarm.node();
    const connection = await enemy.dial(seed.peer.node.getMultiaddrs());
    // One after the other: all at once libp2p refuses by itself. A byte each, since
    // without any it would not even say which protocol it means.
    for (let i = 0; i < 200 && connection.status === 'open'; i++) {
      const call = connection.newStream(EXCHANGE_PROTOCOL, { maxOutboundStreams: 200 });
      await call.then((stream) => stream.send(Uint8Array.of(0))).catch(() => {});
    }
    // Sixteen may wait for a hello; 64 calls in 10 s are a flood.
    await until(seed, ({ event }) => event === 'neighbour_banned');
    expect(bansOf(seed, enemy.peerId.toString())).toEqual(['a flood of calls']);
    const honest = await swarm.honest('honest');
    await swarm.fetch(honest, [seed.peer]);
  });

  it('that join and leave in a circle is cut off', async () => {
    const seed = await swarm.seed();
    const enemy = await swarm.node();
    const connection = await enemy.dial(seed.peer.node.getMultiaddrs());
    for (let i = 0; i < 100 && connection.status === 'open'; i++) {
      const call = connection.newStream(EXCHANGE_PROTOCOL);
      // Until it is cut off in the middle.
      await call.then((stream) => stream.send(bytesOf(swarm.hello('none')))).catch(() => {});
    }
    await until(seed, ({ event }) => event === 'neighbour_banned');
    const joined = seed.events.filter(({ event }) => event === 'neighbour_joined');
    expect(joined.length).toBeLessThanOrEqual(64);
  });
});

describe('a flood of connections', () => {
  it('by one peer keeps four of them', async () => {
    const seed = await swarm.seed();
    const privateKey = await generateKeyPair('Ed25519');
    const twins = await Promise.all(Array.from({ length: 8 }, () => createNode({ privateKey })));
    try {
      for (const twin of twins) await twin.dial(seed.peer.node.getMultiaddrs()).catch(() => {});
      const { peerId } = twins[0]!;
      await expect.poll(() => seed.peer.node.getConnections(peerId).length).toBeLessThanOrEqual(4);
    } finally {
      for (const twin of twins) {
        for (const open of twin.getConnections()) open.abort(new Error('end'));
        await twin.stop();
      }
    }
  });

  it('of pings does not delay the transfer', async () => {
    const seed = await swarm.seed();
    const enemy = await swarm.node();
    let pinging = true;
    const to = seed.peer.node.peerId;
    await enemy.dial(seed.peer.node.getMultiaddrs());
    // The protocol itself, as this project's node answers it for a connected peer without asking.
    const streams = await Promise.all(
      [0, 1].map(() => enemy.dialProtocol(to, '/ipfs/ping/1.0.0').catch(() => undefined)),
    );
    for (const stream of streams) {
      const again = (): void => {
        if (pinging && stream?.writeStatus === 'writable') stream.send(new Uint8Array(32));
      };
      stream?.addEventListener('message', again);
      for (let i = 0; i < 8; i++) again();
    }
    const honest = await swarm.honest('honest');
    await swarm.fetch(honest, [seed.peer]);
    pinging = false;
  });
});
