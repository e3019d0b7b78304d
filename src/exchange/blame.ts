// Bytes that fail their hash are the sender's doing: the stream is authenticated,
// and a piece comes whole from one neighbour. Once can be a dying disk; twice is
// reason enough.

/** Bad pieces until a neighbour is banned. */
const BAD_PIECES = 2;
/** Times nothing came for a piece that a neighbour said it had. */
const SNUBS = 4;
/** Blocks nobody asked for beyond those a cancel explains. */
const STRAY_BLOCKS = 4;

export function blameForBadPiece(badPieces: number): string | undefined {
  return badPieces >= BAD_PIECES ? `${badPieces} pieces with wrong bytes` : undefined;
}

export function blameForSnubs(snubs: number): string | undefined {
  return snubs >= SNUBS ? `sent nothing for ${snubs} pieces that it said it has` : undefined;
}

export function blameForStrayBlocks(blocks: number): string | undefined {
  return blocks > STRAY_BLOCKS ? 'sends blocks that were not asked for' : undefined;
}
