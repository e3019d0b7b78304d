import { once } from 'node:events';
import type { Stream } from '@libp2p/interface';
import { describe, expect, it } from 'vitest';
import { takeCircuit } from '../../../src/peer/circuit/circuits.ts';
import { MessageStream } from '../../../src/peer/circuit/message-stream.ts';
import {
  encodeConnect,
  encodeReserve,
  encodeStopConnect,
  encodeStopStatus,
  HOP_PROTOCOL,
  STATUS,
  STOP_PROTOCOL,
} from '../../../src/peer/circuit/messages.ts';
import type { Node } from '../../../src/peer/node/node.ts';
import { useNodes } from '../nodes.ts';
import { makeRelay, reserve, within } from './relays.ts';

const startNode = useNodes();

const three = (): Promise<Node[]> => Promise.all([startNode(), startNode(), startNode()]);

/** What a stranger is told who sends this to the relay. */
async function ask(node: Node, relay: Node, message: Uint8Array): Promise<number | undefined> {
  const connection = await node.dial(relay.getMultiaddrs(), { signal: within() });
  const stream = await connection.newStream(HOP_PROTOCOL);
  const messages = new MessageStream(stream);
  await messages.write(message, within());
  const status = (await messages.read(within())).number(5);
  if (status !== STATUS.ok) await stream.close();
  return status;
}

/** Has a holder take every circuit, once `ready` resolves. */
const acceptCalls = (holder: Node, ready?: () => Promise<void>): Promise<void> =>
  holder.handle(
    STOP_PROTOCOL,
    async (stream: Stream) => {
      const messages = new MessageStream(stream);
      await messages.read(within());
      await ready?.();
      await messages.write(encodeStopStatus(STATUS.ok), within());
    },
    { maxInboundStreams: 64 },
  );

describe('a relay', () => {
  it('joins a caller and a holder, who prove themselves to each other', async () => {
    const [relay, holder, caller] = (await three()) as [Node, Node, Node];
    const events = await makeRelay(relay);
    const [address] = await reserve(holder, relay);
    const connection = await caller.dial(address!, { signal: within() });
    expect(connection.remotePeer.equals(holder.peerId)).toBe(true);
    expect(connection.direct).toBe(false);
    expect(await caller.services.ping.ping(connection.remotePeer)).toBeGreaterThanOrEqual(0);
    await connection.close();
    await expect
      .poll(() => events.map(({ event }) => event), { timeout: 20_000 })
      .toEqual(['circuit_opened', 'circuit_closed']);
  });

  it('passes nothing on to who did not reserve, or has left', async () => {
    const [relay, holder, caller] = (await three()) as [Node, Node, Node];
    await makeRelay(relay);
    await holder.dial(relay.getMultiaddrs());
    const connect = encodeConnect(holder.peerId);
    expect(await ask(caller, relay, connect)).toBe(STATUS.noReservation);
    await reserve(holder, relay);
    await holder.stop();
    await expect
      .poll(() => ask(caller, relay, connect), { timeout: 20_000 })
      .toBe(STATUS.noReservation);
  });

  it('bounds the circuits of one caller', async () => {
    const [relay, holder, caller] = (await three()) as [Node, Node, Node];
    await makeRelay(relay);
    await ask(holder, relay, encodeReserve());
    await acceptCalls(holder);
    const statuses: (number | undefined)[] = [];
    for (let at = 0; at < 17; at++) {
      statuses.push(await ask(caller, relay, encodeConnect(holder.peerId)));
    }
    expect(statuses.slice(0, 16).every((status) => status === STATUS.ok)).toBe(true);
    expect(statuses[16]).toBe(STATUS.resourceLimitExceeded);
  });

  it('bounds those that one caller asks for at once, of several holders', async () => {
    const [relay, caller, ...holders] = (await Promise.all(
      Array.from({ length: 4 }, () => startNode()),
    )) as [Node, Node, ...Node[]];
    await makeRelay(relay);
    let heard = 0;
    const gate = Promise.withResolvers<void>();
    for (const holder of holders) {
      await ask(holder, relay, encodeReserve());
      await acceptCalls(holder, () => {
        if (++heard >= 16) gate.resolve();
        return gate.promise;
      });
    }
    const asked = holders.flatMap(({ peerId }) =>
      Array.from({ length: 12 }, () => ask(caller, relay, encodeConnect(peerId))),
    );
    const statuses = await Promise.all(asked);
    expect(statuses.filter((status) => status === STATUS.ok)).toHaveLength(16);
    expect(statuses.filter((status) => status === STATUS.resourceLimitExceeded)).toHaveLength(8);
  });

  it('answers a flood of questions for a while, and then refuses', async () => {
    const [relay, stranger] = (await three()) as [Node, Node];
    await makeRelay(relay);
    const connect = encodeConnect(stranger.peerId);
    const statuses = new Set<number | undefined>();
    for (let at = 0; at < 200 && statuses.size < 2; at++) {
      statuses.add(await ask(stranger, relay, connect));
    }
    expect([...statuses]).toEqual([STATUS.noReservation, STATUS.resourceLimitExceeded]);
  });

  it.each([
    ['nonsense', Buffer.from('ffff', 'hex')],
    ['a message beyond the limit', Buffer.alloc(5000)],
  ])('resets a stream that brings %s', async (_what, message) => {
    const [relay, stranger] = (await three()) as [Node, Node];
    await makeRelay(relay);
    await expect(ask(stranger, relay, message)).rejects.toThrow();
  });

  it('lets a question that drips wait for no longer than a whole one', {
    timeout: 60_000,
  }, async () => {
    const [relay, stranger] = (await three()) as [Node, Node];
    await makeRelay(relay);
    const connection = await stranger.dial(relay.getMultiaddrs());
    const stream = await connection.newStream(HOP_PROTOCOL);
    const ended = once(stream as never, 'close');
    // The length of a message, and then a byte of it each second.
    stream.send(Uint8Array.of(100));
    const drip = setInterval(() => stream.status === 'open' && stream.send(Uint8Array.of(8)), 1000);
    await ended.finally(() => clearInterval(drip));
    expect(stream.status).toBe('reset');
  });
});

describe('who is called over a relay', () => {
  it('refuses a peer at which it has reserved nothing', async () => {
    const [stranger, peer] = (await three()) as [Node, Node];
    await peer.handle(STOP_PROTOCOL, (stream: Stream, over) =>
      takeCircuit(peer.services.fromPort, stream, over, false),
    );
    const connection = await stranger.dial(peer.getMultiaddrs());
    const messages = new MessageStream(await connection.newStream(STOP_PROTOCOL));
    const limits = { bytes: 1, seconds: 1 };
    await messages.write(encodeStopConnect(stranger.peerId, limits), within());
    expect((await messages.read(within())).number(4)).toBe(STATUS.permissionDenied);
  });

  it('learns that the relay is gone', async () => {
    const [relay, holder] = (await three()) as [Node, Node];
    await makeRelay(relay);
    const lost = Promise.withResolvers<string>();
    await reserve(holder, relay, lost.resolve);
    await relay.stop();
    expect(await lost.promise).toBe('the connection ended');
  });
});
