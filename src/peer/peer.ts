// A peer: one node, one link, and a swarm for each file it shares or fetches.
import { randomInt } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import type { IdentifyResult } from '@libp2p/interface';
import type { CID } from 'multiformats/cid';
import type { PieceStore } from '../content/store.ts';
import { FileStore } from '../disk/file-store.ts';
import type { Imported } from '../disk/import/import.ts';
import type { Caps } from '../link/link.ts';
import type { ProcessLink } from '../link/process-link.ts';
import { systemClock } from '../runtime/clock.ts';
import { describeError, HubswarmError } from '../runtime/errors.ts';
import { guarded, unawaited } from '../runtime/guarded.ts';
import { attempt } from '../runtime/linked-abort.ts';
import { createRng } from '../runtime/rng.ts';
import { Callees } from '../swarm/callees.ts';
import { Download } from '../swarm/download.ts';
import { part } from '../swarm/parting.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { SwarmHooks } from '../swarm/swarm-host.ts';
import { UploadQueue } from '../swarm/upload-queue.ts';
import type { Emit } from '../telemetry/event.ts';
import { Inquiries } from './calls/inquiries.ts';
import { type Greet, NodeNetwork } from './calls/node-network.ts';
import { PeerCaps } from './caps.ts';
import { Announcements } from './discovery/announcements.ts';
import { Discovery, ENOUGH_PEERS, EVERY_PEER } from './discovery/discovery.ts';
import type { Guide } from './discovery/guide.ts';
import { Joining } from './discovery/joining.ts';
import { Listening } from './discovery/listening.ts';
import { type DownloadOptions, FileDownload, type FileDownloadPeer } from './file-download.ts';
import { Holdings } from './holdings.ts';
import { fileShared, importShared, type ShareOptions } from './import-shared.ts';
import { type HeldDag, rawRootIn } from './manifest/dag-protocol.ts';
import { KeptManifests } from './manifest/kept-manifests.ts';
import type { PackedManifests } from './manifest/packed-manifests.ts';
import { Admission } from './node/admission.ts';
import { hangUp } from './node/hang-up.ts';
import { type Identity, openIdentity } from './node/identity.ts';
import { createNode, type Node } from './node/node.ts';
import { reportConnections } from './node/report-connections.ts';
import { Vigil } from './node/vigil.ts';
import { Passage, type PassageInit } from './passage/passage.ts';
import type { PeerOptions } from './peer-options.ts';
import { serveContent } from './serve-content.ts';

export class Peer implements FileDownloadPeer {
  readonly clock = systemClock;
  readonly node: Node;
  readonly discovery: Discovery;
  readonly link: ProcessLink;
  readonly emit: Emit;
  readonly manifests: KeptManifests;
  readonly hashedDir: string;
  readonly circle: ReadonlySet<string> | undefined;
  readonly #identity: Identity;
  readonly #held: Holdings;
  readonly #inquiries: Inquiries;
  readonly #admission: Admission;
  readonly #listening: Listening;
  readonly #joining: Joining;
  readonly #vigil: Vigil;
  readonly #announcements: Announcements;
  readonly #caps: PeerCaps;
  readonly #stopping = new AbortController();
  #passage: Passage | undefined;

  /** Boots a peer and listens. @throws HubswarmError ERR_LISTEN, ERR_NOT_PERMITTED */
  static async start(options: PeerOptions): Promise<Peer> {
    const warn = (message: string): void => options.emit({ event: 'warned', message });
    const identity = await openIdentity(options.dataDir, warn, options.dataOption);
    try {
      const admission = new Admission(systemClock, options);
      const { mdns = false, emit, maxConnections } = options;
      const listening = new Listening({ joins: [], ...options, mdns, clock: systemClock });
      const node = await createNode({
        privateKey: identity.privateKey,
        isRefused: (id) => admission.refuses(id),
        listen: await listening.choose(),
        ...(options.allowsAddress ? { allowsAddress: options.allowsAddress } : {}),
        ...(options.swarmKey ? { swarmKey: options.swarmKey } : {}),
        ...(maxConnections === undefined ? {} : { maxConnections }),
        mdns,
        onMdnsFailed: (error) => {
          const message = `--mdns: peers on the LAN are not found: ${describeError(error)}`;
          emit({ event: 'warned', message });
        },
      });
      const peer = new Peer(options, identity, node, admission, listening);
      await peer.#open(options);
      return peer;
    } catch (error) {
      await identity.release();
      throw error;
    }
  }

