// Holds requests that came before the requests ahead of them on their connection were answered.
// Each begins in its turn (RFC 9112 section 9.3.2). A client that sends and does not read must not
// fill our memory. So a connection with a few waiting requests is read no further. Node.js still
// parses what it has read, up to 64 KiB, and heads may be very short. So the number of waiting
// requests is bounded for all connections together, and a connection that exceeds it is cut.
// Immediate answers would let one connection keep the event loop for all that Node.js reads in one
// turn, 2 MiB. So after a few answers it waits for the next turn.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { guarded } from '../../runtime/guarded.ts';

/** Waiting requests of a connection, beyond which it is not read. Chosen. */
const MOST_WAITING = 16;
/** Further waiting requests, of all connections together: they take some 2 KiB each. Chosen. */
const MOST_EXCESS = 16_384;
/** Requests of a connection begun in one turn of the event loop: some 2 ms. Chosen. */
const MOST_IN_TURN = 32;

interface Line {
  waiting: number;
  /** The turn of the event loop in which it last began a request, and how many in that turn. */
  turn: number;
  begun: number;
  /** Whether the connection is not read: `resume` does nothing. */
  held: boolean;
  /** Whether no request follows those that wait. */
  ended: boolean;
}

/** The first request of its connection, which waits for the next turn of the event loop. */
interface Deferred {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly begin: () => void;
}

export class Pipelines {
  readonly #lines = new WeakMap<Duplex, Line>();
  /** Connections whose next head is late because we did not read, and until when it may come. */
  readonly #late = new Map<Duplex, NodeJS.Timeout | undefined>();
  readonly #headersWithinMs: number;
  #excess = 0;
  #deferred = new Map<Duplex, Deferred>();
  #turn = 0;
  #turnEnd: NodeJS.Immediate | undefined;

  constructor(options: { headersWithinMs: number }) {
    this.#headersWithinMs = options.headersWithinMs;
  }

  /** Begins a request, now or in its turn. */
  take(req: IncomingMessage, res: ServerResponse, begin: () => void): void {
    const { socket } = req;
    if (this.#late.size > 0) this.#forgetLate(socket);
    const line = this.#lineOf(socket);
    const isFirst = res.socket !== null;
    if (isFirst && this.#mayBegin(line)) return begin();
    if (line.waiting >= MOST_WAITING && this.#excess >= MOST_EXCESS) {
      socket.destroy();
      return;
    }
    this.#count(line, 1);
    if (line.waiting >= MOST_WAITING) this.#hold(socket, line);
    const turn = guarded('beginning a request', () => {
      if (!this.#mayBegin(line)) {
        this.#deferred.set(socket, { req, res, begin: turn });
        return;
      }
      this.#count(line, -1);
      if (line.waiting < MOST_WAITING) this.#release(socket, line);
      begin();
    });
    if (isFirst) turn();
    else res.once('socket', turn);
  }

  /** The request of that connection that waits for the event loop's next turn. */
  deferred(socket: Duplex): Pick<Deferred, 'req' | 'res'> | undefined {
    return this.#deferred.get(socket);
  }

  /**
   * Says that no request follows: the connection is not read further. Returns false if that was
   * said before.
   */
  end(socket: Duplex): boolean {
    const line = this.#lineOf(socket);
    if (line.ended) return false;
    line.ended = true;
    this.#hold(socket, line);
    return true;
  }

  /** The connection belongs to another protocol now and has no more requests. */
  leave(socket: Duplex): void {
    const line = this.#lines.get(socket);
    if (!line) return;
    this.#lines.delete(socket);
    if (line.held) Reflect.deleteProperty(socket, 'resume');
    line.held = false;
  }

  /** Whether a head is late because we did not read: then it gets as much time again. */
  excuses(socket: Duplex): boolean {
    const line = this.#lines.get(socket);
    if (!line?.held || line.ended) return false;
    this.#late.set(socket, undefined);
    return true;
  }

  /** Counts a request that begins. False if its connection has used up this turn. */
  #mayBegin(line: Line): boolean {
    if (line.turn !== this.#turn) {
      line.turn = this.#turn;
      line.begun = 0;
    }
    if (line.begun >= MOST_IN_TURN) return false;
    line.begun++;
    this.#turnEnd ??= setImmediate(this.#endTurn);
    return true;
  }

  readonly #endTurn = guarded('ending a turn', () => {
    this.#turnEnd = undefined;
    this.#turn++;
    const deferred = this.#deferred;
    this.#deferred = new Map();
    for (const [socket, { begin }] of deferred) if (socket.writable) begin();
  });

  #lineOf(socket: Duplex): Line {
    const known = this.#lines.get(socket);
    if (known) return known;
    const line: Line = { waiting: 0, turn: 0, begun: 0, held: false, ended: false };
    this.#lines.set(socket, line);
    const close = guarded('closing a connection', () => {
      this.#count(line, -line.waiting);
      this.#deferred.delete(socket);
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

  /**
   * Node.js resumes a connection after each head and each flushed answer, so pausing it is not
   * enough.
   */
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
