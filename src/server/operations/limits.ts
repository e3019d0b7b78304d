// How many connections there may be, and how long each may take over a request's
// head or idle between two: what keeps slow and greedy clients (slow-loris) from
// taking all the places. Kept by connections.ts and node:http; bodies are paced
// elsewhere (exchange.ts, receive-body.ts).

export interface Limits {
  readonly maxConnections: number;
  /** IPv6 addresses count by /64, which is what one client has. */
  readonly maxConnectionsPerAddress: number;
  readonly maxHeaderBytes: number;
  /** From the first byte (or the connection) to the end of a request's head. */
  readonly headersWithinMs: number;
  /** Between an answer and the next request. */
  readonly idleMs: number;
  /** Of /events, of all three kinds together; the next one is told to come later. */
  readonly maxSubscribers: number;
}

/** Chosen: an idle connection takes some 10 KiB, so these 40 MiB. */
const MAX_CONNECTIONS = 4096;

export const DEFAULT_LIMITS: Limits = {
  maxConnections: MAX_CONNECTIONS,
  // Nobody alone takes all the places.
  maxConnectionsPerAddress: MAX_CONNECTIONS / 2,
  // As Node.js and most servers have it.
  maxHeaderBytes: 16 * 1024,
  // A head comes in one packet; who takes longer holds sockets open.
  headersWithinMs: 5000,
  // Chosen: between a page and the next click, without keeping sockets of clients that left.
  idleMs: 15_000,
  // Chosen: each holds a connection, and every event is written to all.
  maxSubscribers: 1000,
};
