// How a receiver stands with its sender: the stream that the phrase was said on, and its successor after
// each break. The sender lets nobody in whose stream has ended.
import { callAgain } from '../../peer/calls/side-streams.ts';
import type { Peer } from '../../peer/peer.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { guarded, unawaited } from '../../runtime/guarded.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import { within } from '../../runtime/within.ts';
import type { Closed } from './closed.ts';
import { sayTo } from './find-sender.ts';
import type { Met, PhraseReceiver } from './phrase-receiver.ts';
import { callHeard } from './rendezvous.ts';

/** Time that the sender has to hear that everything is here. Chosen. */
const HEARD_WITHIN_MS = 2000;
/** Time between two tries to say the phrase again. Chosen. */
const SAY_AGAIN_MS = 1000;
/** Time for one call: SYNs are repeated after 1 and 3 s. Chosen. */
const REACH_WITHIN_MS = 4000;

export class Standing {
  readonly #peer: Peer;
  readonly #circle: Set<string>;
  readonly #receiver: PhraseReceiver;
  readonly #signal: AbortSignal;
  readonly #lost = Promise.withResolvers<never>();
  /** Resolves when the sender was told that everything is here, or the signal aborted. */
  readonly #stayed: Promise<void>;
  #met: Met;
  #verified = 0;
  #isComplete = false;

  /** @param signal ends it */
  constructor({ peer, circle }: Closed, receiver: PhraseReceiver, met: Met, signal: AbortSignal) {
    this.#peer = peer;
    this.#circle = circle;
    circle.add(met.sender);
    this.#receiver = receiver;
    this.#met = met;
    this.#signal = signal;
    this.#lost.promise.catch(() => undefined);
    this.#stayed = this.#stay();
    unawaited('staying with a sender', this.#stayed);
  }

  /** Never resolves; rejects with HubswarmError ERR_REMOTE when the sender has another phrase. */
  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  report(verified: number): void {
    this.#verified = verified;
    this.#met.report(verified);
  }

  /** Tells the sender that everything is here. */
  async finish(): Promise<void> {
    this.#isComplete = true;
    this.#met.report('complete');
    await within(HEARD_WITHIN_MS, this.#stayed);
  }

  async #stay(): Promise<void> {
    const leave = guarded('leaving a sender', () => this.#met.close());
    this.#signal.addEventListener('abort', leave);
    for (;;) {
      await this.#met.ended;
      if (this.#signal.aborted || this.#isComplete) return;
      // Calls that the sender refuses would make us wait before the next one.
      this.#circle.delete(this.#met.sender);
      const again = await this.#sayAgain();
      if (!again) return;
      this.#circle.add(again.sender);
      this.#met = again;
      again.report(this.#verified);
      if (this.#isComplete) again.report('complete');
    }
  }

  /** @returns undefined when it is over */
  async #sayAgain(): Promise<Met | undefined> {
    const over = new AbortController();
    // A keeper knows where the sender is now, if that is another place.
    callHeard(this.#peer, this.#receiver.phrase.number, over.signal);
    try {
      return await this.#sayUntilMet(this.#met.sender);
    } finally {
      over.abort();
    }
  }

  async #sayUntilMet(sender: string): Promise<Met | undefined> {
    const { clock, node } = this.#peer;
    while (!this.#signal.aborted) {
      try {
        await attempt([this.#signal], REACH_WITHIN_MS, (until) => callAgain(node, sender, until));
        const outcome = await sayTo(this.#peer, this.#receiver, sender, this.#signal);
        if (outcome.kind === 'met') return outcome;
        // Noise has proved that it is the sender.
        if (outcome.kind !== 'taken') return this.#handleVoid();
      } catch {
        // It is not back yet.
      }
      await clock.sleep(SAY_AGAIN_MS, this.#signal).catch(() => undefined);
    }
    return undefined;
  }

  #handleVoid(): undefined {
    const message = 'the sender has another phrase now; get that one, and it goes on';
    this.#lost.reject(new HubswarmError('ERR_REMOTE', message));
  }
}
