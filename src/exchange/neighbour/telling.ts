import { forgetOldest } from '../../runtime/forget-oldest.ts';
import { MAX_PEERS } from '../wire/message.ts';

/** Most addresses remembered that a neighbour named. Chosen. */
const MOST_NAMED = 2 * MAX_PEERS;

/** What a neighbour was told of us, and what it is to be told together with the next message. */
export class Telling {
  /** Whether we want something from it now. */
  amInterested = false;
  /** Whether we wanted something when we last told it. */
  toldInterested = false;
  /** Pieces that it was not told of yet. */
  readonly unsentHaves: number[] = [];
  /** Addresses of other peers that it was not told of yet. */
  readonly unsentAddresses = new Set<string>();
  /** Addresses of other peers that it named itself. */
  readonly #named = new Set<string>();

  /** It knows these addresses, so it need not be told of them. */
  noteNamed(addresses: readonly string[]): void {
    for (const address of addresses) {
      this.#named.add(address);
      this.unsentAddresses.delete(address);
    }
    forgetOldest(this.#named, MOST_NAMED);
  }

  /** Adds to what it is to be told, unless it knows. */
  addAddresses(addresses: readonly string[]): void {
    for (const address of addresses) {
      if (!this.#named.has(address)) this.unsentAddresses.add(address);
    }
    forgetOldest(this.unsentAddresses, MAX_PEERS);
  }
}
