// A share by code phrase, from both ends. What is shared is open to the receivers alone that said
// the phrase: both peers are started with a circle, which begins empty.
import type { CID } from 'multiformats/cid';
import { parseCid } from '../../content/cid.ts';
import { answerStreams } from '../../peer/calls/side-streams.ts';
import type { Peer } from '../../peer/peer.ts';
import { abortable } from '../../runtime/abortable.ts';
import { within } from '../../runtime/within.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { CodePhrase } from './code-phrase.ts';
import { findSender, type SearchLimits } from './find-sender.ts';
import type { Offer } from './offer.ts';
import { PhraseSender } from './phrase-sender.ts';
import { PHRASE_PROTOCOL } from './protocol.ts';
import { Registrations } from './registrations.ts';

/** Time that the sender has to hear that everything is here. Chosen. */
const HEARD_WITHIN_MS = 2000;

/** A peer that was started for one share. */
export interface Closed {
  readonly peer: Peer;
  /** The set that the peer was started with. */
  readonly circle: Set<string>;
}

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
  const registrations = new Registrations(peer, () => sender.renew());
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

/** How far a transfer is, as its events tell. */
export class Progress {
  readonly emit: Emit;
  /** Called with the number of verified bytes. */
  onBytes: (bytes: number) => void = () => {};

  constructor(emit: Emit) {
    this.emit = (event) => {
      emit(event);
      if (event.event === 'transfer_progressed') this.onBytes(event.bytes);
    };
  }
}

/**
 * Finds the sender and fetches what it shares.
 *
 * @param progress whose `emit` the peer was started with
 * @param fetch fetches the content into its place
 * @throws HubswarmError ERR_REMOTE when it is the wrong phrase, ERR_TIMEOUT; what `fetch` throws; the signal's
 * reason
 */
export async function takeByPhrase<T>(
  { peer, circle }: Closed,
  phrase: CodePhrase,
  progress: Progress,
  fetch: (cid: CID) => Promise<T>,
  limits: SearchLimits,
): Promise<T> {
  const met = await findSender(peer, phrase, limits);
  try {
    const { cid, name, bytes } = met.offer;
    peer.emit({ event: 'sender_met', remote: met.sender, name, bytes, cid });
    circle.add(met.sender);
    progress.onBytes = (verified) => met.report(verified);
    const fetched = await fetch(parseCid('the sender', cid));
    met.report('complete');
    await within(HEARD_WITHIN_MS, met.ended);
    return fetched;
  } finally {
    met.close();
  }
}
