// Keeps the provider records of all files of a peer alive in the DHT. A record is stored here at
// once, so that peers that ask this one first find it. Other peers are told as soon as there are
// any, newcomers later, and all again before their copies expire. Thousands of files cost one walk
// for each region of the DHT and one stream for each peer in it, not one for each file: keys in a
// region have the same peers closest to them.
import { hash } from 'node:crypto';
import type { PeerId } from '@libp2p/interface';
import type { CID } from 'multiformats/cid';
import { digestKey } from '../../content/cid.ts';
import type { Timers } from '../../runtime/clock.ts';
import { guarded, unawaited } from '../../runtime/guarded.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import type { Node } from '../node/node.ts';
import { tellProvider } from './provider-records.ts';

/**
 * Time after which a record is told again: well within the hour for which records, and their
 * addresses in libp2p's peer store, last.
 */
const AGAIN_MS = 15 * 60_000;
/**
 * How soon a failure, or a larger routing table, is noticed: a flash crowd grows the
 * table each moment. New files that come within the second time are told of together. Newcomers that
 * could not be told are tried again after the first time, and then twice as late each time.
 */
const CHECK_MS = 5000;
const TOGETHER_MS = 500;
/**
 * Files from which on a newcomer is told later: so many cost CPU that it needs first for its own
 * download. Chosen.
 */
const MANY = 256;
/** Peers that get a record: the 20 closest (kad-dht's k). */
const CLOSEST = 20;
/** A walk over peers that do not answer is given up. Chosen. */
const WALK_TIMEOUT_MS = 30_000;

interface Provided {
  readonly cid: CID;
  readonly key: Uint8Array;
  /** Called when another peer was told first. */
  onTold: (() => void) | undefined;
}

export class Provisions {
  readonly #node: Node;
  readonly #clock: Timers;
  readonly #signal: AbortSignal;
  readonly #provided = new Map<string, Provided>();
  /** Records that no peer was told of yet, or that must be told again. */
  readonly #due = new Set<Provided>();
  /** Peers that were told of all records but those due. */
  readonly #told = new Set<string>();
  /** Rounds in a row that left one of the closest peers untold. */
  #misses = 0;
  #running: Promise<void> | undefined;
  /** Whether files or peers came since the last round began. */
  #changed = false;
  #wake: (() => void) | undefined;

  constructor(node: Node, clock: Timers, signal: AbortSignal) {
    this.#node = node;
    this.#clock = clock;
    this.#signal = signal;
  }

