// Files that a neighbour had, and has no more: says which and why, and takes note for the error that
// may follow. Of thousands only the first few are named.
import type { CID } from 'multiformats/cid';
import type { LossReason } from '../content/store.ts';
import type { Timers } from '../runtime/clock.ts';
import type { Emit, Event } from '../telemetry/event.ts';
import { LossLines } from './loss-lines.ts';

type Withdrawn = Extract<Event, { event: 'pieces_withdrawn' }>;

export interface WithdrawalsInit {
  readonly cid: CID;
  /** Name of the content. */
  readonly name?: string | undefined;
  readonly clock: Timers;
  readonly emit: Emit;
}

export interface Withdrawal {
  readonly neighbour: string;
  /** Number of pieces that are missing here. */
  readonly pieces: number;
  /** The first paths that they lie in; none if the content is one file. */
  readonly paths: string[];
  readonly reason: LossReason;
}

export class Withdrawals {
  readonly #init: WithdrawalsInit;
  readonly #lines: LossLines<Withdrawn>;

  constructor(init: WithdrawalsInit) {
    this.#init = init;
    const { clock, emit } = init;
    this.#lines = new LossLines(clock, {
      name: emit,
      count: (more) =>
        emit({ event: 'warned', message: `no more with peers that had them: ${more}` }),
    });
  }

  handle({ neighbour, pieces, paths, reason }: Withdrawal): void {
    const { cid, name } = this.#init;
    const told = { cid: cid.toString(), remote: neighbour, pieces, paths, reason };
    const named = paths.length === 0 && name ? { name } : {};
    this.#lines.handleLoss({ event: 'pieces_withdrawn', ...told, ...named });
  }

  close(): void {
    this.#lines.close();
  }
}
