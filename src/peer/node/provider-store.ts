// Keeps the provider records of this node for the DHT. kad-dht's own lie in one list with all that
// libp2p remembers: each question goes through all of it, and nothing bounds what strangers leave
// there. Here records are found by their key. Each peer may leave so many, and the oldest of all
// make room. This peer's own records always stay.
import type { PeerId } from '@libp2p/interface';
import type { CID } from 'multiformats/cid';
import type { Clock } from '../../runtime/clock.ts';

/** Most records of one peer, and of all others together; some 300 bytes each. Chosen. */
const MOST_OF_PEER = 16_384;
const MOST = 65_536;
/** Most providers of one file in an answer, the latest ones; a search ends at 20. */
const MOST_NAMED = 64;

interface ProviderRecord {
  readonly key: string;
  readonly provider: PeerId;
  readonly at: number;
}

export class ProviderStore {
  readonly #self: string;
  readonly #validMs: number;
  readonly #clock: Clock;
  readonly #byKey = new Map<string, Map<string, ProviderRecord>>();
  /** Records of strangers, the oldest first, and the number of each stranger's. */
  readonly #strangers = new Set<ProviderRecord>();
  readonly #counts = new Map<string, number>();

  constructor(self: PeerId, validMs: number, clock: Clock) {
    this.#self = self.toString();
    this.#validMs = validMs;
    this.#clock = clock;
  }

  add(cid: CID, provider: PeerId): void {
    const peer = provider.toString();
    const record = { key: keyOf(cid), provider, at: this.#clock.now() };
    const isStranger = peer !== this.#self;
    this.remove(cid, provider);
    if (isStranger && (this.#counts.get(peer) ?? 0) >= MOST_OF_PEER) return;
    const records = this.#byKey.get(record.key) ?? new Map<string, ProviderRecord>();
    this.#byKey.set(record.key, records.set(peer, record));
    if (!isStranger) return;
    this.#strangers.add(record);
    this.#counts.set(peer, (this.#counts.get(peer) ?? 0) + 1);
    this.#forget();
  }

  remove(cid: CID, provider: PeerId): void {
    const record = this.#byKey.get(keyOf(cid))?.get(provider.toString());
    if (record) this.#drop(record);
  }

  list(cid: CID): PeerId[] {
    this.#forget();
    const records = [...(this.#byKey.get(keyOf(cid))?.values() ?? [])].slice(-MOST_NAMED);
    return records.map(({ provider }) => provider);
  }

  /** Drops expired records, and the oldest ones beyond the limit. */
  #forget(): void {
    const validFrom = this.#clock.now() - this.#validMs;
    for (const record of this.#strangers) {
      if (record.at > validFrom && this.#strangers.size <= MOST) return;
      this.#drop(record);
    }
  }

  #drop(record: ProviderRecord): void {
    const { key, provider } = record;
    const peer = provider.toString();
    const records = this.#byKey.get(key);
    records?.delete(peer);
    if (records?.size === 0) this.#byKey.delete(key);
    if (!this.#strangers.delete(record)) return;
    const left = this.#counts.get(peer)! - 1;
    if (left > 0) this.#counts.set(peer, left);
    else this.#counts.delete(peer);
  }
}

const keyOf = ({ multihash }: CID): string => Buffer.from(multihash.bytes).toString('latin1');
