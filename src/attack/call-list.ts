// Which peers an attacker calls: those that neighbours name or that call it, if no stream to them
// is open. An attacker never gives up, so calls are bounded in time and not in number: one call at
// each look, and to the same peer not before a second has passed.
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { tryParseAddress } from '../peer/address/peer-address.ts';
import { isOwnGround } from './own-ground.ts';

/**
 * Time between looks. Four calls a second stay below the 64 in ten seconds that a peer takes for a
 * flood.
 */
const LOOK_MS = 250;
/** Least time between two calls of a peer. Chosen. */
const CALL_AGAIN_MS = 1000;
/** Peers remembered, and addresses of each. Chosen. */
const MOST_KNOWN = 512;
const MOST_ADDRESSES = 4;

interface Known {
  readonly addresses: string[];
  /** The peer is not called before this time. */
  notBefore: number;
  calling: boolean;
}

export interface CallListInit {
  /** This attacker's PeerId. */
  readonly self: string;
  isOnLine(peer: string): boolean;
  /** Calls a peer. Settles when the call is over or has failed. */
  call(peer: string, addresses: Multiaddr[]): Promise<void>;
}

export class CallList {
  readonly #init: CallListInit;
  readonly #known = new Map<string, Known>();
  readonly #timer: NodeJS.Timeout;

  constructor(init: CallListInit) {
    this.#init = init;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Addresses with /p2p/ of any peer; those that are out of bounds are ignored. */
  hear(addresses: readonly string[]): void {
    for (const text of addresses) {
      const parsed = tryParseAddress(text);
      if (parsed?.peerId === undefined || parsed.peerId === this.#init.self) continue;
      if (isOwnGround(parsed.multiaddr)) this.#learn(parsed.peerId, text);
    }
  }

  #learn(peer: string, address: string): void {
    const known = this.#known.get(peer);
    if (!known) {
      if (this.#known.size >= MOST_KNOWN) return;
      this.#known.set(peer, { addresses: [address], notBefore: 0, calling: false });
    } else if (known.addresses.length < MOST_ADDRESSES && !known.addresses.includes(address)) {
      known.addresses.push(address);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Calls the peer that has waited longest. */
  #look(): void {
    const now = performance.now();
    let due: [string, Known] | undefined;
    for (const [peer, known] of this.#known) {
      if (known.calling || known.notBefore > now || this.#init.isOnLine(peer)) continue;
      if (!due || known.notBefore < due[1].notBefore) due = [peer, known];
    }
    if (due) void this.#call(...due);
  }

  async #call(peer: string, known: Known): Promise<void> {
    known.calling = true;
    try {
      await this.#init.call(peer, known.addresses.map(multiaddr));
    } catch {
      // The peer is gone or refuses us: it is tried again all the same.
    } finally {
      known.calling = false;
      known.notBefore = performance.now() + CALL_AGAIN_MS;
    }
  }
}
