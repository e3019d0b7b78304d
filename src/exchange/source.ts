// What is expected of a neighbour that sends: how many pieces may be on their way
// from it, how long it is waited for, when it is asked again.
import type { Blame } from './blame.ts';
import type { Neighbour } from './neighbour.ts';

/** Nothing to speak of from a source for this long, or a multiple of its usual time: it stalls. */
const STALL_MS = 5000;
const STALL_FACTOR = 4;
/** Less than this in that time is nothing. Chosen. */
const NOTABLE_BYTES = 16 * 1024;
/** Until a source has sent a piece nobody knows how slow its uplink is. */
const FIRST_PIECE_MS = 20_000;
/** Pieces on their way from a neighbour one of whose is slow. */
const SLOW_FETCHES = 2;
/** Wait for the next request after one was revoked, doubled by each in a row. Chosen. */
const REVOKED_MS = 25;
const LONGEST_REVOKED_MS = 30_000;
/** The same for one that is doubted. Chosen. */
const DOUBT_MS = 1000;
const LONGEST_DOUBT_MS = 60_000;

/** Whether one more piece may be on its way from this neighbour. */
export function mayAsk(neighbour: Neighbour, blame: Blame, now: number): boolean {
  const { id, fetches, slowFetches, storing, goodPieces, stalls } = neighbour;
  if (now < neighbour.asksFrom) return false;
  const open = fetches.size + storing;
  if (stalls > 0 || isDoubted(neighbour)) return open < 1;
  if (slowFetches > 0) return open < SLOW_FETCHES;
  return open < blame.trust(id, goodPieces);
}

/** It sent a block, the last one of a piece or not. */
export function noteProgress(
  neighbour: Neighbour,
  bytes: number,
  isLast: boolean,
  now: number,
): void {
  neighbour.progressBytes += bytes;
  if (neighbour.progressBytes < NOTABLE_BYTES && !isLast) return;
  neighbour.progressAt = now;
  neighbour.progressBytes = 0;
}

export function isStalled(neighbour: Neighbour, now: number): boolean {
  const [oldest] = neighbour.fetches.values();
  if (!oldest) return false;
  return now - Math.max(oldest.requestedAt, neighbour.progressAt) > patience(neighbour);
}

function patience({ pieceMs }: Neighbour): number {
  return pieceMs === undefined ? FIRST_PIECE_MS : Math.max(STALL_MS, STALL_FACTOR * pieceMs);
}

/** Whether nothing to speak of came for so long from one that has never given a piece. */
export function isSilent(neighbour: Neighbour, ms: number, now: number): boolean {
  const [oldest] = neighbour.fetches.values();
  if (!oldest || neighbour.goodPieces > 0) return false;
  return now - Math.max(oldest.requestedAt, neighbour.progressAt) > ms;
}

/**
 * It was silent: what it is asked for stays wanted. Simulated, as many that offer turns
 * and send nothing as receivers, 32 MiB: 13 % more time while they were believed, and now none.
 */
export function isDoubted({ doubts }: Neighbour): boolean {
  return doubts > 0;
}

/** It is asked again ever later: what it may yet send is likely to be here by then. */
export function noteDoubt(neighbour: Neighbour, now: number): void {
  const wait = DOUBT_MS * 2 ** ++neighbour.doubts;
  neighbour.asksFrom = now + Math.min(wait, LONGEST_DOUBT_MS);
}

/** A piece of its was good. */
export function noteGood(neighbour: Neighbour, now: number): void {
  neighbour.goodPieces++;
  neighbour.revoked = 0;
  if (neighbour.doubts > 0) neighbour.asksFrom = now;
  neighbour.doubts = 0;
}

/** It took a request back: it must not be the first to be asked again. */
export function noteRevoked(neighbour: Neighbour, now: number): void {
  const wait = REVOKED_MS * 2 ** ++neighbour.revoked;
  neighbour.asksFrom = now + Math.min(wait, LONGEST_REVOKED_MS);
}

/** Takes bytes that a cancel explains off what it explains; false when there are too many. */
export function forgive(neighbour: Neighbour, piece: number, bytes: number): boolean {
  const left = (neighbour.cancelled.get(piece) ?? 0) - bytes;
  if (left > 0) neighbour.cancelled.set(piece, left);
  else neighbour.cancelled.delete(piece);
  return left >= 0;
}
