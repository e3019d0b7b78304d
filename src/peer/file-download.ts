// Gives a download what it needs of a peer: the manifest from an earlier run or from others, a
// partial file in the output directory, the peer's swarms and the DHT.
import { randomInt } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { CID } from 'multiformats/cid';
import { isRawCid } from '../content/cid.ts';
import type { PieceStore } from '../content/store.ts';
import { cidAt, subsetAt } from '../content/subset.ts';
import { FileStore } from '../disk/file-store.ts';
import { recordDownload } from '../disk/import/record-download.ts';
import { otherVersions } from '../disk/place/partial-name.ts';
import { reusePieces } from '../disk/reuse.ts';
import type { Link } from '../link/link.ts';
import type { Timers } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import { makeDirectory } from '../runtime/node/make-directory.ts';
import type { DownloadHost, Found, Patience, Provider } from '../swarm/download.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { SwarmHooks } from '../swarm/swarm-host.ts';
import type { Emit } from '../telemetry/event.ts';
import type { Discovery } from './discovery/discovery.ts';
import { hashingProgress } from './hashing-progress.ts';
import { type HeldDag, rawRootOf } from './manifest/dag-protocol.ts';
import type { KeptManifests } from './manifest/kept-manifests.ts';
import type { FetchedManifest } from './manifest/manifest-bytes.ts';
import { searchManifest } from './manifest/manifest-search.ts';
import type { PackedManifests } from './manifest/packed-manifests.ts';
import { rootNameOf } from './manifest/root-name.ts';
import type { Node } from './node/node.ts';
import type { OtherSources } from './other-sources.ts';

/**
 * Telling the DHT of one more source can wait: neighbours name each other. Those that started
 * together must not tell it together: 16 receivers told each other in one moment, which was 12 % of
 * their swarm's CPU time. Chosen.
 */
const ANNOUNCE_AFTER_MS = 20_000;
const ANNOUNCE_WITHIN_MS = 60_000;

/** The peer, as far as a download needs it. */
export interface FileDownloadPeer {
  readonly node: Node;
  readonly discovery: Discovery;
  readonly clock: Timers;
  readonly emit: Emit;
  readonly link: Link;
  readonly manifests: KeptManifests;
  /** Directory of what files of this peer hashed to. */
  readonly hashedDir: string;
  readonly packed: PackedManifests;
  readonly circle: ReadonlySet<string> | undefined;
  hold(cid: CID, store: PieceStore, dag: HeldDag, hooks: SwarmHooks): Swarm;
  announce(cid: CID, afterMs: number): void;
}

export interface DownloadOptions extends Patience {
  /** Output directory; made if it is missing. */
  readonly out: string;
  /** Whether to replace other content that has the name already. */
  readonly force: boolean;
  /** Path of a file or directory below the CID: then only that is fetched. */
  readonly path?: string | undefined;
  /** What it fetches from beside peers. */
  readonly others?: OtherSources | undefined;
  /** Told the CID of what is fetched, as soon as it is known. */
  readonly onFound?: ((cid: CID) => void) | undefined;
  /** Told what happens to this download; by default the peer's. */
  readonly emit?: Emit | undefined;
  /** Told the store as soon as it is open: what it has may be read from then on. */
  readonly onOpened?: ((store: PieceStore) => void) | undefined;
}

type FoundManifest = FetchedManifest & Found;

/** What is heard during a search; as in DownloadHost.find. */
interface Hearing {
  readonly onUnverified: () => void;
  readonly onLost: (message: string) => void;
}

export class FileDownload implements DownloadHost<FoundManifest> {
  readonly clock: Timers;
  readonly emit: Emit;
  readonly #peer: FileDownloadPeer;
  readonly #cid: CID;
  readonly #options: DownloadOptions;
  #store: FileStore | undefined;

  constructor(peer: FileDownloadPeer, cid: CID, options: DownloadOptions) {
    this.clock = peer.clock;
    this.emit = options.emit ?? peer.emit;
    this.#peer = peer;
    this.#cid = cid;
    this.#options = options;
  }

  async find(
    signal: AbortSignal,
    onUnverified: () => void,
    onLost: (message: string) => void,
  ): Promise<FoundManifest> {
    const { path } = this.#options;
    const hearing = { onUnverified, onLost };
    const found =
      path === undefined
        ? await this.#find(this.#cid, signal, hearing)
        : await this.#findBelow(path, signal, hearing);
    if (found.unusedName !== undefined) {
      const message = `${found.unusedName}; it is stored as ${found.name}`;
      this.emit({ event: 'warned', message });
    }
    this.#options.onFound?.(found.manifest.root);
    return found;
  }