  private constructor(
    options: PeerOptions,
    identity: Identity,
    node: Node,
    admission: Admission,
    listening: Listening,
  ) {
    this.#admission = admission;
    this.#listening = listening;
    this.node = node;
    this.emit = options.emit;
    this.circle = options.circle;
    this.manifests = new KeptManifests(options.dataDir);
    // Another swarm's peers are of no use, and its pieces, as those of a circle, must not be given
    // away in this one.
    const own = options.swarmKey ? [`swarm-${options.swarmKey.swarm}`] : [];
    this.hashedDir = join(options.dataDir, ...own, options.circle ? 'hashed-closed' : 'hashed');
    this.#identity = identity;
    this.link = options.link;
    const uploads = new UploadQueue(this.link, this.clock);
    this.#inquiries = new Inquiries(node);
    this.#held = new Holdings({
      network: new NodeNetwork(node, this.#inquiries, greetBy(options)),
      link: this.link,
      uploads,
      callees: new Callees(),
      clock: this.clock,
      rng: createRng(randomInt(2 ** 32)),
      policy: options.policy ?? {},
      ...(options.maySend ? { maySend: options.maySend } : {}),
      ...(options.onSent ? { onSent: options.onSent } : {}),
      other: options.other,
      emit: options.emit,
      addresses: () => this.addresses,
      uplinkCap: () => this.#caps.uplinkBytesPerSecond,
      isBanned: (id) => !admission.mayCall(id),
      onBan: (id, reason, forLoad) => this.#ban(id, reason, forLoad),
    });
    setMaxListeners(0, this.#stopping.signal);
    this.discovery = new Discovery(node, this.clock, options.circle ? EVERY_PEER : ENOUGH_PEERS);
    this.#vigil = new Vigil(node, this.clock);
    const { discovery, clock, emit, link } = this;
    this.#announcements = new Announcements({ discovery, clock, emit });
    const runDir = join(options.dataDir, ...own);
    const knownDir = join(identity.dir, ...own);
    this.#joining = new Joining({ node, discovery, listening, runDir, knownDir, clock, emit });
    if (options.mdns)
      unawaited('looking at the LAN', this.#joining.awaitLan(this.#stopping.signal));
    this.#caps = new PeerCaps({ node, link, clock, uploads, swarms: this.#held });
    if (options.adaptsUplink) this.#caps.adapt();
  }

  get packed(): PackedManifests {
    return this.#held.packed;
  }

  get peerId(): string {
    return this.node.peerId.toString();
  }

  /** Signs with the key of its PeerId. */
  async sign(bytes: Uint8Array): Promise<Uint8Array> {
    return this.#identity.privateKey.sign(bytes);
  }

  /** Ends the connections with that peer; it may come back. */
  cut(remote: string, reason: string): void {
    this.#admission.hangUp(remote, reason);
  }

  /** Addresses at which this peer listens, with /p2p/. */
  get addresses(): string[] {
    return this.node.getMultiaddrs().map((address) => address.toString());
  }

  async #open({ relay, relays, mapsPort }: PeerOptions): Promise<void> {
    const { node, emit, link, clock } = this;
    this.#admission.watch(node);
    reportConnections(node, emit);
    const identified = ({ detail }: CustomEvent<IdentifyResult>): void =>
      this.#held.offerContact(detail.peerId.toString());
    node.addEventListener('peer:identify', guarded('identifying a peer', identified));
    await serveContent(node, {
      held: this.#held,
      admission: this.#admission,
      link: this.link,
      onBan: (peer, reason, forLoad) => this.#ban(peer, reason, forLoad),
    });
    const moved = (): void => this.#handleMoved();
    const isRefused = (peer: string): boolean => this.#admission.refuses(peer);
    const passage: PassageInit = {
      node,
      link,
      clock,
      emit,
      relay,
      relays,
      mapsPort,
      isRefused,
      onMoved: moved,
    };
    this.#passage = await Passage.open(passage);
    await this.#joining.announce();
    this.#listening.follow(node, moved);
  }

  #handleMoved(): void {
    unawaited('telling new addresses', this.#joining.announce());
    this.discovery.handleMoved();
  }

  /**
   * Joins through these peers, or those known, from now on: see peer/discovery/joining.ts. Resolves with
   * the first connection.
   */
  join(through: readonly (string | Guide)[], signal: AbortSignal): Promise<void> {
    return this.#joining.join(through, AbortSignal.any([signal, this.#stopping.signal]));
  }

