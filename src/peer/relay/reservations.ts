// Who may be called over this relay. A reservation holds for an hour and may be renewed; it ends with
// the holder's last connection. PeerIds cost nothing, so those of one host are bounded as well as all.
import type { Clock } from '../../runtime/clock.ts';

/** Chosen: a hub has 300 connections at the most. */
const MOST = 128;
/** Chosen: the peers behind one NAT. */
const MOST_OF_HOST = 16;
/** As go-libp2p has it. */
const LASTS_MS = 60 * 60_000;

interface Reservation {
  readonly host: string;
  readonly endsAt: number;
}

export class Reservations {
  readonly #clock: Clock;
  readonly #held = new Map<string, Reservation>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Reserves, or renews. Returns for how many milliseconds; undefined if there is no room. */
  grant(peer: string, host: string): number | undefined {
    this.#forgetEnded();
    const ofHost = [...this.#held].filter(([id, held]) => id !== peer && held.host === host);
    const isNew = !this.#held.has(peer);
    if ((isNew && this.#held.size >= MOST) || ofHost.length >= MOST_OF_HOST) return undefined;
    this.#held.set(peer, { host, endsAt: this.#clock.now() + LASTS_MS });
    return LASTS_MS;
  }

  has(peer: string): boolean {
    return (this.#held.get(peer)?.endsAt ?? 0) > this.#clock.now();
  }

  end(peer: string): void {
    this.#held.delete(peer);
  }

  #forgetEnded(): void {
    const now = this.#clock.now();
    for (const [peer, { endsAt }] of this.#held) if (endsAt <= now) this.#held.delete(peer);
  }
}
