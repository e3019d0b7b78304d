// Asks peers which files they exchange, many files in one question: files that are asked of a peer
// while an answer is on its way go with the next question. An answer is only a hint that saves a
// useless call.
import { peerIdFromString } from '@libp2p/peer-id';
import { systemClock } from '../../runtime/clock.ts';
import { unawaited } from '../../runtime/guarded.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import type { Standing } from '../../swarm/network.ts';
import type { Node } from '../node/node.ts';
import { askFiles, MOST_DIGESTS } from './files-protocol.ts';

/** Limit for one answer; a connected peer answers within a round trip. Chosen. */
const ANSWER_WITHIN_MS = 5000;
/** Most questions that wait for one peer; further ones get no answer. Chosen. */
const MOST_WAITING = 65_536;

interface Question {
  readonly digest: Uint8Array;
  resolve(standing: Standing | undefined): void;
}

export class Inquiries {
  readonly #node: Node;
  readonly #stop = new AbortController();
  /** Waiting questions of each peer that is being asked. */
  readonly #waiting = new Map<string, Question[]>();

  constructor(node: Node) {
    this.#node = node;
  }

  /** The peer's standing; undefined if it gave no answer, or does not speak the protocol. */
  ask(peer: string, digest: Uint8Array): Promise<Standing | undefined> {
    if (this.#stop.signal.aborted) return Promise.resolve(undefined);
    let questions = this.#waiting.get(peer);
    if (!questions) {
      questions = [];
      this.#waiting.set(peer, questions);
      const asked = questions;
      // Sends once all questions of this round of the event loop are known.
      systemClock.soon('asking which files are there', () =>
        unawaited('asking which files are there', this.#askAll(peer, asked)),
      );
    }
    if (questions.length >= MOST_WAITING) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<Standing | undefined>();
    questions.push({ digest, resolve });
    return promise;
  }

  close(): void {
    this.#stop.abort();
  }

  async #askAll(peer: string, questions: Question[]): Promise<void> {
    const id = peerIdFromString(peer);
    while (questions.length > 0) {
      const page = questions.splice(0, MOST_DIGESTS);
      const digests = page.map(({ digest }) => digest);
      const answers = await attempt([this.#stop.signal], ANSWER_WITHIN_MS, async (signal) =>
        askFiles(await this.#node.dial(id, { signal }), digests, signal),
      ).catch(() => []);
      for (const [i, { resolve }] of page.entries()) resolve(answers[i]);
    }
    this.#waiting.delete(peer);
  }
}
