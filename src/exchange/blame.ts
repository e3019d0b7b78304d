// Who is to blame, and for how much. Bytes that fail their hash are the sender's
// doing: the stream is authenticated, and a piece comes whole from one neighbour.
// Once can be a dying disk; twice is reason enough. Bad pieces are counted by PeerId
// and not by stream, or a poisoner would only have to call again. A neighbour that
// is slow or silent breaks no rule: it is left to its own pace, and only banned when
// nothing comes of its turns again and again.
import { forgetOldest } from '../runtime/forget-oldest.ts';

/** Bad pieces until a neighbour is banned. */
const BAD_PIECES = 2;
/** Times in a row that everything on its way from a neighbour was taken back. */
const STALLS = 4;
/** Blocks nobody asked for beyond those a cancel explains. */
const STRAY_BLOCKS = 4;
/** PeerIds with a bad piece that are remembered; then the oldest is forgiven. Chosen. */
const MOST_REMEMBERED = 4096;

/** Bad pieces by PeerId, as long as the session lives. */
export class Blame {
  readonly #badPieces = new Map<string, number>();

  /** Returns the reason to ban the peer, when this one was too many. */
  noteBadPiece(peer: string): string | undefined {
    const count = (this.#badPieces.get(peer) ?? 0) + 1;
    this.#badPieces.delete(peer);
    this.#badPieces.set(peer, count);
    forgetOldest(this.#badPieces, MOST_REMEMBERED);
    return count >= BAD_PIECES ? `${count} pieces with wrong bytes` : undefined;
  }

  /**
   * Pieces that may be on their way from a peer, or being verified, at once: as many
   * as it may spoil, and one more for each that was good. So a poisoner spoils no
   * more than two, however many turns it offers, and one that turns bad no more than
   * it gave.
   */
  trust(peer: string, goodPieces: number): number {
    return BAD_PIECES - (this.#badPieces.get(peer) ?? 0) + goodPieces;
  }
}

export function blameForStalls(stalls: number): string | undefined {
  return stalls >= STALLS ? `offered pieces and sent nothing, ${stalls} times` : undefined;
}

export function blameForStrayBlocks(blocks: number): string | undefined {
  return blocks > STRAY_BLOCKS ? 'sends blocks that were not asked for' : undefined;
}
