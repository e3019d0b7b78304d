// Connections that die without a word: real nodes, with a proxy between them that passes nothing
// more when told; time as the test has it.
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Connection } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, describe, expect, it } from 'vitest';
import type { Node } from '../../../src/peer/node/node.ts';
import { Vigil } from '../../../src/peer/node/vigil.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';
import { useNodes } from '../nodes.ts';

const startNode = useNodes();
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A clock whose timers come late when the process was stopped. */
class StoppableClock extends VirtualClock {
  stoppedMs = 0;

  override now(): number {
    return super.now() + this.stoppedMs;
  }
}

/** A way to a node. */
class Wire {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  /** Whether calls are hung up on. */
  isClosed = false;
  calls = 0;

  constructor(port: number) {
    this.#server = createServer((near) => {
      this.calls++;
      if (this.isClosed) return near.destroy();
      const far = connect(port, '127.0.0.1');
      for (const socket of [near, far]) socket.on('error', () => socket.destroy());
      near.on('data', (chunk) => far.write(chunk));
      far.on('data', (chunk) => near.write(chunk));
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
      this.#sockets.push(near, far);
    });
    cleanups.push(() => this.close());
  }

  listen(): Promise<number> {
    return new Promise((resolve) =>
      this.#server.listen(0, '127.0.0.1', () =>
        resolve((this.#server.address() as { port: number }).port),
      ),
    );
  }

  /** What is open passes nothing more, and ends in no way that either side could see. */
  fallSilent(): void {
    for (const socket of this.#sockets.splice(0)) {
      socket.removeAllListeners('data');
      socket.pause();
      cleanups.push(() => socket.destroy());
    }
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

interface Watched {
  readonly node: Node;
  readonly other: Node;
  readonly clock: StoppableClock;
  readonly wire: Wire;
  readonly connection: Connection;
  /** Connections that were opened, this one included. */
  opened(): number;
}

/** A node that watches its connection with another, through a wire. */
async function watch(): Promise<Watched> {
  const [node, other] = [await startNode(), await startNode()];
  const wire = new Wire(Number(/tcp\/(\d+)/.exec(`${other.getMultiaddrs()[0]}`)![1]));
  // The wire is the only way there.
  const address = multiaddr(`/ip4/127.0.0.1/tcp/${await wire.listen()}/p2p/${other.peerId}`);
  let opened = 0;
  node.addEventListener('connection:open', () => opened++);
  const known = Promise.all(
    // Each asks the other, and what passes then is no word of the vigil.
    [node, other].map(
      (each) => new Promise((resolve) => each.addEventListener('peer:identify', resolve)),
    ),
  );
  const connection = await node.dial(address);
  await known;
  await node.peerStore.patch(other.peerId, { multiaddrs: [] });
  const clock = new StoppableClock();
  const vigil = new Vigil(node, clock);
  cleanups.push(() => vigil.close());
  await node.services.ping.ping(other.peerId);
  return { node, other, clock, wire, connection, opened: () => opened };
}

describe('Vigil', () => {
  it('calls a peer anew that was silent for 6 s, and cuts the silent connection', async () => {
    const { node, clock, wire, connection, opened } = await watch();
    wire.fallSilent();
    // The first look, from which the silence counts.
    await clock.advance(1000);
    await clock.advance(5999);
    expect([wire.calls, connection.status]).toEqual([1, 'open']);
    await clock.advance(1);
    await expect.poll(opened).toBe(2);
    await expect.poll(() => connection.status).not.toBe('open');
    expect(node.getConnections().map(({ status }) => status)).toEqual(['open']);
  });

  it('calls again 2 s after a call in vain, and cuts the connection after 120 s', async () => {
    const { node, clock, wire, connection } = await watch();
    wire.fallSilent();
    wire.isClosed = true;
    await clock.advance(7000);
    for (let calls = 2; calls < 5; calls++) {
      await expect.poll(() => wire.calls).toBe(calls);
      // The call has ended as well when the next one is due.
      await expect.poll(() => node.getDialQueue()).toEqual([]);
      await clock.advance(1000);
      expect(wire.calls).toBe(calls);
      await clock.advance(1000);
    }
    await clock.advance(120_999 - clock.now());
    expect(connection.status).toBe('open');
    await clock.advance(1);
    await expect.poll(() => connection.status).not.toBe('open');
  });

  it('takes nobody for silent because this process was stopped', async () => {
    const { clock, wire, connection } = await watch();
    wire.fallSilent();
    await clock.advance(1000);
    clock.stoppedMs += 300_000;
    // Two looks fit into the time that it misses, at most.
    await clock.advance(3000);
    expect([wire.calls, connection.status]).toEqual([1, 'open']);
    await clock.advance(4000);
    await expect.poll(() => wire.calls).toBe(2);
  });

  it('says something when nothing was said for 2.5 s', async () => {
    const { clock, connection, other } = await watch();
    const [theirs] = other.getConnections();
    const heard = (): number => bytesRead(theirs!);
    await clock.advance(1000);
    const before = heard();
    await clock.advance(2000);
    expect(heard()).toBe(before);
    await clock.advance(1000);
    await expect.poll(heard).toBeGreaterThan(before);
    expect(connection.status).toBe('open');
  });
});

const bytesRead = (connection: Connection): number =>
  (connection as unknown as { maConn: { socket: Socket } }).maConn.socket.bytesRead;
