// Answers to the GET that asked whether a mirror is there, where HEAD told nothing. The first byte
// of such an answer may have taken long: the download takes the answer as it is, and asks no second
// time. Nothing is read of an answer before it is taken; one that is not taken is cut.
import type { Room, Take } from '../http/http-connection.ts';
import type { RangeResponse } from './fetch-range.ts';

export class KeptAnswers {
  readonly #answers = new Map<URL, RangeResponse>();

  /** @param url as given by the user or a server, before redirects */
  keep(url: URL, answer: RangeResponse): void {
    this.#answers.get(url)?.discard();
    this.#answers.set(url, answer);
  }

  /** The answer of that URL, once, for work that ends with the signal. The others are cut. */
  take(url: URL, signal: AbortSignal): RangeResponse | undefined {
    const answer = this.#answers.get(url);
    this.#answers.delete(url);
    this.drop();
    return answer && { ...answer, pump: pumpUntil(answer, signal) };
  }

  /** Cuts all. */
  drop(): void {
    for (const answer of this.#answers.values()) answer.discard();
    this.#answers.clear();
  }
}

const pumpUntil =
  (answer: RangeResponse, signal: AbortSignal) =>
  async (take: Take, room?: Room, leastBytes?: number): Promise<void> => {
    const abort = (): void => answer.discard();
    signal.addEventListener('abort', abort);
    try {
      if (signal.aborted) abort();
      await answer.pump(take, room, leastBytes);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  };
