// Reports what a download lacks: pieces that none of its neighbours has. For a moment that is
// normal, since pieces spread. If no piece comes any more, the download waits for these pieces:
// that is reported once when it begins and once when it ends.
import type { CID } from 'multiformats/cid';
import { LOSS_WORDS, type LossReason } from '../content/store.ts';
import { describeRanges, rangesOf } from '../runtime/ranges.ts';
import type { Emit } from '../telemetry/event.ts';
import type { SessionView } from './session-view.ts';

/**
 * Time without a new piece after which the download waits for pieces that no neighbour has. Chosen.
 */
const LACKING_AFTER_MS = 2000;

type View = Pick<
  SessionView,
  'missingPieces' | 'unavailablePieces' | 'listUnavailable' | 'neighbourCount'
>;

export class Lack {
  readonly #view: View;
  readonly #cid: string;
  readonly #emit: Emit;
  /** The last files of which missing pieces were taken back. */
  #withdrawn = '';
  #lacking = false;

  constructor(view: View, cid: CID, emit: Emit) {
    this.#view = view;
    this.#cid = cid.toString();
    this.#emit = emit;
  }

  get isLacking(): boolean {
    return this.#lacking;
  }

  /** Must be called a few times a second, with the time since the last new piece. */
  look(idleMs: number): void {
    const { unavailablePieces: pieces, neighbourCount: neighbours } = this.#view;
    const lacking = pieces > 0 && idleMs >= LACKING_AFTER_MS;
    if (lacking === this.#lacking) return;
    this.#lacking = lacking;
    const cid = this.#cid;
    if (!lacking) return this.#emit({ event: 'pieces_found', cid });
    const ranges = rangesOf(this.#view.listUnavailable());
    this.#emit({ event: 'pieces_lacked', cid, pieces, ranges, neighbours });
  }

  /** Notes why missing pieces are gone. @param names of the files */
  noteWithdrawn(names: readonly string[], reason: LossReason): void {
    this.#withdrawn = `; ${names.join(', ')} ${LOSS_WORDS[reason]} where it was shared`;
  }

  /** The missing pieces, in one line. */
  describe(): string {
    return this.#describe() + (this.#view.unavailablePieces > 0 ? this.#withdrawn : '');
  }

  #describe(): string {
    const { missingPieces: missing, neighbourCount, unavailablePieces } = this.#view;
    if (unavailablePieces === 0) return `${missing} pieces missing, and no peer is sending`;
    const ranges = describeRanges(rangesOf(this.#view.listUnavailable()));
    if (neighbourCount === 0) return `no peer to get ${missing} missing pieces from: ${ranges}`;
    return `${unavailablePieces} of ${missing} missing pieces are with none of ${neighbourCount} peers: ${ranges}`;
  }
}
