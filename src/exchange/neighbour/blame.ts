// Which neighbour is to blame, and when it is banned. Bytes that fail their hash are the
// sender's fault: the stream is authenticated, and a piece comes whole from one neighbour.
// One bad piece can be a dying disk; two are a ban. Bad pieces are counted by PeerId and
// not by stream: otherwise a poisoner would only have to call again. A slow or silent
// neighbour breaks no rule. It is banned only when its grants bring nothing, several
// times in a row.
import { forgetOldest } from '../../runtime/forget-oldest.ts';

/** So many bad pieces ban a neighbour. */
const BAD_PIECES = 2;
/** A neighbour is banned after so many stalls in a row; each took all its requests back. */
const STALLS = 4;
/** Blocks allowed that were neither asked for nor explained by a cancel. */
const STRAY_BLOCKS = 4;
/** Remembered PeerIds with a bad piece. Beyond that the oldest is forgotten. Chosen. */
const MOST_REMEMBERED = 4096;

/** Bad pieces by PeerId, as long as the session lives. */
export class Blame {
  readonly #badPieces = new Map<string, number>();

  /** Counts a bad piece. Returns the reason to ban the peer, if it was one too many. */
  noteBadPiece(peer: string): string | undefined {
    const count = (this.#badPieces.get(peer) ?? 0) + 1;
    this.#badPieces.delete(peer);
    this.#badPieces.set(peer, count);
    forgetOldest(this.#badPieces, MOST_REMEMBERED);
    return count >= BAD_PIECES ? `${count} pieces with wrong bytes` : undefined;
  }

  /**
   * Number of pieces that may be on their way from a peer, or being verified, at once: as
   * many as it may spoil, and one more for each good piece. So a poisoner spoils at most two
   * pieces, however many grants it offers. A good peer that turns bad spoils at most as many
   * as it gave.
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
