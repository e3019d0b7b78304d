// Tells the DHT of what a hub has, and takes it back. One peer's records are told together
// (peer/discovery/provisions.ts), so thousands of files cost few messages.
import type { CID } from 'multiformats/cid';
import type { Discovery } from '../peer/discovery/discovery.ts';
import { unawaited } from '../runtime/guarded.ts';

export class Announcements {
  readonly #discovery: Pick<Discovery, 'provide'>;
  readonly #told = new Map<string, AbortController>();

  constructor(discovery: Pick<Discovery, 'provide'>) {
    this.#discovery = discovery;
  }

  add(cid: CID): void {
    const stop = new AbortController();
    this.#told.get(cid.toString())?.abort();
    this.#told.set(cid.toString(), stop);
    // It ends with stop, or with the peer.
    const told = this.#discovery.provide(cid, stop.signal).catch(() => undefined);
    unawaited('telling of a file', told);
  }

  remove(cid: CID): void {
    this.#told.get(cid.toString())?.abort();
    this.#told.delete(cid.toString());
  }
}