  /** Imports a file or directory in place, and serves it from then on. */
  share(path: string, options: ShareOptions): Promise<Swarm> {
    return this.#run(options.signal, (signal) => this.#share(path, { ...options, signal }));
  }

  async #share(path: string, options: ShareOptions): Promise<Swarm> {
    const shared = await importShared(this, path, options);
    options.signal?.throwIfAborted();
    const swarm = this.serve(shared.imported);
    this.emit(fileShared(shared));
    this.announce(swarm.cid);
    return swarm;
  }

  /** Serves content where it lies from now on, and tells nobody of it by itself. */
  serve(imported: Imported): Swarm {
    const store = FileStore.share(imported);
    const { root } = imported.manifest;
    const swarm = this.hold(root, store, { ...imported, rawRoot: rawRootIn(store) });
    this.#held.offerSubsets(root);
    unawaited('looking for neighbours', swarm.contacts.seek());
    return swarm;
  }

  /** Serves this content no more, however it came to be served. */
  async end(cid: CID): Promise<void> {
    this.#announcements.remove(cid);
    await this.#held.end(cid);
  }

  /** Fetches a file or directory, or what is named below it, into `out` and serves it meanwhile. */
  get(cid: CID, options: DownloadOptions): Promise<string> {
    return this.#run(options.signal, (signal) => this.#get(cid, { ...options, signal }));
  }

  async #get(cid: CID, options: DownloadOptions): Promise<string> {
    const held = options.path === undefined ? this.#held.get(cid) : undefined;
    if (held?.swarm.view.isComplete) return (await held.swarm.store.publish()) ?? '';
    const host = new FileDownload(this, cid, options);
    const download = new Download(host, cid, options);
    const path = await download.run();
    this.#held.offerSubsets(download.cid);
    await host.record(path);
    return path;
  }

  /** What it serves or fetches under this CID by a swarm that goes on. */
  holds(cid: CID): HeldDag | undefined {
    return this.#held.get(cid)?.dag;
  }

  /** The swarms that go on at the moment. */
  get swarms(): Iterable<Swarm> {
    return this.#held;
  }

  isComplete(cid: CID): boolean {
    return this.#held.get(cid)?.swarm.view.isComplete ?? false;
  }

  /** Serves this file until others can do without (see exchange/parting.ts). */
  async part(cid: CID, signal: AbortSignal): Promise<void> {
    const held = this.#held.get(cid);
    if (held) await part(held.swarm.view, this.clock, signal);
  }

  /** Takes part in a file's swarm with what the store holds. */
  hold(cid: CID, store: PieceStore, dag: HeldDag, hooks: SwarmHooks = {}): Swarm {
    return this.#held.hold(cid, store, dag, hooks);
  }

  /** Tells the DHT that pieces of this file are here, as soon as there is another peer. */
  announce(cid: CID, afterMs = 0): void {
    if (!this.circle) this.#announcements.add(cid, afterMs);
  }

  #ban(remote: string, reason: string, forLoad: boolean): void {
    const ms = this.#admission.ban(remote, forLoad);
    this.emit({
      event: 'neighbour_banned',
      remote,
      reason,
      ...(Number.isFinite(ms) ? { ms } : {}),
    });
  }

  /** Changes the caps of the running link, for all files. */
  limit(caps: Caps): void {
    this.#caps.limit(caps);
  }

  /** Lets the uplink's cap follow the rate that the line carries, from now on. */
  adapt(): void {
    this.#caps.adapt();
  }

  /** Runs a call until its own signal aborts, or the peer stops. */
  #run<T>(signal: AbortSignal | undefined, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const parents = [this.#stopping.signal, ...(signal ? [signal] : [])];
    return attempt(parents, undefined, (either) => {
      either.throwIfAborted();
      return call(either);
    });
  }

  /** Ends everything; partial downloads stay resumable, and their calls are rejected. */
  async stop(): Promise<void> {
    this.#stopping.abort(new HubswarmError('ERR_ABORTED', 'the peer has stopped'));
    this.#announcements.close();
    this.#listening.close();
    await this.#passage?.close();
    this.#vigil.close();
    this.#caps.close();
    this.#held.endSwarms();
    this.#inquiries.close();
    await this.discovery.stop();
    await hangUp(this.node, this.clock);
    await this.#held.closeStores();
    await this.#joining.close();
    await this.#identity.release();
  }
}

/** Makes sure that a peer is in the circle, if there is one. */
const greetBy =
  ({ circle, knock }: PeerOptions): Greet =>
  async (peer, signal) => {
    if (circle && !circle.has(peer)) await knock?.(peer, signal);
  };
