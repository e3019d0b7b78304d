// Keeps the number of a phrase at every keeper that a sender is connected to (rendezvous.ts).
import { attendConnected } from '../../peer/calls/side-streams.ts';
import type { Peer } from '../../peer/peer.ts';
import { register } from './rendezvous.ts';

/** Time after which a keeper that has no room, or whose stream ended, is told again. Chosen. */
const TELL_AGAIN_MS = 2000;

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
    const registerAt = (keeper: string) => register(this.#peer, keeper, number, signal);
    attendConnected(this.#peer, TELL_AGAIN_MS, registerAt, signal);
  }

  close(): void {
    this.#current.abort();
  }
}
