// Sends more than the protocol allows: at once a frame that declares 4 GiB; and, when asked for a
// piece, a block that is one byte too long.
import type { Conduct, Means } from './conduct.ts';
import type { Line } from './line.ts';

/** u32 length, u8 type (7, a block): the header of a frame that never comes. */
const FRAME_OF_4_GIB = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 7);

export class Oversize implements Conduct {
  readonly #means: Means;
  #met = 0;

  constructor(means: Means) {
    this.#means = means;
  }

  handleMet({ stream }: Line): void {
    if (this.#met++ % 2 === 0) stream.send([FRAME_OF_4_GIB]);
  }

  handleRequest(line: Line, piece: number, length: number): void {
    void this.#answer(line, piece, length + 1);
  }

  async #answer(line: Line, piece: number, length: number): Promise<void> {
    await this.#means.link.send(length);
    line.say({ type: 'block', piece, begin: 0, parts: [new Uint8Array(length)], length });
  }
}
