// A swarm's network over a libp2p node.
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { EXCHANGE_PROTOCOLS } from '../../exchange/wire/message.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import type { Scope } from '../../runtime/node/scope.ts';
import type { NamedAddress, Network, Standing } from '../../swarm/network.ts';
import { believe, scopeOfPeer, tellable } from '../address/scope.ts';
import type { Node } from '../node/node.ts';
import { FrameStream } from '../node/stream.ts';
import { DirectFirst } from './direct-first.ts';
import type { Inquiries } from './inquiries.ts';

const CALL_TIMEOUT_MS = 5000;

export type Greet = (peer: string, signal: AbortSignal) => Promise<void>;

export class NodeNetwork implements Network {
  readonly self: string;
  readonly #node: Node;
  readonly #inquiries: Inquiries;
  readonly #greet: Greet;
  readonly #directFirst: DirectFirst;

  /** @param greet makes sure that a connected peer may be told of files; throws if it may not */
  constructor(node: Node, inquiries: Inquiries, greet: Greet) {
    this.self = node.peerId.toString();
    this.#node = node;
    this.#inquiries = inquiries;
    this.#greet = greet;
    this.#directFirst = new DirectFirst(node);
  }

  connected(): string[] {
    return this.#node.getPeers().map((peer) => peer.toString());
  }

  call(peer: string, addresses: readonly string[], signal: AbortSignal): Promise<FrameStream> {
    const target =
      addresses.length > 0 ? addresses.map((text) => multiaddr(text)) : peerIdFromString(peer);
    return attempt([signal], CALL_TIMEOUT_MS, async (within) => {
      const called = await this.#node.dial(target, { signal: within });
      const connection = await this.#directFirst.insteadOf(called, within);
      await this.#greet(peer, within);
      const stream = await connection.newStream(EXCHANGE_PROTOCOLS, { signal: within });
      return new FrameStream(stream, peer);
    });
  }

  async ask(peer: string, digest: Uint8Array): Promise<Standing | undefined> {
    try {
      await attempt([], CALL_TIMEOUT_MS, (within) => this.#greet(peer, within));
    } catch {
      return undefined;
    }
    return this.#inquiries.ask(peer, digest);
  }

  tellable(addresses: readonly string[], remote: string): string[] {
    return tellable(
      addresses.map((text) => multiaddr(text)),
      this.#scopeOf(remote),
    ).map(String);
  }

  #scopeOf(peer: string): Scope {
    const connections = this.#node.getConnections();
    return scopeOfPeer(connections.filter(({ remotePeer }) => remotePeer.toString() === peer));
  }

  believe(addresses: readonly string[], teller: string): NamedAddress[] {
    return believe(addresses, this.#scopeOf(teller)).map((parsed) => ({
      peer: parsed.peerId,
      address: parsed.multiaddr.toString(),
    }));
  }
}
