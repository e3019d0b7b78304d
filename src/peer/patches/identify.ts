// Patches @libp2p/identify 4: of the addresses that a peer says it listens at, those are kept that it
// may name (address/scope.ts).
import { type Identify, identify } from '@libp2p/identify';
import type { Connection } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { believe, scopeOfPeer } from '../address/scope.ts';
import { inside } from './inside.ts';
import { asTold } from './told-addresses.ts';

/** What a peer says of itself, with its addresses as bytes. */
interface Message {
  listenAddrs: Uint8Array[];
  /** The same addresses, signed; they would be preferred. */
  signedPeerRecord?: Uint8Array;
}

interface Asking {
  _identify(connection: Connection, options?: object): Promise<Message>;
}

type Components = Parameters<ReturnType<typeof identify>>[0];

export function createIdentify(components: Components): Identify {
  const service = identify({ runOnConnectionOpen: false })(asTold(components));
  const patch = 'addresses that peers say they listen at';
  const asking = inside<Asking>(patch, service as Identify & Asking, '_identify');
  if (!asking) return service;
  const ask = asking._identify.bind(asking);
  asking._identify = async (connection, options) => {
    const { signedPeerRecord: _, ...message } = await ask(connection, options);
    const texts = message.listenAddrs.flatMap(textOf);
    const believed = believe(texts, scopeOfPeer([connection]));
    return { ...message, listenAddrs: believed.map((each) => each.multiaddr.bytes) };
  };
  return service;
}

function textOf(bytes: Uint8Array): string[] {
  try {
    return [`${multiaddr(bytes)}`];
  } catch {
    // It is none: the package leaves it out, too.
    return [];
  }
}
