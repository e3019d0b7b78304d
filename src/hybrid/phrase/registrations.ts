// Keeps the number of a phrase at every keeper that a sender is connected to (rendezvous.ts).
import { hearConnected } from '../../peer/calls/side-streams.ts';
import type { Peer } from '../../peer/peer.ts';
import { unawaited } from '../../runtime/guarded.ts';
import { register } from './rendezvous.ts';

export class Registrations {
  readonly #peer: Peer;
  #current = new AbortController();

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  /** Takes back the number before, and has this one kept. */
  renew(number: number): void {
    this.close();
    this.#current = new AbortController();
    const { signal } = this.#current;
    // Most peers are no keepers; and a keeper's refusal must not make void what was told already.
    const registerAt = (keeper: string): void =>
      unawaited(
        'registering a phrase',
        register(this.#peer, keeper, number, signal).catch(() => undefined),
      );
    hearConnected(this.#peer.node, registerAt, signal);
  }

  close(): void {
    this.#current.abort();
  }
}
