// Takes back what was announced while the file that held pieces is not what it was.
import { Bitfield } from '../content/bitfield.ts';
import type { FilePieces, Loss } from '../content/store.ts';
import type { Downloads } from './downloads.ts';
import type { Neighbour } from './neighbour/neighbour.ts';
import type { SwarmState } from './state.ts';
import { MAX_HAVES, type Message } from './wire/message.ts';

/** Most losses that a later neighbour is told. Chosen: a few lines for a person. */
const MOST_TOLD = 16;

/**
 * Tells all neighbours that pieces are lost. A grant that is bound to such a piece ends when the
 * piece cannot be read.
 */
export function withdraw(
  { have, lost, losses, neighbours, outbox }: SwarmState,
  { first, count, reason }: Omit<Loss, 'message'>,
): void {
  for (let piece = first; piece < first + count; piece++) {
    if (have.remove(piece)) lost.add(piece);
  }
  losses.set(first, { first, count, reason });
  for (const neighbour of neighbours.values()) {
    if (neighbour.withdraws) outbox.send(neighbour, { type: 'withdraw', reason, first, count });
  }
}

/** Announces pieces that were lost and are here again. */
export function restore(
  { have, lost, losses, neighbours, outbox }: SwarmState,
  { first, count }: FilePieces,
): void {
  const pieces: number[] = [];
  for (let piece = first; piece < first + count; piece++) {
    if (lost.remove(piece) && have.add(piece)) pieces.push(piece);
  }
  losses.delete(first);
  for (let at = 0; at < pieces.length; at += MAX_HAVES) {
    const message = { type: 'have', pieces: pieces.slice(at, at + MAX_HAVES) } as const;
    for (const neighbour of neighbours.values()) outbox.send(neighbour, message);
  }
}

/** Tells a newcomer, behind our hello, why pieces are not here that it may look for. */
export function tellLosses({ losses, outbox }: SwarmState, neighbour: Neighbour): void {
  if (!neighbour.withdraws) return;
  for (const loss of [...losses.values()].slice(0, MOST_TOLD)) {
    outbox.send(neighbour, { type: 'withdraw', ...loss });
  }
}

/**
 * A neighbour takes pieces back, or says why it never had them. What is on its way from it may come yet: it revokes what does not.
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
  neighbour.withdrawn ??= new Bitfield(geometry.pieceCount);
  for (let piece = first; piece < first + count; piece++) {
    const isNew = neighbour.withdrawn.add(piece);
    if (neighbour.pieces!.remove(piece)) {
      copies.decrement(piece);
      if (downloads.handleWithdrawn(neighbour, piece)) pieces.push(piece);
    } else if (isNew && downloads.missing.isRanked(piece)) pieces.push(piece);
  }
  if (pieces.length > 0)
    outbox.push({ type: 'withdrawn', neighbour: neighbour.id, pieces, reason });
  return undefined;
}
