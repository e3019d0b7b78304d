// Asks for a leaf, one peer after the other. A leaf up to 32 KiB comes whole with the answer: asked
// of all at once, it would travel as often as it has holders. A peer's turn ends when it has refused
// or is slow, or when it names the packed form, whose pieces come from all who have it.
import type { CID } from 'multiformats/cid';
import type { Timers } from '../../runtime/clock.ts';
import { Gate } from '../../runtime/gate.ts';
import { type FetchOptions, fetchManifest, type StreamOpener } from './dag-protocol.ts';
import type { FetchedManifest } from './manifest-bytes.ts';

/**
 * A turn goes on while so many bytes came for each of its spans, and for as many spans as the
 * longest leaf then takes that is not packed. Chosen.
 */
const LEAST_BYTES = 4096;
const SPAN_MS = 1500;
const MOST_SPANS = 8;

type Options = FetchOptions & { readonly clock: Timers };

export class LeafTurns {
  readonly #gate = new Gate(1);
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** As fetchManifest(), once it is this peer's turn; if it gives the leaf, nobody else is asked. */
  async fetch(connection: StreamOpener, cid: CID, signal: AbortSignal): Promise<FetchedManifest> {
    const { clock, fetchPacked } = this.#options;
    const turn = Promise.withResolvers<void>();
    await this.#begin(turn.promise, signal);
    let bytes = 0;
    let spans = 0;
    const cancel = clock.every(SPAN_MS, 'waiting for a leaf', () => {
      if (++spans >= MOST_SPANS || bytes < spans * LEAST_BYTES) turn.resolve();
    });
    const onReceived = (more: number): void => {
      bytes += more;
    };
    const options: Options = fetchPacked
      ? {
          ...this.#options,
          onReceived,
          fetchPacked: (packed, until) => {
            turn.resolve();
            return fetchPacked(packed, until);
          },
        }
      : { ...this.#options, onReceived };
    try {
      return await fetchManifest(connection, cid, signal, options);
    } catch (error) {
      turn.resolve();
      throw error;
    } finally {
      cancel();
    }
  }

  /** Resolves when the turn begins, which lasts until `over`. @throws the signal's reason */
  #begin(over: Promise<void>, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const begin = (): Promise<void> => {
      resolve();
      return over;
    };
    this.#gate.run(begin, signal).catch(reject);
    return promise;
  }
}
