// How much of a piece a sender hands to the network at once. Each block costs a
// timer, an encryption and a wake-up at the other end; but a cap holds no finer than
// by blocks, and what else the neighbour is told waits behind one.
import { MAX_BLOCK_LENGTH } from './message.ts';

/** An uplink's time for a block: under a tenth of a second in any second. */
const BLOCK_MS = 60;
/** Each block costs 40 bytes of framing and a system call. */
const LEAST_BLOCK_LENGTH = 1024;

/** Bytes; the piece's length comes out in equal blocks. Infinity is a rate without a cap. */
export function blockLength(pieceLength: number, uplinkBytesPerSecond: number): number {
  const fitting = Math.min(MAX_BLOCK_LENGTH, (uplinkBytesPerSecond * BLOCK_MS) / 1000);
  const blocks = Math.ceil(pieceLength / Math.max(LEAST_BLOCK_LENGTH, fitting));
  return Math.ceil(pieceLength / blocks);
}
