// Keeps the number of a phrase at every keeper that a sender is connected to (rendezvous.ts).
import { hearConnected } from '../../peer/calls/side-streams.ts';
import type { Peer } from '../../peer/peer.ts';
import { unawaited } from '../../runtime/guarded.ts';
import { register } from './rendezvous.ts';

/** Numbers that may be taken before it is left at that: a keeper may lie. Chosen. */
const MOST_TAKEN = 8;

export class Registrations {
  readonly #peer: Peer;
  readonly #onTaken: () => void;
  #current = new AbortController();
  #taken = 0;

  /** @param onTaken called when another sender has the number at a keeper */
  constructor(peer: Peer, onTaken: () => void) {
    this.#peer = peer;
    this.#onTaken = onTaken;
  }

  /** Takes back the number before, and has this one kept. */
  renew(number: number): void {
    this.close();
    this.#current = new AbortController();
    const { signal } = this.#current;
    const registerAt = (keeper: string): void =>
      unawaited('registering a phrase', this.#register(keeper, number, signal));
    hearConnected(this.#peer.node, registerAt, signal);
  }

  close(): void {
    this.#current.abort();
  }

  async #register(keeper: string, number: number, signal: AbortSignal): Promise<void> {
    try {
      const isKept = await register(this.#peer, keeper, number, signal);
      if (isKept || signal.aborted || this.#taken >= MOST_TAKEN) return;
      this.#taken++;
      this.#onTaken();
    } catch {
      // Most peers are no keepers.
    }
  }
}
