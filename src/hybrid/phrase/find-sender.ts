// Finds the sender of a code phrase among the peers that are connected, as they come: each is asked
// for the number, and who has it must prove the phrase. Whoever had a guess and did not prove it is
// not asked again.
import {
  hearConnected,
  isConnected,
  isUnspoken,
  openStream,
} from '../../peer/calls/side-streams.ts';
import type { Peer } from '../../peer/peer.ts';
import { abortable } from '../../runtime/abortable.ts';
import type { Cancel } from '../../runtime/clock.ts';
import { HubswarmError, hasCode } from '../../runtime/errors.ts';
import { unawaited } from '../../runtime/guarded.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import type { Met, Outcome, PhraseReceiver } from './phrase-receiver.ts';
import { PHRASE_PROTOCOL } from './protocol.ts';
import { callHeard } from './rendezvous.ts';

/** Limit for one peer's answers. Chosen. */
const ANSWER_WITHIN_MS = 10_000;
/** Most peers asked at once; further ones wait, up to so many. Chosen. */
const MOST_AT_ONCE = 16;
const MOST_WAITING = 1024;
/** Peers that had a guess after which the search ends. Chosen. */
const MOST_UNPROVEN = 8;
/** Time after which a peer that broke off is asked again. Chosen. */
const ASK_AGAIN_MS = 2000;
/** Times that a peer which broke off is asked: it may have been too busy. Chosen. */
const MOST_TRIES = 30;
/** Time that others have to prove the phrase after one did not. Chosen. */
const OTHERS_WITHIN_MS = 10_000;
/** Time after which it is told that nobody was found. Chosen. */
const TELL_AFTER_MS = 5000;
/** Time in which a sender that was full, and is gone, may be back: its link may be down. Chosen. */
const BACK_WITHIN_MS = 60_000;

export interface SearchLimits {
  /** Milliseconds after which the search is given up; Infinity for never. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * @throws HubswarmError ERR_REMOTE when it is the wrong phrase, ERR_MANIFEST when the sender makes no
 * sense, ERR_TIMEOUT; the signal's reason
 */
export async function findSender(
  peer: Peer,
  receiver: PhraseReceiver,
  { timeoutMs, signal }: SearchLimits,
): Promise<Met> {
  const search = new SenderSearch(peer, receiver, signal);
  const giveUp = (): void => {
    const message = `gave up after ${timeoutMs / 1000} s: nobody was found who shares by ${receiver.phrase.number}-...`;
    search.fail(new HubswarmError('ERR_TIMEOUT', message));
  };
  const cancel = Number.isFinite(timeoutMs)
    ? peer.clock.after(timeoutMs, 'giving up a phrase', giveUp)
    : undefined;
  return search.run().finally(cancel);
}

/** Says the phrase to a peer. @throws as PhraseReceiver.meet(); libp2p's error */
export function sayTo(
  { node }: Peer,
  receiver: PhraseReceiver,
  remote: string,
  signal: AbortSignal,
): Promise<Outcome> {
  return attempt([signal], ANSWER_WITHIN_MS, async (within) =>
    receiver.meet(await openStream(node, remote, PHRASE_PROTOCOL, within), within),
  );
}

class SenderSearch {
  readonly #peer: Peer;
  readonly #receiver: PhraseReceiver;
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  readonly #result = Promise.withResolvers<Met>();
  readonly #waiting = new Set<string>();
  /** Peers that are being asked. */
  readonly #asked = new Set<string>();
  /** Peers that had a guess. */
  readonly #unproven = new Set<string>();
  #giveUp: Cancel | undefined;
  #toldTaken = false;
  #isMet = false;
  /** While a sender that was full is gone. */
  #gone: Cancel | undefined;

  constructor(peer: Peer, receiver: PhraseReceiver, signal: AbortSignal) {
    this.#peer = peer;
    this.#receiver = receiver;
    this.#signal = signal;
  }

