// Finds the sender of a code phrase among the peers that are connected, as they come: each is asked
// for the number, and who has it must prove the phrase.
import { hearConnected, joinHeard, openStream } from '../../peer/calls/side-streams.ts';
import type { Peer } from '../../peer/peer.ts';
import type { Cancel } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { unawaited } from '../../runtime/guarded.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import type { CodePhrase } from './code-phrase.ts';
import { type Met, type NotMet, PhraseReceiver } from './phrase-receiver.ts';
import { PHRASE_PROTOCOL } from './protocol.ts';
import { askRendezvous } from './rendezvous.ts';

/** Limit for one peer's answers. Chosen. */
const ANSWER_WITHIN_MS = 10_000;
/** Most peers asked at once; further ones wait, up to so many. Chosen. */
const MOST_AT_ONCE = 16;
const MOST_WAITING = 1024;
/** Peers that do not prove the phrase after which no more are asked: each may guess once. Chosen. */
const MOST_WRONG = 8;
/** Time after which a keeper is asked again. Chosen. */
const ASK_AGAIN_MS = 2000;
/** Time that others have to prove the phrase after one did not. Chosen. */
const OTHERS_WITHIN_MS = 3000;
/** Time after which it is told that nobody was found. Chosen. */
const TELL_AFTER_MS = 5000;

export interface SearchLimits {
  /** Milliseconds after which the search is given up; Infinity for never. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * @throws HubswarmError ERR_REMOTE when it is the wrong phrase or too late, ERR_TIMEOUT; the signal's
 * reason
 */
export async function findSender(
  peer: Peer,
  phrase: CodePhrase,
  { timeoutMs, signal }: SearchLimits,
): Promise<Met> {
  const search = new SenderSearch(peer, phrase, signal);
  const giveUp = (): void => {
    const message = `gave up after ${timeoutMs / 1000} s: nobody was found who shares by ${phrase.number}-...`;
    search.fail(new HubswarmError('ERR_TIMEOUT', message));
  };
  const cancel = Number.isFinite(timeoutMs)
    ? peer.clock.after(timeoutMs, 'giving up a phrase', giveUp)
    : undefined;
  return search.run().finally(cancel);
}

class SenderSearch {
  readonly #peer: Peer;
  readonly #receiver: PhraseReceiver;
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  readonly #result = Promise.withResolvers<Met>();
  readonly #waiting = new Set<string>();
  readonly #asked = new Set<string>();
  #wrong = 0;
  #giveUp: Cancel | undefined;

  constructor(peer: Peer, phrase: CodePhrase, signal: AbortSignal) {
    this.#peer = peer;
    this.#receiver = new PhraseReceiver(phrase, peer.peerId);
    this.#signal = signal;
  }

  async run(): Promise<Met> {
    const stop = (): void => this.fail(this.#signal.reason);
    this.#signal.addEventListener('abort', stop);
    if (this.#signal.aborted) stop();
    const { number } = this.#receiver.phrase;
    const tell = this.#peer.clock.after(TELL_AFTER_MS, 'telling that nobody was found', () => {
      const message = `nobody was found yet who shares by ${number}-...; still looking`;
      this.#peer.emit({ event: 'warned', message });
    });
    hearConnected(this.#peer.node, (peer) => this.#consider(peer), this.#over.signal);
    try {
      return await this.#result.promise;
    } finally {
      tell();
      this.#giveUp?.();
      this.#over.abort();
      this.#signal.removeEventListener('abort', stop);
    }
  }

  fail(error: unknown): void {
    this.#result.reject(error);
  }

  #consider(peer: string): void {
    if (this.#waiting.size < MOST_WAITING) this.#waiting.add(peer);
    this.#askNext();
  }

  #askNext(): void {
    for (const peer of this.#waiting) {
      if (this.#asked.size >= MOST_AT_ONCE || this.#wrong >= MOST_WRONG) return;
      if (this.#asked.has(peer)) continue;
      this.#waiting.delete(peer);
      this.#asked.add(peer);
      unawaited('asking for the sender', this.#ask(peer));
      unawaited('asking where the sender is', this.#askKeeper(peer));
    }
  }

  async #ask(peer: string): Promise<void> {
    try {
      const met = await attempt([this.#over.signal], ANSWER_WITHIN_MS, async (signal) =>
        this.#receiver.meet(
          await openStream(this.#peer.node, peer, PHRASE_PROTOCOL, signal),
          signal,
        ),
      );
      if (typeof met === 'string') this.#handleNotMet(met);
      else if (this.#over.signal.aborted) met.close();
      else this.#result.resolve(met);
    } catch {
      // It speaks another language, or is gone: no sender.
    } finally {
      this.#asked.delete(peer);
      this.#askNext();
    }
  }

  /** A keeper may hear of the sender later. */
  async #askKeeper(keeper: string): Promise<void> {
    const { signal } = this.#over;
    const { number } = this.#receiver.phrase;
    try {
      while (!signal.aborted) {
        const addresses = await attempt([signal], ANSWER_WITHIN_MS, (until) =>
          askRendezvous(this.#peer, keeper, number, until),
        );
        const join = joinHeard(this.#peer, addresses, keeper, signal);
        // The sender cannot be reached there, or not yet.
        await join.catch(() => undefined);
        await this.#peer.clock.sleep(ASK_AGAIN_MS, signal);
      }
    } catch {
      // It is no keeper, or is gone.
    }
  }

  #handleNotMet(why: NotMet): void {
    if (why === 'unknown') return;
    const { number } = this.#receiver.phrase;
    const message =
      why === 'taken'
        ? `${number}-...: as many receivers as may have it are there already`
        : `${number}-...: not the sender's phrase; it is void now, and the sender has a new one`;
    if (why === 'wrong') this.#wrong++;
    const fail = (): void => this.fail(new HubswarmError('ERR_REMOTE', message));
    this.#giveUp ??= this.#peer.clock.after(OTHERS_WITHIN_MS, 'giving up a phrase', fail);
  }
}
