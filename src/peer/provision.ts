// Keeps one provider record alive in the DHT. The record is stored here at once, so
// that whoever asks this peer first finds it; others are told as soon as there are
// any, again when there are many more, and again before their copies fade.
import { setTimeout as delay } from 'node:timers/promises';
import type { CID } from 'multiformats/cid';
import { attempt } from '../runtime/linked-abort.ts';
import type { Node } from './node.ts';

/** Records, and the addresses beside them in libp2p's peer store, last 1 h: well within. */
const REPROVIDE_MS = 15 * 60_000;
/**
 * How soon a failure, or a larger routing table, is noticed: a flash crowd grows the
 * table each moment, and every telling asks all of it.
 */
const CHECK_MS = 5000;
/** Tell again when there are this many times more peers: the newcomers may be the closest. */
const NOTABLE_GROWTH = 2;
/** Records go to the 20 closest (kad-dht's k); beyond, growth moves few of them. */
const LARGE_TABLE = 20;

/** Resolves once the routing table has a peer; rejects with the signal's reason. */
export async function dhtPeers(node: Node, signal: AbortSignal): Promise<void> {
  const { routingTable } = node.services.dht;
  signal.throwIfAborted();
  if (routingTable.size > 0) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = (): void => reject(signal.reason);
  routingTable.addEventListener('peer:add', () => resolve(), { once: true, signal });
  signal.addEventListener('abort', stop);
  await promise.finally(() => signal.removeEventListener('abort', stop));
}

export class Provision {
  /** Resolves once another peer was told; rejects with the signal's reason. */
  readonly told: Promise<void>;
  /** Resolves when it has stopped telling, after the signal. */
  readonly ended: Promise<void>;
  readonly #node: Node;
  readonly #cid: CID;
  readonly #signal: AbortSignal;

  constructor(node: Node, cid: CID, signal: AbortSignal) {
    this.#node = node;
    this.#cid = cid;
    this.#signal = signal;
    const told = Promise.withResolvers<void>();
    this.told = told.promise;
    this.ended = this.#run(told.resolve).then(
      () => undefined,
      (error: unknown) => told.reject(error),
    );
  }

  async #run(tell: () => void): Promise<void> {
    try {
      while (!this.#signal.aborted) {
        const size = this.#tableSize;
        // Of nobody it only leaves the record here: whoever joins through this peer asks it first.
        const count = await this.#provide(tell);
        if (count > 0) await this.#untilDue(size);
        else if (size === 0) await dhtPeers(this.#node, this.#signal);
        else await this.#pause();
      }
      this.#signal.throwIfAborted();
    } finally {
      await this.#node.services.dht.cancelReprovide(this.#cid).catch(() => undefined);
    }
  }

  get #tableSize(): number {
    return this.#node.services.dht.routingTable.size;
  }

  /** Whoever was told may have restarted and forgotten it. */
  async tellAgain(): Promise<void> {
    if (!this.#signal.aborted) await this.#provide(() => {});
  }

  /** How many peers were told: none while the routing table is empty. */
  async #provide(tell: () => void): Promise<number> {
    let count = 0;
    try {
      await attempt([this.#signal], REPROVIDE_MS, async (signal) => {
        for await (const event of this.#node.services.dht.provide(this.#cid, { signal })) {
          if (event.name !== 'PEER_RESPONSE' || event.messageName !== 'ADD_PROVIDER') continue;
          count++;
          tell();
        }
      });
    } catch {
      // Those who were told, were; without any it is tried again.
    }
    return count;
  }

  async #untilDue(toldSize: number): Promise<void> {
    const due = performance.now() + REPROVIDE_MS;
    const notable = Math.max(1, toldSize) * NOTABLE_GROWTH;
    while (!this.#signal.aborted && performance.now() < due) {
      await this.#pause();
      if (toldSize < LARGE_TABLE && this.#tableSize >= notable) return;
    }
  }

  async #pause(): Promise<void> {
    await delay(CHECK_MS, undefined, { signal: this.#signal, ref: false }).catch(() => undefined);
  }
}