  async run(): Promise<Met> {
    const tell = this.#peer.clock.after(TELL_AFTER_MS, 'telling that nobody was found', () => {
      if (this.#toldTaken) return;
      this.#warn(`nobody was found yet who shares by ${this.#number}-...; still looking`);
    });
    const { signal } = this.#over;
    hearConnected(this.#peer.node, (peer) => this.#consider(peer), signal);
    callHeard(this.#peer, this.#number, signal);
    try {
      return await abortable(this.#result.promise, this.#signal);
    } finally {
      tell();
      this.#giveUp?.();
      this.#gone?.();
      this.#over.abort();
    }
  }

  fail(error: unknown): void {
    this.#result.reject(error);
  }

  get #number(): number {
    return this.#receiver.phrase.number;
  }

  #warn(message: string): void {
    this.#peer.emit({ event: 'warned', message });
  }

  #consider(peer: string): void {
    if (this.#waiting.size < MOST_WAITING) this.#waiting.add(peer);
    this.#askNext();
  }

  #askNext(): void {
    for (const peer of this.#waiting) {
      if (this.#asked.size >= MOST_AT_ONCE) return;
      if (this.#asked.has(peer)) continue;
      this.#waiting.delete(peer);
      if (this.#unproven.has(peer)) continue;
      this.#asked.add(peer);
      unawaited('asking for the sender', this.#ask(peer));
    }
  }

  async #ask(peer: string): Promise<void> {
    const { signal } = this.#over;
    let wasFull = false;
    try {
      let tries = 0;
      while (tries < MOST_TRIES) {
        const answer = await this.#askOnce(peer);
        if (answer === 'final') return;
        wasFull ||= answer === 'taken';
        // A place may become free as late as a transfer ends.
        if (answer === 'broken') tries++;
        await this.#peer.clock.sleep(ASK_AGAIN_MS, signal);
      }
    } catch (error) {
      // Only who proved the phrase is told to make no sense; others speak another language, or are gone.
      if (hasCode(error, 'ERR_MANIFEST')) this.fail(error);
    } finally {
      if (wasFull) this.#noteGone();
      this.#asked.delete(peer);
      this.#askNext();
    }
  }

  /** @returns whether it makes sense to ask this peer again. @throws when it cannot be asked */
  async #askOnce(peer: string): Promise<'final' | 'taken' | 'broken'> {
    const { signal } = this.#over;
    let outcome: Outcome;
    try {
      outcome = await sayTo(this.#peer, this.#receiver, peer, signal);
    } catch (error) {
      // It broke off before it had a guess: it may be too busy, or the link was down.
      const isOver = signal.aborted || hasCode(error, 'ERR_MANIFEST') || isUnspoken(error);
      if (isOver || !isConnected(this.#peer.node, peer)) throw error;
      return 'broken';
    }
    if (outcome.kind === 'taken') {
      this.#noteTaken();
      return 'taken';
    }
    if (outcome.kind === 'unproven') this.#noteUnproven(peer);
    if (outcome.kind !== 'met') return 'final';
    if (signal.aborted) outcome.close();
    else {
      this.#isMet = true;
      this.#result.resolve(outcome);
    }
    return 'final';
  }

  #noteTaken(): void {
    if (!this.#toldTaken) this.#warn('others receive it at the moment; waiting for a place');
    this.#toldTaken = true;
    this.#gone?.();
    this.#gone = undefined;
  }

  #noteGone(): void {
    if (this.#gone || this.#over.signal.aborted || this.#isMet) return;
    this.#warn(
      'the sender that had no place is gone: it has ended, or is out of reach; still looking',
    );
    const message = `the sender by ${this.#number}-... gave it to others, and is gone; ask it to share again`;
    this.#gone = this.#peer.clock.after(BACK_WITHIN_MS, 'giving up a sender', () =>
      this.fail(new HubswarmError('ERR_NO_SOURCE', message)),
    );
  }

  #noteUnproven(peer: string): void {
    const first = this.#unproven.size === 0;
    this.#unproven.add(peer);
    const told = `${this.#unproven.size} peer(s) with the number ${this.#number} did not prove the phrase`;
    const advice = 'if you said the right one, ask the sender for the new one that it has now';
    if (first) this.#warn(`${told}: is it the right one? still looking for another`);
    const fail = (): void => this.fail(new HubswarmError('ERR_REMOTE', `${told}; ${advice}`));
    if (this.#unproven.size >= MOST_UNPROVEN) return fail();
    this.#giveUp ??= this.#peer.clock.after(OTHERS_WITHIN_MS, 'giving up a phrase', fail);
  }
}
