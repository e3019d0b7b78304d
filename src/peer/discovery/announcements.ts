// Tells the DHT of what a peer has, and takes it back. One peer's records are told together
// (provisions.ts), so thousands of files cost few messages, and little memory each.
import type { CID } from 'multiformats/cid';
import type { Cancel, Timers } from '../../runtime/clock.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Discovery } from './discovery.ts';

interface Teller {
  readonly discovery: Pick<Discovery, 'announce' | 'withdraw'>;
  readonly clock: Timers;
  readonly emit: Emit;
}

export class Announcements {
  readonly #teller: Teller;
  /** Those that are told later. */
  readonly #later = new Map<string, Cancel>();

  constructor(teller: Teller) {
    this.#teller = teller;
  }

  /** Tells it after so long, again and again until it is removed, and reports the first time. */
  add(cid: CID, afterMs = 0): void {
    this.remove(cid);
    if (afterMs === 0) return this.#tell(cid);
    const key = cid.toString();
    const tell = this.#teller.clock.after(afterMs, 'providing a file', () => {
      this.#later.delete(key);
      this.#tell(cid);
    });
    this.#later.set(key, tell);
  }

  remove(cid: CID): void {
    if (this.#later.size > 0) {
      this.#later.get(cid.toString())?.();
      this.#later.delete(cid.toString());
    }
    this.#teller.discovery.withdraw(cid);
  }

  close(): void {
    for (const cancel of this.#later.values()) cancel();
    this.#later.clear();
  }

  #tell(cid: CID): void {
    const { discovery, clock, emit } = this.#teller;
    const from = clock.now();
    discovery.announce(cid, () =>
      emit({ event: 'file_provided', cid: cid.toString(), ms: clock.now() - from }),
    );
  }
}
