// Limits of connections: how many there may be, and how long each may take for a request's head or
// idle between two. They keep slow and greedy clients (slow-loris) from taking all the places.
// connections.ts and node:http apply them; bodies are paced elsewhere (receive-body.ts).

export interface Limits {
  readonly maxConnections: number;
  /** Most connections of an address; IPv6 counts by /64, which one client has. */
  readonly maxConnectionsPerAddress: number;
  readonly maxHeaderBytes: number;
  /** Limit from the first byte (or the connection) to the end of a request's head, in ms. */
  readonly headersWithinMs: number;
  /** Limit between an answer and the next request, in ms. */
  readonly idleMs: number;
  /** Most subscribers to /events, of all three ways together. */
  readonly maxSubscribers: number;
}

/** Chosen: an idle connection takes some 10 KiB, so these 40 MiB. */
const MAX_CONNECTIONS = 4096;

export const DEFAULT_LIMITS: Limits = {
  maxConnections: MAX_CONNECTIONS,
  // No client takes all the places.
  maxConnectionsPerAddress: MAX_CONNECTIONS / 2,
  // The same as in Node.js and most servers.
  maxHeaderBytes: 16 * 1024,
  // A head comes in one packet; a slow client holds sockets open.
  headersWithinMs: 5000,
  // Chosen: the time between a page and the next click.
  idleMs: 15_000,
  // Chosen: each holds a connection, and every notification is written to all.
  maxSubscribers: 1000,
};
