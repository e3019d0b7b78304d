// How long a piece is. Short pieces spread through a swarm sooner (with M equal
// pieces the last receiver is done no earlier than 1 + floor(log2 N) / M times
// F / u: Mundinger, Weber & Weiss 2008), long ones cost less CPU for each byte
// (measured: 64 KiB pieces twice as much as 256 KiB). So: enough pieces first,
// then longer ones.
import { HubswarmError } from '../runtime/errors.ts';
import { MAX_PIECE_LENGTH } from './geometry.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** The shortest piece accepted; below it headers and hashes outweigh the payload. */
const MIN_PIECE_LENGTH = 16 * KIB;

/** From this total size on (first column, bytes), this piece length (second column). */
const RULE: readonly (readonly [number, number])[] = [
  [256 * MIB, 1 * MIB],
  [32 * MIB, 256 * KIB],
  [16 * MIB, 128 * KIB],
  [0, 64 * KIB],
];

/** The default piece length of content of that many bytes. */
export function choosePieceLength(totalBytes: number): number {
  return RULE.find(([from]) => totalBytes >= from)![1];
}

/** Checks `--chunk-size`: it must be a multiple of 1 KiB, but need not be a power of two. */
export function checkPieceLength(option: string, bytes: number): number {
  if (bytes < MIN_PIECE_LENGTH || bytes > MAX_PIECE_LENGTH || bytes % KIB !== 0) {
    throw new HubswarmError(
      'ERR_USAGE',
      `${option}: ${bytes} bytes is not accepted; give a multiple of 1KiB from 16KiB to 2MiB`,
    );
  }
  return bytes;
}
