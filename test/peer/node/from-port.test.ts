// Canary of libp2p's transport and upgrader: they take a local port, and who begins the handshake.
import { createServer, type Socket } from 'node:net';
import { multiaddr } from '@multiformats/multiaddr';
import { expect, it, onTestFinished } from 'vitest';
import type { Node } from '../../../src/peer/node/node.ts';
import { useNodes } from '../nodes.ts';

const startNode = useNodes();

/** Joins the first two callers, who then have both called; tells the ports that they came from. */
async function meetingPoint(): Promise<{ port: number; from: number[] }> {
  const callers: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    const [other] = callers;
    callers.push(socket);
    if (other) other.pipe(socket).pipe(other);
  });
  onTestFinished(() => {
    for (const socket of callers) socket.destroy();
    server.close();
  });
  const port = await listening(server);
  return {
    port,
    get from() {
      return callers.map(({ remotePort }) => remotePort!);
    },
  };
}

const listening = (server: ReturnType<typeof createServer>): Promise<number> =>
  new Promise((done) => {
    server.listen(0, '127.0.0.1', () => done((server.address() as { port: number }).port));
  });

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((done) => server.close(done));
  return port;
}

it('connects two peers that both called, from the ports that they chose', async () => {
  const [one, other] = await Promise.all([startNode(), startNode()]);
  const meeting = await meetingPoint();
  const ports = [await freePort(), await freePort()] as const;
  const signal = AbortSignal.timeout(20_000);
  const at = (node: Node) => multiaddr(`/ip4/127.0.0.1/tcp/${meeting.port}/p2p/${node.peerId}`);
  const [first, second] = await Promise.all([
    one.services.fromPort.dial(at(other), { localPort: ports[0], isInitiator: true, signal }),
    other.services.fromPort.dial(at(one), { localPort: ports[1], isInitiator: false, signal }),
  ]);
  expect([first.direction, second.direction]).toEqual(['outbound', 'inbound']);
  expect(meeting.from.sort()).toEqual([...ports].sort());
  // Streams of either end, with numbers of its own.
  const streams = await Promise.all([
    first.newStream('/ipfs/ping/1.0.0'),
    second.newStream('/ipfs/ping/1.0.0'),
  ]);
  expect(streams.map(({ status }) => status)).toEqual(['open', 'open']);
});
