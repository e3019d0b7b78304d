// js-libp2p as it comes, unpatched: what the wire and the relay must be understood by.
import { noise } from '@chainsafe/libp2p-noise';
import type { Libp2p } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p, type Libp2pOptions } from 'libp2p';
import { onTestFinished } from 'vitest';

/** A node on 127.0.0.1 with @libp2p/tcp, @chainsafe/libp2p-noise and @libp2p/yamux, and what is added. */
export async function startStock(
  { listen = [], transports = [] }: { listen?: string[]; transports?: Transports } = {},
  services: Libp2pOptions['services'] = {},
): Promise<Libp2p> {
  const node = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0', ...listen] },
    transports: [tcp(), ...transports],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services,
  });
  onTestFinished(async () => {
    for (const connection of node.getConnections()) connection.abort(new Error('end'));
    await node.stop();
  });
  return node;
}

type Transports = NonNullable<Libp2pOptions['transports']>;
