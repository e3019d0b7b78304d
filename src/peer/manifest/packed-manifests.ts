// Exchanges large manifests as files of their own (packed-manifest.ts): a receiver passes on
// what it has of one, a source sends each piece once before any twice, a stream that is
// dropped costs the piece on its way, and all of it goes through the link's caps. Small
// manifests are answered at once, which saves the round trips.
//
// Whoever has a manifest names its packed form's CID, and that may be a lie, found out only
// at the end. So forms that differ are fetched side by side, a few; what a lie costs us it
// cost its teller as well, and that form is not fetched again. Forms take turns: once all
// places are taken and a newcomer wants one, the slowest whose turn is over gives way, and
// has a longer turn the next time, so that a true form has its chance among lies.
import type { CID } from 'multiformats/cid';
import type { Manifest } from '../../content/manifest.ts';
import { MemoryStore } from '../../content/memory-store.ts';
import type { PieceStore } from '../../content/store.ts';
import type { Timers } from '../../runtime/clock.ts';
import { describeError, HubswarmError, hasCode } from '../../runtime/errors.ts';
import { guarded, unawaited } from '../../runtime/guarded.ts';
import { LinkedAbort } from '../../runtime/linked-abort.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import type { SwarmHooks } from '../../swarm/swarm-host.ts';
import {
  blocksOf,
  fetchManifest,
  type HeldDag,
  type PackedAnswer,
  rawRootOf,
  type StreamOpener,
} from './dag-protocol.ts';
import { encodeAnswer, type FetchedManifest } from './manifest-bytes.ts';
import { MAX_PACKED_BYTES, pack, unpack } from './packed-manifest.ts';

/** Manifests up to this size take no longer than joining a swarm for them. Chosen. */
const INLINE_BYTES = 32 * 1024;
/** Packed forms that are shared: those that were asked for last. Chosen. */
const MOST_SHARED = 16;
/** Packed forms fetched at once, and found wrong or displaced and remembered. Chosen. */
const MOST_FETCHED = 4;
const MOST_WRONG = 1024;
const MOST_DISPLACED = 1024;
/** A form's first turn: at 1 Mbit/s the manifest of 10 GiB comes in it. Chosen. */
const TURN_MS = 5000;
/** Each further turn is twice as long, up to 16 times. Chosen. */
const MOST_DOUBLINGS = 4;

/** The peer, as far as packed manifests need it. */
export interface PackedHost {
  readonly clock: Timers;
  /** The file that is held under this CID, if any. */
  get(cid: CID): unknown;
  /** Takes part in the swarm of a file that no peer is told of. */
  holdAside(store: PieceStore, dag: HeldDag, hooks?: SwarmHooks): Swarm;
  release(swarm: Swarm): void;
}

export class PackedManifests {
  readonly #host: PackedHost;
  /** Swarms of packed forms by the content's CID; the last used is at the end. */
  readonly #shared = new Map<string, Promise<Swarm>>();
  /** Fetches by the content's CID and the packed form's, as in #wrong. */
  readonly #fetches = new Map<string, PackedFetch>();
  readonly #wrong = new Set<string>();
  /** How often a form has given way, displaced last at the end. */
  readonly #displaced = new Map<string, number>();

  constructor(host: PackedHost) {
    this.#host = host;
  }

  /** Shares the packed form. Resolves to its CID; to undefined if the manifest is small. */
  async offer(manifest: Manifest, dag: HeldDag): Promise<CID | undefined> {
    if (sizeOf(manifest, dag) <= INLINE_BYTES) return undefined;
    const root = manifest.root.toString();
    const shared = this.#shared.get(root) ?? this.#share(dag);
    this.#note(root, shared);
    return (await shared).cid;
  }

