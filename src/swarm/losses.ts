// Files that this peer serves and that are not what they were: says so, takes back what was
// announced, and looks whether they are back: soon when a peer asks, and else ever more seldom.
import type { CID } from 'multiformats/cid';
import { Bitfield } from '../content/bitfield.ts';
import type { FilePieces, Loss, PieceStore, Return } from '../content/store.ts';
import type { SessionEvent } from '../exchange/event.ts';
import type { Cancel, Timers } from '../runtime/clock.ts';
import { unawaited } from '../runtime/guarded.ts';
import type { Emit } from '../telemetry/event.ts';
import { LossLines } from './loss-lines.ts';

/** Least time between two looks, and most. Chosen. */
const SOON_MS = 5000;
const SELDOM_MS = 60_000;
/** Pieces announced at once, and time until the next: half of what a neighbour takes for a flood. */
const AT_ONCE = 16_384;
const NEXT_MS = 500;
/** Most paths that are named. Chosen. */
const MOST_PATHS = 8;

export interface LossesInit {
  readonly cid: CID;
  readonly store: PieceStore;
  readonly clock: Timers;
  readonly emit: Emit;
  /** Tells the session. */
  readonly step: (event: SessionEvent) => void;
}

/** The pieces that are here and those that are lost: the others are to be fetched. */
export function everHere({ have, losses = [] }: PieceStore): Bitfield {
  if (losses.length === 0) return have;
  const all = Bitfield.tryFrom(have.toBytes(), have.length)!;
  for (const { first, count } of losses) all.addRun(first, count);
  return all;
}

export class Losses {
  readonly #init: LossesInit;
  readonly #lines: LossLines<string>;
  /** Pieces that are back, and are still to be announced. */
  readonly #returned: FilePieces[] = [];
  #cancelLook: Cancel | undefined;
  #cancelTelling: Cancel | undefined;
  #looking = false;
  #lookedAt: number;
  #waitMs = SOON_MS;
  #closed = false;

  constructor(init: LossesInit) {
    this.#init = init;
    const tell = (what: string): void =>
      init.emit({ event: 'warned', message: `served no more: ${what}` });
    this.#lines = new LossLines(init.clock, { name: tell, count: tell });
    this.#lookedAt = init.clock.now();
    const { store, step } = init;
    for (const loss of store.losses ?? []) step({ type: 'pieces_lost', ...loss });
    store.watchLosses?.((loss) => this.#handleLoss(loss));
    store.watchReturns?.((returns) => this.#handleReturns(returns));
    this.seekSoon();
  }

  /** Must be called when a peer asks for what may be lost. */
  seekSoon(): void {
    this.#waitMs = SOON_MS;
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#cancelLook?.();
    this.#cancelTelling?.();
    this.#lines.close();
  }

  #handleLoss(loss: Loss): void {
    if (this.#closed) return;
    const { clock, step } = this.#init;
    if (loss.message !== undefined) this.#lines.handleLoss(loss.message);
    step({ type: 'pieces_lost', ...loss });
    if (this.#cancelLook || this.#looking) return;
    this.#lookedAt = clock.now();
    this.seekSoon();
  }

  #schedule(): void {
    const { store, clock } = this.#init;
    if (this.#closed || this.#looking || !store.losses?.length) return;
    this.#cancelLook?.();
    const waitMs = Math.max(0, this.#lookedAt + this.#waitMs - clock.now());
    this.#cancelLook = clock.after(waitMs, 'looking for lost files', () =>
      unawaited('looking for lost files', this.#look()),
    );
  }

  async #look(): Promise<void> {
    this.#looking = true;
    this.#cancelLook = undefined;
    this.#waitMs = Math.min(2 * this.#waitMs, SELDOM_MS);
    await this.#init.store.seekLost?.();
    this.#looking = false;
    this.#lookedAt = this.#init.clock.now();
    this.#schedule();
  }

  #handleReturns(returns: readonly Return[]): void {
    if (this.#closed) return;
    const paths = returns.flatMap(({ path }) => path ?? []);
    if (paths.length > 0) {
      const cid = this.#init.cid.toString();
      const files = paths.length;
      this.#init.emit({ event: 'files_returned', cid, files, paths: paths.slice(0, MOST_PATHS) });
    }
    this.#returned.push(...returns);
    this.#waitMs = SOON_MS;
    if (this.#cancelTelling === undefined) this.#announce();
  }

  /** Some at a time. What is lost again meanwhile is left out. */
  #announce(): void {
    this.#cancelTelling = undefined;
    const { store, step, clock } = this.#init;
    for (let left = AT_ONCE; left > 0; ) {
      const next = this.#returned.shift();
      if (!next) return;
      const { first } = next;
      const count = Math.min(left, next.count);
      if (!store.have.has(first)) continue;
      step({ type: 'pieces_returned', first, count });
      left -= count;
      if (count < next.count)
        this.#returned.unshift({ first: first + count, count: next.count - count });
    }
    this.#cancelTelling = clock.after(NEXT_MS, 'announcing pieces', () => this.#announce());
  }
}
