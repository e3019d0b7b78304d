// Gives each client a link of its own, so that no client can take the whole uplink: all its
// connections together send at most at this rate. The room link/ decides which bytes pass when;
// this file decides which connections share a link. A forgotten link goes on for the connections
// that have it.

import { Link } from '../../link/link.ts';
import { forgetOldest } from '../../runtime/forget-oldest.ts';

/** Chosen: some 10 MB. */
const MAX_CLIENTS = 16_384;

export class ClientLinks {
  readonly #uplinkBytesPerSecond: number;
  readonly #links = new Map<string, Link>();

  constructor(uplinkBytesPerSecond: number) {
    this.#uplinkBytesPerSecond = uplinkBytesPerSecond;
  }

  of(client: string): Link {
    const uplinkBytesPerSecond = this.#uplinkBytesPerSecond;
    const link = this.#links.get(client) ?? new Link({ uplinkBytesPerSecond });
    this.#links.delete(client);
    this.#links.set(client, link);
    forgetOldest(this.#links, MAX_CLIENTS);
    return link;
  }
}
