// Answers every request in full, in time and in order, with wrong bytes: this costs a receiver most
// before it can know.
import { randomFillSync } from 'node:crypto';
import type { Conduct, Means } from './conduct.ts';
import type { Line } from './line.ts';

export class Poison implements Conduct {
  readonly #means: Means;

  constructor(means: Means) {
    this.#means = means;
  }

  handleRequest({ stream: wire }: Line, piece: number, length: number): void {
    this.#means.uploads.add({
      wire,
      piece,
      length,
      read: (into) => Promise.resolve(randomFillSync(into)),
      finished: () => {},
      failed: () => {},
      stalled: () => {},
    });
  }

  handleCancel({ stream }: Line, piece: number): void {
    this.#means.uploads.stop(stream, piece);
  }

  handleLeft({ stream }: Line): void {
    this.#means.uploads.stop(stream);
  }
}
