// A cached version as an open file (root/root.ts): its reads wait for bytes that are still to
// come. A CID never names other bytes, so it is current as long as it can be read.
import type { OpenFile, Segments, Version } from '../root/root.ts';
import { HubswarmError } from '../runtime/errors.ts';
import { refusalOf } from './refusals.ts';

interface Source {
  /**
   * Fills `into` as far as the file goes.
   *
   * @throws if the bytes will not come, or the signal aborts
   */
  read(into: Uint8Array, position: number, signal: AbortSignal): Promise<number>;
  /** Ends the read; called once. */
  leave(): void;
}

export class CachedReader implements OpenFile {
  readonly kind = 'file';
  readonly place: Segments;
  readonly version: Version;
  readonly #source: Source;
  readonly #closed = new AbortController();

  constructor(place: Segments, version: Version, source: Source) {
    this.place = place;
    this.version = version;
    this.#source = source;
  }

  read(into: Uint8Array, position: number): Promise<number> {
    const reading = this.#source.read(into, position, this.#closed.signal);
    return reading.catch((error: unknown) => {
      throw refusalOf(error);
    });
  }

  async isCurrent(): Promise<boolean> {
    return true;
  }

  async isUnchanged(): Promise<boolean> {
    return true;
  }

  async hasOnlyGrown(): Promise<boolean> {
    return true;
  }

  /** Ends reads that wait. */
  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#source.leave();
    this.#closed.abort(new HubswarmError('ERR_ABORTED', 'the reader left'));
  }
}
