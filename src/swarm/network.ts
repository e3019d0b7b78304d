// The network as a swarm needs it to find and call others. PeerIds and addresses are text
// that only the network reads.
import type { Wire } from './wire.ts';

/** How much of a file a peer exchanges. */
export type Standing = 'none' | 'part' | 'whole';

export interface NamedAddress {
  /** The PeerId that the address names; undefined when it names none. */
  readonly peer: string | undefined;
  readonly address: string;
}

export interface Network {
  /** This peer's PeerId. */
  readonly self: string;
  /** PeerIds of the connected peers. */
  connected(): string[];
  /**
   * Opens an exchange stream, and proves who answers.
   *
   * @param addresses where to call; none for the open connection, or what the network knows
   * @throws when there is no answer within seconds; the signal's reason
   */
  call(peer: string, addresses: readonly string[], signal: AbortSignal): Promise<Wire>;
  /** Asks a peer about the file with this digest; undefined when it gives no answer. */
  ask(peer: string, digest: Uint8Array): Promise<Standing | undefined>;
  /** Keeps the addresses that a connected peer has a use for: none of this host alone goes beyond it. */
  tellable?(addresses: readonly string[], remote: string): readonly string[];
  /** Keeps the addresses that are well-formed and whose scope is as wide as their teller's. */
  believe(addresses: readonly string[], teller: string): NamedAddress[];
}
