// Takes back what was announced: the file that held pieces is not what it was.
import type { Loss } from '../content/store.ts';
import type { Downloads } from './downloads.ts';
import type { Neighbour } from './neighbour/neighbour.ts';
import type { SwarmState } from './state.ts';
import type { Message } from './wire/message.ts';

/**
 * Tells all neighbours that pieces are lost; a later one learns it from our hello. A grant that is
 * bound to such a piece ends when the piece cannot be read.
 */
export function withdraw(
  { have, lost, neighbours, outbox }: SwarmState,
  { first, count, reason }: Pick<Loss, 'first' | 'count' | 'reason'>,
): void {
  for (let piece = first; piece < first + count; piece++) {
    if (have.remove(piece)) lost.add(piece);
  }
  for (const neighbour of neighbours.values()) {
    if (neighbour.withdraws) outbox.send(neighbour, { type: 'withdraw', reason, first, count });
  }
}

/**
 * A neighbour takes pieces back. What is on its way from it may come yet: it revokes what does not.
 * Returns a violation's reason, if it is one.
 */
export function handleWithdraw(
  { geometry, copies, outbox }: SwarmState,
  downloads: Downloads,
  neighbour: Neighbour,
  { first, count, reason }: Extract<Message, { type: 'withdraw' }>,
): string | undefined {
  if (count === 0 || first + count > geometry.pieceCount) return 'a withdraw out of range';
  const pieces: number[] = [];
  for (let piece = first; piece < first + count; piece++) {
    if (!neighbour.pieces!.remove(piece)) continue;
    copies.decrement(piece);
    if (downloads.handleWithdrawn(neighbour, piece)) pieces.push(piece);
  }
  if (pieces.length > 0)
    outbox.push({ type: 'withdrawn', neighbour: neighbour.id, pieces, reason });
  return undefined;
}
