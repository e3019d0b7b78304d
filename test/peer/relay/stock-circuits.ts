// Relays, holders and callers of js-libp2p as they come: @libp2p/circuit-relay-v2, unpatched.
import { randomBytes } from 'node:crypto';
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import { identify } from '@libp2p/identify';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { ping } from '@libp2p/ping';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { expect, vi } from 'vitest';
import { startStock } from '../stock.ts';
import { within } from './relays.ts';

const ECHO = '/hubswarm/test-echo/1.0.0';
/** Both ways together below the 128 KiB that a stock relay lets pass. */
export const ECHO_BYTES = 32 * 1024;

export const startStockRelay = (): Promise<Libp2p> =>
  startStock({}, { identify: identify(), relay: circuitRelayServer() });

export const startStockCaller = (): Promise<Libp2p> => startOverRelays([]);

/** Reserves at that relay, an address with /p2p/. */
export async function startStockHolder(relay: string): Promise<[Libp2p, Multiaddr]> {
  const node = await startOverRelays([`${relay}/p2p-circuit`]);
  const find = (): Multiaddr | undefined =>
    node.getMultiaddrs().find((each) => `${each}`.includes('p2p-circuit'));
  await vi.waitFor(() => expect(find()).toBeDefined(), 20_000);
  return [node, multiaddr(`${find()}`)];
}

const startOverRelays = (listen: string[]): Promise<Libp2p> => {
  const services = { identify: identify(), ping: ping({ runOnLimitedConnection: true }) };
  return startStock({ listen, transports: [circuitRelayTransport()] }, services);
};

/** Sends back what comes, and ends when the remote has ended. */
export async function serveEcho(node: Pick<Libp2p, 'handle'>): Promise<void> {
  const echo = (stream: Stream): void => {
    stream.addEventListener('message', ({ data }) => {
      stream.send(data);
    });
    stream.addEventListener('end', () => void stream.close().catch(() => undefined));
  };
  await node.handle(ECHO, echo, { runOnLimitedConnection: true });
}

/** Resolves once ECHO_BYTES have come back as they were sent. */
export async function echoOver(connection: Connection): Promise<void> {
  const how = { runOnLimitedConnection: true, signal: within() };
  const stream = await connection.newStream(ECHO, how);
  const sent = randomBytes(ECHO_BYTES);
  const received: Uint8Array[] = [];
  const ended = new Promise<void>((done, fail) => {
    stream.addEventListener('message', ({ data }) => received.push(data.subarray()));
    stream.addEventListener('end', () => done());
    stream.addEventListener('close', ({ error }) => error && fail(error));
  });
  stream.send(sent.slice());
  await stream.close({ signal: within() });
  await ended;
  expect(Buffer.concat(received).equals(sent)).toBe(true);
}