  /**
   * Tells of it from now on. A file costs an entry here: no timer, no promise, no signal.
   *
   * @param onTold called once, when another peer was told
   */
  add(cid: CID, onTold: () => void): void {
    if (this.#signal.aborted) return;
    const key = keyOf(cid);
    const provided = { cid, key: cid.multihash.bytes, onTold };
    this.remove(cid);
    this.#provided.set(key, provided);
    this.#due.add(provided);
    unawaited('keeping a provider record', this.#keep(provided));
    this.#noteChange();
    this.#running ??= this.#run();
  }

  /** Tells of it no more. What others know of it ends within the hour. */
  remove(cid: CID): void {
    const provided = this.#provided.get(keyOf(cid));
    if (!provided) return;
    this.#provided.delete(keyOf(cid));
    this.#due.delete(provided);
    const { providers } = this.#node.services.dht;
    unawaited('dropping a provider record', providers.removeProvider(cid, this.#node.peerId));
  }

  /** Tells a peer again, which may have restarted and forgotten the records. */
  async tellAgain(peer: PeerId): Promise<void> {
    if (this.#provided.size > 0) await this.#tell(peer, [...this.#provided.values()]);
  }

  /** Tells all peers again, since this peer has other addresses. */
  tellAllAgain(): void {
    this.#told.clear();
    for (const provided of this.#provided.values()) this.#due.add(provided);
    this.#noteChange();
  }

  /** Resolves when all telling has ended, after the signal. */
  async ended(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    const { routingTable } = this.#node.services.dht;
    routingTable.addEventListener('peer:add', this.#noteChange);
    let again = this.#clock.now() + AGAIN_MS;
    try {
      while (!this.#signal.aborted) {
        if (this.#clock.now() >= again) {
          again = this.#clock.now() + AGAIN_MS;
          this.#told.clear();
          for (const provided of this.#provided.values()) {
            this.#due.add(provided);
            await this.#keep(provided);
          }
        }
        this.#changed = false;
        await this.#round().catch(() => undefined);
        await this.#pause(again);
      }
    } finally {
      routingTable.removeEventListener('peer:add', this.#noteChange);
    }
  }

  /** Keeps the record here, for peers that ask this one. */
  async #keep({ cid }: Provided): Promise<void> {
    await this.#node.services.dht.providers.addProvider(cid, this.#node.peerId);
  }

  async #round(): Promise<void> {
    if (this.#node.services.dht.routingTable.size === 0) return;
    if (this.#due.size > 0) await this.#tellAll([...this.#due]);
    else await this.#tellNewcomers();
    this.#misses = this.#newcomers().length > 0 ? this.#misses + 1 : 0;
  }

  /** Tells all records, region by region, in the order of the keys. */
  async #tellAll(due: readonly Provided[]): Promise<void> {
    let left = due
      .map((provided) => ({ provided, at: kadIdOf(provided.key) }))
      .sort((a, b) => Buffer.compare(a.at, b.at));
    while (left.length > 0 && !this.#signal.aborted) {
      const [first] = left;
      const peers = await this.#closestTo(first!.provided.key, first!.at);
      // All peers that share so many bits with the key are known: so are all keys' there.
      const bits =
        peers.length < CLOSEST ? 0 : Math.min(...peers.map(({ at }) => common(at, first!.at)));
      const end = left.findIndex(({ at }) => common(at, first!.at) < bits);
      const region = end < 0 ? left : left.slice(0, end);
      left = end < 0 ? [] : left.slice(end);
      let isTold = false;
      for (const { id } of peers) {
        if (
          await this.#tell(
            id,
            region.map(({ provided }) => provided),
          )
        )
          isTold = true;
      }
      if (isTold) for (const { provided } of region) this.#due.delete(provided);
    }
  }

  async #tellNewcomers(): Promise<void> {
    for (const peer of this.#newcomers()) await this.#tell(peer, [...this.#provided.values()]);
  }

  /** Peers to tell of all records: in a DHT of few peers all are among the closest. */
  #newcomers(): PeerId[] {
    const peers = this.#tablePeers(kadIdOf(this.#node.peerId.toMultihash().bytes));
    if (peers.length >= CLOSEST) return [];
    return peers.filter((peer) => !this.#told.has(peer.toString()));
  }

  async #tell(peer: PeerId, provided: readonly Provided[]): Promise<boolean> {
    const keys = provided.map(({ key }) => key);
    const isAll = provided.length === this.#provided.size;
    try {
      await tellProvider(this.#node, peer, keys, this.#clock, this.#signal);
    } catch {
      return false;
    }
    if (isAll) this.#told.add(peer.toString());
    for (const each of provided) {
      each.onTold?.();
      each.onTold = undefined;
    }
    return true;
  }

  async #closestTo(key: Uint8Array, at: Uint8Array): Promise<Close[]> {
    const found = new Map<string, PeerId>();
    for (const peer of this.#tablePeers(at)) found.set(peer.toString(), peer);
    await attempt([this.#signal], WALK_TIMEOUT_MS, async (signal) => {
      for await (const event of this.#node.services.dht.getClosestPeers(key, { signal })) {
        if (event.name === 'FINAL_PEER') found.set(event.peer.id.toString(), event.peer.id);
      }
    }).catch(() => undefined);
    found.delete(this.#node.peerId.toString());
    return [...found.values()]
      .map((id) => ({ id, at: kadIdOf(id.toMultihash().bytes) }))
      .sort((a, b) => compareDistance(at, a.at, b.at))
      .slice(0, CLOSEST);
  }

  #tablePeers(at: Uint8Array): PeerId[] {
    return this.#node.services.dht.routingTable.closestPeers(at, { count: CLOSEST });
  }

  readonly #noteChange = guarded('noting a change of the DHT', () => {
    this.#changed = true;
    this.#wake?.();
  });

  /** Waits until there is a record to tell. */
  async #pause(againAt: number): Promise<void> {
    if (!this.#changed) await this.#sleep(Math.min(this.#retryMs(), againAt - this.#clock.now()));
    if (!this.#changed) return;
    // The first peer is told at once; of more files, and of more peers, there are soon others.
    if (this.#provided.size > MANY) await this.#wait(CHECK_MS);
    else if (this.#provided.size > this.#due.size) {
      await this.#wait(this.#due.size > 0 ? TOGETHER_MS : CHECK_MS);
    }
  }

  /** Time after which peers that could not be told are tried again. */
  #retryMs(): number {
    if (this.#node.services.dht.routingTable.size === 0) return Number.POSITIVE_INFINITY;
    if (this.#due.size > 0) return CHECK_MS;
    return this.#misses > 0 ? CHECK_MS * 2 ** (this.#misses - 1) : Number.POSITIVE_INFINITY;
  }

  /** Waits until a change, or for so long at most. */
  async #sleep(ms: number): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await attempt([this.#signal, woken.signal], undefined, (signal) =>
      this.#clock.sleep(Math.max(0, ms), signal),
    ).catch(() => undefined);
    this.#wake = undefined;
  }

  async #wait(ms: number): Promise<void> {
    await this.#clock.sleep(ms, this.#signal).catch(() => undefined);
  }
}

const keyOf = ({ multihash: { digest } }: CID): string => digestKey(digest);

interface Close {
  readonly id: PeerId;
  readonly at: Uint8Array;
}

/** Place of a key in the DHT. */
const kadIdOf = (key: Uint8Array): Buffer => hash('sha256', key, 'buffer');

/** Leading bits that two ids share. */
function common(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at < 0 ? 8 * a.length : 8 * at + Math.clz32(a[at]! ^ b[at]!) - 24;
}

function compareDistance(from: Uint8Array, a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < from.length; i++) {
    const difference = (a[i]! ^ from[i]!) - (b[i]! ^ from[i]!);
    if (difference !== 0) return difference;
  }
  return 0;
}
