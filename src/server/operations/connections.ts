// The server within its limits (limits.ts), and its connections: counted, and by
// address bounded. A refused one is closed before a byte is read.
import { createServer, type Server } from 'node:http';
import type { Server as NetServer, Socket } from 'node:net';
import type { Limits } from './limits.ts';

/** How often Node.js looks for heads that are late; short limits are looked after more often. */
const CHECK_EVERY_MS = 1000;

/** Options of node:http and node:https for these limits. */
export function serverOptions(limits: Limits) {
  return {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersWithinMs,
    connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, limits.headersWithinMs),
    keepAliveTimeout: limits.idleMs,
    // It would end long uploads; receive-body.ts watches their pace instead.
    requestTimeout: 0,
    noDelay: true,
  };
}

export function createLimitedServer(limits: Limits): Server {
  return createServer(serverOptions(limits));
}

/** The connections of a server, counted and, by address, bounded. */
export class Connections {
  readonly #byAddress = new Map<string, number>();
  readonly #counted = new WeakSet<Socket>();
  #open = 0;
  #refused = 0;

  /** @param server not listening yet; of TLS as well. */
  constructor(server: NetServer, limits: Limits) {
    server.maxConnections = limits.maxConnections;
    server.on('drop', () => this.#refused++);
    server.on('connection', (socket: Socket) => {
      // One may be given back to the server (upgrade.ts).
      if (this.#counted.has(socket)) return;
      this.#counted.add(socket);
      this.#open++;
      socket.once('close', () => this.#open--);
      this.#hold(socket, limits.maxConnectionsPerAddress);
    });
  }

  get open(): number {
    return this.#open;
  }

  /** Closed before a byte was read. */
  get refused(): number {
    return this.#refused;
  }

  #hold(socket: Socket, most: number): void {
    const key = addressKey(socket.remoteAddress ?? '');
    const count = this.#byAddress.get(key) ?? 0;
    if (count >= most) {
      this.#refused++;
      socket.destroy();
      return;
    }
    this.#byAddress.set(key, count + 1);
    socket.once('close', () => {
      const left = this.#byAddress.get(key)! - 1;
      if (left === 0) this.#byAddress.delete(key);
      else this.#byAddress.set(key, left);
    });
  }
}

/** What one client may be taken to have: an IPv4 address, or the /64 of an IPv6 one. */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  const groups = tail === undefined ? left : [...left, ...zeros, ...right];
  return groups.slice(0, 4).join(':');
}
