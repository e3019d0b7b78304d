// Bounds how many listings are made at once, how many wait, and how many of their bytes lie in
// memory until they are read. Short listings have a lane of their own, so they never wait behind
// those of large directories.

import { household } from '../../hub/access/addresses.ts';
import { Gate } from '../../runtime/gate.ts';
import { Refusal } from '../../runtime/refusal.ts';
import { type Held, HeldBytes } from '../answer/held-bytes.ts';
import type { Conversation } from '../conversation/conversation.ts';

/** Most entries of a short listing. Chosen: a page for a browser, and some. */
const SHORT_ENTRIES = 256;

export class ListingLanes {
  /** Chosen: texts of some 40 KB. */
  readonly #short = new Lane({ atOnce: 8, waiting: 1024, heldBytes: 16 * 2 ** 20 });
  /** Chosen: each holds a core for a tenth of a second, and is some 3 MB long. */
  readonly #long = new Lane({ atOnce: 2, waiting: 64, heldBytes: 32 * 2 ** 20 });

  /** @param entries number of entries that are examined */
  laneOf(entries: number): Lane {
    return entries <= SHORT_ENTRIES ? this.#short : this.#long;
  }
}

interface LaneLimits {
  readonly atOnce: number;
  readonly waiting: number;
  readonly heldBytes: number;
}

export class Lane {
  readonly #gate: Gate;
  readonly #waiting: number;
  /** Number of listings that wait or are made, by client: no client takes all the places. */
  readonly #byHousehold = new Map<string, number>();
  readonly #held: HeldBytes;

  constructor({ atOnce, waiting, heldBytes }: LaneLimits) {
    this.#gate = new Gate(atOnce);
    this.#waiting = waiting;
    this.#held = new HeldBytes(heldBytes);
  }

  /**
   * Makes a text when it is next. Its place is kept until there is room for the text, so at most
   * `atOnce` texts lie beside those that are held. The caller releases it.
   *
   * @throws HttpFailure 503, or the reason why the client is gone
   */
  async make(
    conversation: Conversation,
    body: () => Promise<Uint8Array>,
  ): Promise<{ readonly text: Uint8Array; readonly held: Held }> {
    const client = household(conversation.caller.remote.replace(/:\d+$/, ''));
    const own = this.#byHousehold.get(client) ?? 0;
    if (this.#gate.waiting >= this.#waiting || own >= this.#waiting / 2) {
      throw new Refusal('ERR_BUSY', 'too many listings are being made; try again', {
        retryAfterMs: 1000,
      });
    }
    this.#byHousehold.set(client, own + 1);
    try {
      return await this.#gate.run(async () => {
        const text = await body();
        return { text, held: await this.#held.take(text.length, conversation) };
      }, conversation.signal);
    } finally {
      this.#leave(client);
    }
  }

  #leave(client: string): void {
    const left = this.#byHousehold.get(client)! - 1;
    if (left === 0) this.#byHousehold.delete(client);
    else this.#byHousehold.set(client, left);
  }
}
