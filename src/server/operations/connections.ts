// Makes the server with its limits (limits.ts), and counts its connections, for each address too. A
// refused connection is closed before a byte is read.
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Server as NetServer, Socket } from 'node:net';
import { normalAddress } from '../../hub/access/address-rules.ts';
import { household } from '../../hub/access/addresses.ts';
import { guarded } from '../../runtime/guarded.ts';
import type { Certificate } from '../tls/certificate.ts';
import { listenerOptions } from '../tls/tls.ts';
import type { Limits } from './limits.ts';

/** How often Node.js looks for late heads; short limits need more frequent looks. */
const CHECK_EVERY_MS = 1000;

/**
 * A client that closes its sending side after the request (`nc -N`, shutdown()) still gets its
 * answer. A client that is gone is found by the reset of the first byte.
 */
const HALF_OPEN = { httpAllowHalfOpen: true };
/** Without it a TLS connection ends when the client's side does; node:http sets it by itself. */
const TLS_HALF_OPEN = { allowHalfOpen: true };

/** Options of node:http and node:https for these limits. */
function serverOptions(limits: Limits) {
  return {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersWithinMs,
    connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, limits.headersWithinMs),
    keepAliveTimeout: limits.idleMs,
    // It would end long uploads; receive-body.ts watches their pace instead.
    requestTimeout: 0,
    // request-framing.ts answers a request that lacks it.
    requireHostHeader: false,
    noDelay: true,
  };
}

/** @param certificate for HTTPS; plain HTTP if left out */
export function createLimitedServer(limits: Limits, certificate?: Certificate): Server {
  const options = serverOptions(limits);
  if (!certificate) return Object.assign(createServer(options), HALF_OPEN);
  const tls = listenerOptions(certificate, limits.headersWithinMs);
  const server = createSecureServer({ ...options, ...tls, ...TLS_HALF_OPEN });
  return Object.assign(server, HALF_OPEN);
}

/** The connections of a server, counted and, by address, bounded. */
export class Connections {
  readonly #byAddress = new Map<string, number>();
  readonly #counted = new WeakSet<Socket>();
  #open = 0;
  #refused = 0;

  /** @param server not listening yet; HTTP or HTTPS */
  constructor(server: NetServer, limits: Limits) {
    server.maxConnections = limits.maxConnections;
    const drop = guarded('counting a refusal', () => this.#refused++);
    server.on('drop', drop);
    const meet = guarded('counting a connection', (socket: Socket) => {
      // The same connection may come again (upgrade.ts).
      if (this.#counted.has(socket)) return;
      this.#counted.add(socket);
      this.#open++;
      const leave = guarded('counting a connection', () => this.#open--);
      socket.once('close', leave);
      this.#hold(socket, limits.maxConnectionsPerAddress);
    });
    server.on('connection', meet);
  }

  get open(): number {
    return this.#open;
  }

  /** Number of connections closed before a byte was read. */
  get refused(): number {
    return this.#refused;
  }

  #hold(socket: Socket, most: number): void {
    const key = household(normalAddress(socket.remoteAddress ?? ''));
    const count = this.#byAddress.get(key) ?? 0;
    if (count >= most) {
      this.#refused++;
      socket.destroy();
      return;
    }
    this.#byAddress.set(key, count + 1);
    const leave = guarded('counting connections of an address', () => {
      const left = this.#byAddress.get(key)! - 1;
      if (left === 0) this.#byAddress.delete(key);
      else this.#byAddress.set(key, left);
    });
    socket.once('close', leave);
  }
}