  /**
   * Fetches the packed form that a remote named, from all who have pieces of it.
   *
   * @throws HubswarmError ERR_REMOTE, ERR_TIMEOUT; ERR_MANIFEST; the signal's reason
   */
  async fetch(
    answer: PackedAnswer,
    signal: AbortSignal,
    progressed: () => void,
  ): Promise<FetchedManifest> {
    const key = keyOf(answer);
    if (this.#wrong.has(key)) throw wrong(answer, 'as before');
    const fetch = this.#fetches.get(key) ?? this.#begin(answer, signal, progressed);
    unawaited('asking for a manifest', fetch.addSource(answer.connection));
    const { name, unusedName } = answer;
    return { ...(await fetch.result), name, ...(unusedName === undefined ? {} : { unusedName }) };
  }

  async #share(dag: HeldDag): Promise<Swarm> {
    const blocks = await blocksOf(dag);
    const packed = await pack(encodeAnswer('', blocks ?? []));
    const store = MemoryStore.whole(packed.manifest, packed.bytes);
    return this.#host.holdAside(store, heldDag(packed.dag, packed.bytes));
  }

  #begin(answer: PackedAnswer, signal: AbortSignal, progressed: () => void): PackedFetch {
    if (this.#fetches.size >= MOST_FETCHED) this.#makeRoom();
    const key = keyOf(answer);
    const doublings = Math.min(MOST_DOUBLINGS, this.#displaced.get(key) ?? 0);
    const turnMs = TURN_MS * 2 ** doublings;
    const fetch = new PackedFetch(this.#host, answer, { signal, progressed, turnMs });
    this.#fetches.set(key, fetch);
    const noted = fetch.result
      .then(
        () => this.#note(answer.root.toString(), Promise.resolve(fetch.swarm!)),
        () => {
          if (fetch.isWrong && this.#wrong.size < MOST_WRONG) this.#wrong.add(key);
        },
      )
      .finally(() => {
        if (this.#fetches.get(key) === fetch) this.#fetches.delete(key);
      });
    unawaited('keeping a manifest', noted);
    return fetch;
  }

  #makeRoom(): void {
    const over = [...this.#fetches].filter(([, { isTurnOver }]) => isTurnOver);
    over.sort(([, one], [, other]) => one.bytesPerMs - other.bytesPerMs);
    const [slowest] = over;
    if (!slowest) {
      throw new HubswarmError('ERR_REMOTE', 'others are asked for its manifest first');
    }
    const [key, fetch] = slowest;
    const times = (this.#displaced.get(key) ?? 0) + 1;
    this.#displaced.delete(key);
    this.#displaced.set(key, times);
    if (this.#displaced.size > MOST_DISPLACED) {
      this.#displaced.delete(this.#displaced.keys().next().value!);
    }
    this.#fetches.delete(key);
    fetch.stop(new HubswarmError('ERR_TIMEOUT', 'its manifest makes way for another that is told'));
  }

  #note(root: string, shared: Promise<Swarm>): void {
    this.#shared.delete(root);
    this.#shared.set(root, shared);
    shared.catch(guarded('keeping a manifest', () => this.#shared.delete(root)));
    for (const [oldest, old] of this.#shared) {
      if (this.#shared.size <= MOST_SHARED) return;
      this.#shared.delete(oldest);
      old.then(
        guarded('releasing a manifest', (swarm: Swarm) => this.#host.release(swarm)),
        () => undefined,
      );
    }
  }
}

const keyOf = ({ root, packed }: PackedAnswer): string => `${root} ${packed}`;

/** @param bytes the content, at least when it is a single leaf */
function heldDag(dag: HeldDag['dag'], bytes: Uint8Array | undefined): HeldDag {
  return { name: '', dag, ...(dag.size === 0 && bytes ? { rawRoot: rawRootOf(bytes) } : {}) };
}

function sizeOf({ geometry }: Manifest, { dag }: HeldDag): number {
  if (dag.size === 0) return geometry.totalLength;
  let bytes = 0;
  for (const block of dag.values()) bytes += block.length;
  return bytes;
}

interface PackedFetchInit {
  readonly signal: AbortSignal;
  /** Milliseconds after its start for which it gives way to no other. */
  readonly turnMs: number;
  /** Called for each piece, true or not. */
  progressed(): void;
}

/** One packed form on its way. */
class PackedFetch {
  readonly result: Promise<FetchedManifest>;
  readonly #host: PackedHost;
  readonly #answer: PackedAnswer;
  readonly #progressed: () => void;
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  readonly #sources = new Set<string>();
  /** Manifest of the packed form, from the first peer that answers. */
  readonly #manifest = Promise.withResolvers<FetchedManifest>();
  #asking = 0;
  /** The swarm, once pieces are fetched. */
  swarm: Swarm | undefined;
  readonly #turnMs: number;
  readonly #startedAt: number;
  #bytes = 0;
  #wrong = false;

  constructor(host: PackedHost, answer: PackedAnswer, init: PackedFetchInit) {
    this.#host = host;
    this.#startedAt = host.clock.now();
    this.#answer = answer;
    this.#progressed = init.progressed;
    this.#turnMs = init.turnMs;
    const linked = new LinkedAbort([init.signal, this.#abort.signal]);
    this.#signal = linked.signal;
    this.#manifest.promise.catch(() => undefined);
    this.result = this.#run().finally(() => linked.release());
  }

  /** Whether the bytes are not those of the CID: then no peer has good ones. */
  get isWrong(): boolean {
    return this.#wrong;
  }

  get isTurnOver(): boolean {
    return this.#ageMs > this.#turnMs;
  }

  get bytesPerMs(): number {
    return this.#bytes / this.#ageMs;
  }

  get #ageMs(): number {
    return this.#host.clock.now() - this.#startedAt;
  }

  /** Adds a remote that has this form, and knows its manifest. */
  async addSource(connection: StreamOpener): Promise<void> {
    const peer = connection.remotePeer.toString();
    this.#sources.add(peer);
    this.swarm?.contacts.add(peer, []);
    if (this.swarm) return;
    this.#asking++;
    try {
      const { clock } = this.#host;
      const found = fetchManifest(connection, this.#answer.packed, this.#signal, { clock });
      this.#manifest.resolve(await found);
    } catch (error) {
      if (this.#asking === 1) this.#manifest.reject(error);
    } finally {
      this.#asking--;
    }
  }

  stop(reason: Error): void {
    this.#abort.abort(reason);
  }

  async #run(): Promise<FetchedManifest> {
    const { root, packed } = this.#answer;
    if (this.#host.get(packed)) throw wrong(this.#answer, 'it is another file');
    const found = await this.#manifest.promise.catch((error: unknown) => {
      if (!hasCode(error, 'ERR_MANIFEST')) throw error;
      // Of the form that was named: it says nothing of the content.
      this.#wrong = true;
      throw wrong(this.#answer, describeError(error), error);
    });
    const store = await this.#fetchPieces(found);
    try {
      return await unpack(root, store.bytes, this.#signal);
    } catch (error) {
      this.#host.release(this.swarm!);
      this.#signal.throwIfAborted();
      // Its own blocks, hashed, say that the content is none to be had: no lie of the remote's.
      if (hasCode(error, 'ERR_MANIFEST')) throw error;
      this.#wrong = true;
      throw wrong(this.#answer, describeError(error), error);
    }
  }

  async #fetchPieces(found: FetchedManifest): Promise<MemoryStore> {
    const signal = this.#signal;
    const { manifest, dag, rawRoot } = found;
    const { totalLength } = manifest.geometry;
    if (totalLength > MAX_PACKED_BYTES) {
      this.#wrong = true;
      throw wrong(this.#answer, `it has ${totalLength} bytes`);
    }
    const store = rawRoot ? MemoryStore.whole(manifest, rawRoot) : MemoryStore.empty(manifest);
    const done = Promise.withResolvers<void>();
    const stop = (): void => done.reject(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener('abort', stop);
    const swarm = this.#host.holdAside(store, heldDag(dag, rawRoot), {
      onPieceStored: (piece) => {
        this.#bytes += manifest.geometry.length(piece);
        this.#progressed();
      },
      onCompleted: done.resolve,
    });
    this.swarm = swarm;
    for (const peer of this.#sources) swarm.contacts.add(peer, []);
    try {
      if (!store.have.isFull) await done.promise;
      return store;
    } catch (error) {
      this.#host.release(swarm);
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}

function wrong({ root, connection }: PackedAnswer, what: string, cause?: unknown): HubswarmError {
  const message = `${connection.remotePeer} packed another manifest than that of ${root}: ${what}`;
  return new HubswarmError('ERR_REMOTE', message, { cause });
}
