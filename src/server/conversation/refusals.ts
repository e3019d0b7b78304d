// Tells of requests that the parser refuses, for the log and the metrics. Whoever sends noise makes
// a bounded number of lines: the others are counted in the next one.

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Emit } from '../../telemetry/event.ts';

/** Most lines in a second. Chosen: as many as people can look through. */
const LINES = 10;
const SECOND_MS = 1000;

export class Refusals {
  readonly #emit: Emit;
  readonly #now: () => number;
  #secondEndsMs = 0;
  #lines = 0;
  #untold = 0;
  /** All of them. */
  count = 0;

  /** @param now a monotonic clock, in ms */
  constructor(emit: Emit, now: () => number = () => performance.now()) {
    this.#emit = emit;
    this.#now = now;
  }

  note(socket: Duplex, status: number, reason: string): void {
    this.count += 1;
    const now = this.#now();
    if (now >= this.#secondEndsMs) {
      this.#secondEndsMs = now + SECOND_MS;
      this.#lines = 0;
    }
    if (this.#lines >= LINES) {
      this.#untold += 1;
      return;
    }
    this.#lines += 1;
    const untold = this.#untold;
    this.#untold = 0;
    const remote = remoteOf(socket);
    this.#emit({
      event: 'request_refused',
      remote,
      status,
      reason,
      ...(untold > 0 ? { untold } : {}),
    });
  }
}

function remoteOf(socket: Duplex): string {
  return socket instanceof Socket ? `${socket.remoteAddress}:${socket.remotePort}` : 'unknown';
}
