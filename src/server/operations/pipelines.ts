// Requests that came before the answers to those ahead of them on their connection: each
// begins when it is its turn (RFC 9112 section 9.3.2). Who sends and does not read must not
// fill our memory, so a connection with a few of them is read no further until there are
// fewer. What Node.js has read by then, 64 KiB, it parses to the end, and heads may be very
// short: what those take is bounded for all connections together, and one that goes beyond
// is cut.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { guarded } from '../../runtime/guarded.ts';

/** Of a connection, before it is read no further. Chosen. */
const MOST_WAITING = 16;
/** Beyond those of each connection, of all together: they take some 2 KiB each. Chosen. */
const MOST_EXCESS = 16_384;

interface Line {
  waiting: number;
  /** Not read: `resume` does nothing. */
  held: boolean;
  /** Nothing behind what waits is a request. */
  ended: boolean;
}

export class Pipelines {
  readonly #lines = new WeakMap<Duplex, Line>();
  /** Connections whose next head is late by our not reading on, and when it must be whole. */
  readonly #late = new Map<Duplex, NodeJS.Timeout | undefined>();
  readonly #headersWithinMs: number;
  #excess = 0;

  constructor(options: { headersWithinMs: number }) {
    this.#headersWithinMs = options.headersWithinMs;
  }

  /** Begins a request, now or when it is its turn. */
  take({ socket }: IncomingMessage, res: ServerResponse, begin: () => void): void {
    if (this.#late.size > 0) this.#forgetLate(socket);
    if (res.socket !== null) return begin();
    const line = this.#lineOf(socket);
    if (line.waiting >= MOST_WAITING && this.#excess >= MOST_EXCESS) {
      socket.destroy();
      return;
    }
    this.#count(line, 1);
    if (line.waiting >= MOST_WAITING) this.#hold(socket, line);
    const turn = guarded('beginning a request', () => {
      this.#count(line, -1);
      if (line.waiting < MOST_WAITING) this.#release(socket, line);
      begin();
    });
    res.once('socket', turn);
  }

  /** What comes next is no request: it is read no further. False when that was said before. */
  end(socket: Duplex): boolean {
    const line = this.#lineOf(socket);
    if (line.ended) return false;
    line.ended = true;
    this.#hold(socket, line);
    return true;
  }

  /** The connection is another protocol's, and has no more requests. */
  leave(socket: Duplex): void {
    const line = this.#lines.get(socket);
    if (!line) return;
    this.#lines.delete(socket);
    if (line.held) Reflect.deleteProperty(socket, 'resume');
    line.held = false;
  }

  /**
   * Whether a head that did not come in time was kept from coming by us: then it has as
   * long again once it is read.
   */
  excuses(socket: Duplex): boolean {
    const line = this.#lines.get(socket);
    if (!line?.held || line.ended) return false;
    this.#late.set(socket, undefined);
    return true;
  }

  #lineOf(socket: Duplex): Line {
    const known = this.#lines.get(socket);
    if (known) return known;
    const line: Line = { waiting: 0, held: false, ended: false };
    this.#lines.set(socket, line);
    const close = guarded('closing a connection', () => {
      this.#count(line, -line.waiting);
      this.#forgetLate(socket);
    });
    socket.once('close', close);
    return line;
  }

  #count(line: Line, change: number): void {
    const before = Math.max(0, line.waiting - MOST_WAITING);
    line.waiting += change;
    this.#excess += Math.max(0, line.waiting - MOST_WAITING) - before;
  }

  /** Node.js resumes a connection behind each head and each flushed answer, so pausing alone does not do. */
  #hold(socket: Duplex, line: Line): void {
    if (line.held) return;
    line.held = true;
    socket.pause();
    socket.resume = () => socket;
  }

  #release(socket: Duplex, line: Line): void {
    if (!line.held || line.ended) return;
    line.held = false;
    Reflect.deleteProperty(socket, 'resume');
    if (this.#late.has(socket)) {
      const cut = guarded('waiting for a head', () => {
        socket.destroy();
      });
      this.#late.set(socket, setTimeout(cut, this.#headersWithinMs).unref());
    }
    socket.resume();
  }

  #forgetLate(socket: Duplex): void {
    clearTimeout(this.#late.get(socket));
    this.#late.delete(socket);
  }
}
