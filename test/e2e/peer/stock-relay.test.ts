// Peers of the built binary over a relay of js-libp2p as it comes, and js-libp2p as it comes over the
// relay of a hub.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Libp2p } from '@libp2p/interface';
import type { Ping } from '@libp2p/ping';
import { multiaddr } from '@multiformats/multiaddr';
import { describe, expect, it } from 'vitest';
import { within } from '../../peer/relay/relays.ts';
import {
  ECHO_BYTES,
  echoOver,
  serveEcho,
  startStockCaller,
  startStockHolder,
  startStockRelay,
} from '../../peer/relay/stock-circuits.ts';
import { type Running, randomFile, scratch, start } from '../binary.ts';
import { MIB, sameBytes } from '../swarm.ts';

async function startHub(): Promise<[Running, string]> {
  const dir = await scratch();
  await mkdir(join(dir, 'root'));
  const swarm = ['--swarm', '--swarm-listen', '/ip4/127.0.0.1/tcp/0'];
  const data = ['--swarm-data', join(dir, 'hub')];
  const hub = start(['server', join(dir, 'root'), '--port', '0', '--json', ...swarm, ...data]);
  const { addresses } = await hub.until('listening', ({ role }) => role === 'peer');
  return [hub, addresses[0]!];
}

interface Shared {
  readonly sharer: Running;
  readonly cid: string;
  readonly file: string;
  readonly dir: string;
  /** Where the sharer is called over the relay. */
  readonly over: string;
}

async function shareOver(relay: string): Promise<Shared> {
  const dir = await scratch();
  const file = await randomFile(join(dir, 'content'), MIB);
  const data = ['--data', join(dir, 'sharer')];
  const sharer = start(['peer', '--json', ...data, '--relay', relay, '--share', file]);
  const { cid } = await sharer.until('file_shared');
  const { addresses } = await sharer.until('relay_reserved');
  return { sharer, cid, file, dir, over: addresses[0]! };
}

describe('a relay that is no hub', () => {
  it('joins two peers, who pass more than one circuit carries', async () => {
    const relay = await startStockRelay();
    const { sharer, cid, file, dir, over } = await shareOver(`${relay.getMultiaddrs()[0]}`);
    const out = join(dir, 'out');
    const data = ['--data', join(dir, 'getter'), '--out', out, '--linger', '0'];
    const getter = start(['peer', '--json', ...data, '--join', over, '--get', cid]);
    const relayed = await sharer.until('path_relayed');
    expect(relayed.relay).toBe(`${relay.peerId}`);
    expect(await getter.exit).toBe(0);
    await sameBytes(file, join(out, 'content'));
  });
});

describe('the relay of a hub', () => {
  it('joins two nodes of js-libp2p', async () => {
    const [hub, address] = await startHub();
    const [holder, over] = await startStockHolder(address);
    await serveEcho(holder);
    const caller = await startStockCaller();
    const connection = await caller.dial(over, { signal: within() });
    expect(connection.direct).toBe(false);
    await echoOver(connection);
    connection.abort(new Error('end'));
    const { bytes } = await hub.until('circuit_closed');
    expect(bytes).toBeGreaterThan(2 * ECHO_BYTES);
  });

  it('lets a node of js-libp2p call a peer', async () => {
    const [hub, address] = await startHub();
    const { over } = await shareOver(address);
    const caller = (await startStockCaller()) as Libp2p<{ ping: Ping }>;
    const connection = await caller.dial(multiaddr(over), { signal: within() });
    expect(connection.direct).toBe(false);
    expect(await caller.services.ping.ping(connection.remotePeer)).toBeGreaterThanOrEqual(0);
    await hub.until('circuit_opened', (circuit) => circuit.caller === `${caller.peerId}`);
  });
});
