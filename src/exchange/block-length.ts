// How many bytes of a piece a sender hands to the network at once. Each block costs a timer,
// an encryption and a wake-up at the other end, so blocks should be long. But a cap holds no
// finer than by blocks, and control messages wait behind a block, so they should be short.
import { MAX_BLOCK_LENGTH } from './wire/message.ts';

/** The uplink's time for one block. Chosen: a cap is missed by less than a tenth of a second. */
const BLOCK_MS = 60;
/** Each block costs 40 bytes of framing and a system call. */
const LEAST_BLOCK_LENGTH = 1024;

/**
 * Bytes of a block, so that the piece is cut into equal blocks.
 *
 * @param uplinkBytesPerSecond Infinity without a cap
 */
export function blockLength(pieceLength: number, uplinkBytesPerSecond: number): number {
  const fitting = Math.min(MAX_BLOCK_LENGTH, (uplinkBytesPerSecond * BLOCK_MS) / 1000);
  const blocks = Math.ceil(pieceLength / Math.max(LEAST_BLOCK_LENGTH, fitting));
  return Math.ceil(pieceLength / blocks);
}