  /** @param called what a person calls it */
  async #find(
    cid: CID,
    signal: AbortSignal,
    { onUnverified, onLost }: Hearing,
    called = cid.toString(),
  ): Promise<FoundManifest> {
    const { manifests, packed, link } = this.#peer;
    const known = await manifests.find(cid, this.#options.out);
    if (known) return { ...known, kept: true };
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const searches: Promise<FetchedManifest>[] = [
      searchManifest(this.#peer, cid, either, {
        link,
        directory: this.#cid,
        circle: this.#peer.circle,
        called,
        onLost: (error) => onLost(describeError(error)),
        fetchPacked: (answer, until) => packed.fetch(answer, until, onUnverified),
      }),
    ];
    const elsewhere = this.#options.others?.find(cid, either);
    if (elsewhere) {
      searches.push(
        elsewhere.then(({ hint, ...found }) => ({ ...found, ...rootNameOf(cid, hint) })),
      );
    }
    try {
      return { ...(await Promise.race(searches)), kept: false };
    } finally {
      over.abort();
      await Promise.allSettled(searches);
    }
  }

  /** Finds what has the path: its manifest is part of the directory's, unless it is one leaf. */
  async #findBelow(path: string, signal: AbortSignal, hearing: Hearing): Promise<FoundManifest> {
    const whole = await this.#find(this.#cid, signal, hearing);
    const { cid, path: place } = cidAt(whole, path);
    if (place === '') return whole;
    // So that a later start needs no other peer to find the path again.
    if (!whole.kept) await this.#peer.manifests.keep(whole).catch(this.#warnUnkept);
    // No stranger's hint: the user gave it, and names in a directory are safe.
    const name = place.slice(place.lastIndexOf('/') + 1);
    if (!isRawCid(cid)) return { ...subsetAt(whole, cid, place), name, kept: whole.kept };
    const { manifest, dag, rawRoot, kept } = await this.#find(cid, signal, hearing, place);
    return { manifest, dag, ...(rawRoot ? { rawRoot } : {}), name, kept };
  }

  async open(found: FoundManifest, signal: AbortSignal): Promise<FileStore> {
    const { out, force: overwrite } = this.#options;
    await makeDirectory(out);
    const target = join(out, found.name);
    const store = await FileStore.download(found.manifest, target, {
      overwrite,
      signal,
      onPutAside: (path) => {
        const message = `${target}: what is not part of the new content was put aside, into ${path}`;
        this.emit({ event: 'warned', message });
      },
    });
    try {
      await this.#keep(found, store.isPublished);
      if (!store.have.isFull) await this.#reuse(found, store, target, signal);
      this.#store = store;
      this.#options.onOpened?.(store);
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** Copies what this disk has already. */
  async #reuse(
    { name, manifest }: FoundManifest,
    store: FileStore,
    target: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { pieces, bytes, paths } = await reusePieces(store, {
      records: this.#peer.hashedDir,
      versions: await otherVersions(manifest.root, target),
      signal,
      onHashed: hashingProgress(this.clock, this.emit, target),
    });
    if (pieces === 0) return;
    const cid = manifest.root.toString();
    this.emit({ event: 'pieces_reused', cid, name, pieces, bytes, paths: [...paths] });
  }

  /** Records what the files hashed to. Call when they have their names. */
  async record(path: string): Promise<void> {
    const { manifest, sources = [] } = this.#store!;
    try {
      await recordDownload(this.#peer.hashedDir, resolve(path), { manifest, sources });
    } catch (error) {
      const message = `hashes are not kept for the next download: ${describeError(error)}`;
      this.emit({ event: 'warned', message });
    }
  }

  join(found: FoundManifest, store: PieceStore, hooks: SwarmHooks): Swarm {
    const { name, dag, rawRoot, manifest } = found;
    const held = { name, dag, rawRoot: rawRootOf(rawRoot ?? new Uint8Array()) };
    const swarm = this.#peer.hold(manifest.root, store, held, hooks);
    this.#options.others?.join(swarm);
    this.#peer.announce(manifest.root, randomInt(ANNOUNCE_AFTER_MS, ANNOUNCE_WITHIN_MS));
    return swarm;
  }

  /** Who has a directory has what lies in it. */
  async *findProviders(signal: AbortSignal): AsyncGenerator<Provider> {
    if (this.#peer.circle) return;
    const providers = this.#peer.discovery.findProviders(this.#cid, signal);
    for await (const { peerId, multiaddrs } of providers) {
      yield { peer: peerId.toString(), addresses: multiaddrs.map(String) };
    }
  }

  /** The content is complete: leftovers beside it are reported, and are no failure. */
  async handlePublished(found: FoundManifest): Promise<void> {
    try {
      await this.#peer.manifests.removeBeside(found, this.#options.out);
    } catch (error) {
      const message = `the manifest beside it is not removed: ${describeError(error)}`;
      this.emit({ event: 'warned', message });
    }
  }

  /**
   * Keeps the manifest on disk before the first piece. If that fails, only a later start without
   * other peers is affected.
   */
  async #keep(found: FoundManifest, isWhole: boolean): Promise<void> {
    const { manifests } = this.#peer;
    await manifests.keep(found).catch(this.#warnUnkept);
    if (isWhole) await this.handlePublished(found);
    else await manifests.keepBeside(found, this.#options.out).catch(this.#warnUnkept);
  }

  readonly #warnUnkept = (error: unknown): void => {
    this.emit({ event: 'warned', message: `the manifest is not kept: ${describeError(error)}` });
  };
}
