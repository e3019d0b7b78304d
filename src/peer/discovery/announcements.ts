// Tells the DHT of what a peer has, and takes it back. One peer's records are told together
// (provisions.ts), so thousands of files cost few messages.
import type { CID } from 'multiformats/cid';
import type { Clock } from '../../runtime/clock.ts';
import { describeError } from '../../runtime/errors.ts';
import { unawaited } from '../../runtime/guarded.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Discovery } from './discovery.ts';

interface Teller {
  readonly discovery: Pick<Discovery, 'provide'>;
  readonly clock: Clock;
  readonly emit: Emit;
}

export class Announcements {
  readonly #teller: Teller;
  readonly #told = new Map<string, AbortController>();

  constructor(teller: Teller) {
    this.#teller = teller;
  }

  /** Tells it after so long, again and again until it is removed, and reports how that went. */
  add(cid: CID, afterMs = 0): void {
    const stop = new AbortController();
    this.remove(cid);
    this.#told.set(cid.toString(), stop);
    unawaited('providing a file', this.#tell(cid, afterMs, stop.signal));
  }

  remove(cid: CID): void {
    this.#told.get(cid.toString())?.abort();
    this.#told.delete(cid.toString());
  }

  close(): void {
    for (const stop of this.#told.values()) stop.abort();
    this.#told.clear();
  }

  async #tell(cid: CID, afterMs: number, signal: AbortSignal): Promise<void> {
    const { discovery, clock, emit } = this.#teller;
    try {
      if (afterMs > 0) await clock.sleep(afterMs, signal);
      const from = clock.now();
      await discovery.provide(cid, signal);
      emit({ event: 'file_provided', cid: cid.toString(), ms: clock.now() - from });
    } catch (error) {
      if (signal.aborted) return;
      emit({ event: 'warned', message: `not in the DHT: ${describeError(error)}` });
    }
  }
}
