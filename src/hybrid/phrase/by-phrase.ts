// A share by code phrase, from both ends. What is shared is open to the receivers alone that said
// the phrase: both peers are started with a circle, which begins empty.
import type { CID } from 'multiformats/cid';
import { parseCid } from '../../content/cid.ts';
import { answerStreams } from '../../peer/calls/side-streams.ts';
import { abortable } from '../../runtime/abortable.ts';
import { LinkedAbort } from '../../runtime/linked-abort.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Closed } from './closed.ts';
import type { CodePhrase } from './code-phrase.ts';
import { findSender, type SearchLimits } from './find-sender.ts';
import type { Offer } from './offer.ts';
import { PhraseReceiver } from './phrase-receiver.ts';
import { PhraseSender } from './phrase-sender.ts';
import { PHRASE_PROTOCOL } from './protocol.ts';
import { Registrations } from './registrations.ts';
import { Standing } from './standing.ts';

/**
 * Gives what the peer shares to whoever says the phrase, which an event tells. Resolves when as many
 * receivers have everything as may have it.
 *
 * @throws HubswarmError ERR_BUSY when somebody guesses; the signal's reason
 */
export async function giveByPhrase(
  { peer, circle }: Closed,
  offer: Offer,
  receivers: number,
  signal: AbortSignal,
): Promise<void> {
  const registrations = new Registrations(peer);
  const sender = new PhraseSender({
    self: peer.peerId,
    offer,
    receivers,
    clock: peer.clock,
    emit: peer.emit,
    onPhrase: ({ number }) => registrations.renew(number),
    admit: (receiver) => void circle.add(receiver),
    dismiss: (receiver) => void circle.delete(receiver),
  });
  await answerStreams(peer.node, PHRASE_PROTOCOL, (wire) => sender.answer(wire));
  try {
    await abortable(sender.ended, signal);
  } finally {
    registrations.close();
  }
}

/** How far transfers are, one after the other, as their events tell. */
export class Progress {
  readonly emit: Emit;
  /** Called with the number of verified bytes of all of them. */
  onBytes: (bytes: number) => void = () => {};
  /** That of those which are complete. */
  #completed = 0;

  constructor(emit: Emit) {
    this.emit = (event) => {
      emit(event);
      if (event.event === 'transfer_progressed') this.onBytes(this.#completed + event.bytes);
      if (event.event !== 'transfer_completed') return;
      this.#completed += event.bytes;
      this.onBytes(this.#completed);
    };
  }
}

/**
 * Finds the sender and fetches what it shares. After a break it says the phrase again.
 *
 * @param progress whose `emit` the peer was started with
 * @param fetch fetches the content into its place
 * @throws HubswarmError ERR_REMOTE when it is the wrong phrase, or void by now, ERR_MANIFEST when the
 * sender makes no sense, ERR_TIMEOUT; what `fetch` throws; the signal's reason
 */
export async function takeByPhrase<T>(
  closed: Closed,
  phrase: CodePhrase,
  progress: Progress,
  fetch: (cid: CID) => Promise<T>,
  limits: SearchLimits,
): Promise<T> {
  const { peer } = closed;
  const receiver = new PhraseReceiver(phrase, peer.peerId);
  const first = await findSender(peer, receiver, limits);
  const { cid, name, bytes } = first.offer;
  peer.emit({ event: 'sender_met', remote: first.sender, name, bytes, cid });
  const over = new AbortController();
  const linked = new LinkedAbort([limits.signal, over.signal]);
  const standing = new Standing(closed, receiver, first, linked.signal);
  progress.onBytes = (verified) => standing.report(verified);
  try {
    const fetched = await Promise.race([fetch(parseCid('the sender', cid)), standing.lost]);
    await standing.finish();
    return fetched;
  } finally {
    over.abort();
    linked.release();
  }
}
