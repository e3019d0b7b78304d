// Sends requested pieces at a trickle: never silent, and never done. Named after the attack on web
// servers that keeps connections open by sending a header line now and then.
import { setTimeout as delay } from 'node:timers/promises';
import type { Conduct, Means } from './conduct.ts';
import type { Line } from './line.ts';

/**
 * Bytes sent each time: 100 bytes a second of each piece. A piece of 256 KiB would take three
 * quarters of an hour. Chosen.
 */
const DRIP_BYTES = 25;
const DRIP_MS = 250;

export class SlowLoris implements Conduct {
  readonly #means: Means;
  /** Pieces that are being sent, by stream. */
  readonly #dripping = new Map<Line, Set<number>>();

  constructor(means: Means) {
    this.#means = means;
  }

  handleRequest(line: Line, piece: number, length: number): void {
    const pieces = this.#dripping.get(line) ?? new Set();
    this.#dripping.set(line, pieces.add(piece));
    void this.#drip(line, piece, length);
  }

  handleCancel(line: Line, piece: number): void {
    this.#dripping.get(line)?.delete(piece);
  }

  handleLeft(line: Line): void {
    this.#dripping.delete(line);
  }

  async #drip(line: Line, piece: number, length: number): Promise<void> {
    for (let begin = 0; begin < length; begin += DRIP_BYTES) {
      await delay(DRIP_MS);
      if (!this.#dripping.get(line)?.has(piece)) return;
      const drip = new Uint8Array(Math.min(DRIP_BYTES, length - begin));
      await this.#means.link.send(drip.length);
      line.say({ type: 'block', piece, begin, parts: [drip], length: drip.length });
    }
  }
}
