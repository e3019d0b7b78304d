// A holder that asks for punches, and names the port of somebody who never asked.
import { createServer } from 'node:net';
import { multiaddr } from '@multiformats/multiaddr';
import { expect, it, onTestFinished } from 'vitest';
import { MessageStream } from '../../../src/peer/circuit/message-stream.ts';
import type { Node } from '../../../src/peer/node/node.ts';
import { encodeConnect, encodeSync, PUNCH_PROTOCOL } from '../../../src/peer/punch/messages.ts';
import { Punching } from '../../../src/peer/punch/punching.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { useNodes } from '../nodes.ts';
import { makeRelay, reserve, within } from '../relay/relays.ts';

const startNode = useNodes();
const ASKED = 20;

it('has few calls made to an address that it names, however often it asks', {
  timeout: 120_000,
}, async () => {
  const [relay, holder, caller] = (await Promise.all([startNode(), startNode(), startNode()])) as [
    Node,
    Node,
    Node,
  ];
  await makeRelay(relay);
  const [address] = await reserve(holder, relay);
  let calls = 0;
  const victim = createServer((socket) => {
    calls++;
    socket.destroy();
  });
  await new Promise<void>((done) => victim.listen(0, '127.0.0.1', done));
  onTestFinished(() => void victim.close());
  const { port } = victim.address() as { port: number };
  const events: Event[] = [];
  const emit = (event: Event): unknown => events.push(event);
  const punching = await Punching.open({ node: caller, clock: systemClock, emit });
  onTestFinished(() => punching.close());
  punching.handleOpened(await caller.dial(address!, { signal: within() }));
  await expect.poll(() => holder.getConnections(caller.peerId).length).toBe(1);
  const [over] = holder.getConnections(caller.peerId);
  for (let at = 0; at < ASKED; at++) {
    try {
      const stream = await over!.newStream(PUNCH_PROTOCOL, { signal: within() });
      const messages = new MessageStream(stream);
      await messages.write(encodeConnect(multiaddr(`/ip4/127.0.0.1/tcp/${port}`)), within());
      await messages.read(within());
      for (let syncs = 0; syncs < 50; syncs++) await messages.write(encodeSync(), within());
      await stream.close();
    } catch {
      // It is refused, as it should be.
    }
  }
  // Three in a row, and then one after ever longer waits.
  expect(calls).toBeGreaterThan(0);
  expect(calls).toBeLessThan(ASKED);
  expect(events.map(({ event }) => event)).toEqual(['path_relayed']);
});
