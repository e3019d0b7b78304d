// A peer: one node, one link, and a swarm for each file it shares or fetches.
import { randomInt } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import type { IdentifyResult } from '@libp2p/interface';
import type { CID } from 'multiformats/cid';
import type { PieceStore } from '../content/store.ts';
import { FileStore } from '../disk/file-store.ts';
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
import { Discovery, ENOUGH_PEERS, EVERY_PEER } from './discovery/discovery.ts';
import type { Guide } from './discovery/guide.ts';
import { Joining } from './discovery/joining.ts';
import { Listening } from './discovery/listening.ts';
import { provideLater } from './discovery/provide-later.ts';
import { type DownloadOptions, FileDownload, type FileDownloadPeer } from './file-download.ts';
import { Holdings } from './holdings.ts';
import { importShared, type ShareOptions } from './import-shared.ts';
import { type HeldDag, rawRootIn } from './manifest/dag-protocol.ts';
import { KeptManifests } from './manifest/kept-manifests.ts';
import type { PackedManifests } from './manifest/packed-manifests.ts';
import type { PortMapping } from './mapping/port-mapping.ts';
import { Admission } from './node/admission.ts';
import { hangUp } from './node/hang-up.ts';
import { type Identity, openIdentity } from './node/identity.ts';
import { createNode, type Node } from './node/node.ts';
import { reportConnections } from './node/report-connections.ts';
import { UplinkTuner } from './node/uplink-tuner.ts';
import { Vigil } from './node/vigil.ts';
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
  readonly #uploads: UploadQueue;
  readonly #held: Holdings;
  readonly #inquiries: Inquiries;
  readonly #admission: Admission;
  readonly #listening: Listening;
  readonly #joining: Joining;
  readonly #vigil: Vigil;
  readonly #stopping = new AbortController();
  #mapping: Promise<PortMapping> | undefined;
  #tuner: UplinkTuner | undefined;

  /** Boots a peer and listens. @throws HubswarmError ERR_LISTEN, ERR_NOT_PERMITTED */
  static async start(options: PeerOptions): Promise<Peer> {
    const warn = (message: string): void => options.emit({ event: 'warned', message });
    const identity = await openIdentity(options.dataDir, warn, options.dataOption);
    try {
      const admission = new Admission(systemClock, options);
      const { mdns = false, emit } = options;
      const listening = new Listening({ joins: [], ...options, mdns, clock: systemClock });
      const node = await createNode({
        privateKey: identity.privateKey,
        isRefused: (id) => admission.refuses(id),
        listen: await listening.choose(),
        ...(options.allowsAddress ? { allowsAddress: options.allowsAddress } : {}),
        ...(options.swarmKey ? { swarmKey: options.swarmKey } : {}),
        mdns,
        onMdnsFailed: (error) => {
          const message = `--mdns: peers on the LAN are not found: ${describeError(error)}`;
          emit({ event: 'warned', message });
        },
      });
      const peer = new Peer(options, identity, node, admission, listening);
      await peer.#open();
      if (options.mapsPort) peer.#mapPort();
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
    this.#uploads = new UploadQueue(this.link, this.clock);
    this.#inquiries = new Inquiries(node);
    this.#held = new Holdings({
      network: new NodeNetwork(node, this.#inquiries, greetBy(options)),
      link: this.link,
      uploads: this.#uploads,
      callees: new Callees(),
      clock: this.clock,
      rng: createRng(randomInt(2 ** 32)),
      policy: options.policy ?? {},
      ...(options.maySend ? { maySend: options.maySend } : {}),
      other: options.other,
      emit: options.emit,
      addresses: () => this.addresses,
      // The window of a session must not follow a rate that follows the uplink's queue.
      uplinkCap: () => (this.#tuner ? Number.POSITIVE_INFINITY : this.link.uplinkBytesPerSecond),
      isBanned: (id) => !admission.mayCall(id),
      onBan: (id, reason, forLoad) => this.#ban(id, reason, forLoad),
    });
    setMaxListeners(0, this.#stopping.signal);
    this.discovery = new Discovery(node, this.clock, options.circle ? EVERY_PEER : ENOUGH_PEERS);
    this.#vigil = new Vigil(node, this.clock);
    const { discovery, clock, emit } = this;
    const runDir = join(options.dataDir, ...own);
    const knownDir = join(identity.dir, ...own);
    this.#joining = new Joining({ node, discovery, listening, runDir, knownDir, clock, emit });
    if (options.mdns)
      unawaited('looking at the LAN', this.#joining.awaitLan(this.#stopping.signal));
    if (options.adaptsUplink) this.#tune();
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

  async #open(): Promise<void> {
    const { node, emit } = this;
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
    await this.#joining.announce();
    this.#listening.follow(node, () =>
      unawaited('telling new addresses', this.#joining.announce()),
    );
  }

  /** What speaks to routers is loaded only where it is wanted. */
  #mapPort(): void {
    const { node, clock, emit } = this;
    const warn = (message: string): void => emit({ event: 'warned', message });
    const onMoved = (): void => {
      if (!this.#stopping.signal.aborted)
        unawaited('telling new addresses', this.#joining.announce());
    };
    this.#mapping = import('./mapping/map-port.ts').then(({ mapPort }) =>
      mapPort(node, { clock, onMoved, warn }),
    );
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
    const { imported, leftOut } = await importShared(this, path, options);
    const { manifest, name, dag } = imported;
    const store = await FileStore.share(imported);
    options.signal?.throwIfAborted();
    const swarm = this.hold(manifest.root, store, { name, dag, rawRoot: rawRootIn(store) });
    this.#held.offerSubsets(manifest.root);
    this.emit({
      event: 'file_shared',
      cid: manifest.root.toString(),
      name,
      bytes: manifest.geometry.totalLength,
      pieces: manifest.geometry.pieceCount,
      pieceLength: manifest.geometry.maxLength,
      ...(leftOut > 0 ? { leftOut } : {}),
    });
    unawaited('looking for neighbours', swarm.contacts.seek());
    this.announce(manifest.root);
    return swarm;
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
    if (!this.circle)
      unawaited('providing a file', provideLater(this, cid, afterMs, this.#stopping.signal));
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
    if (caps.uplinkBytesPerSecond !== undefined) {
      this.#tuner?.close();
      this.#tuner = undefined;
    }
    this.link.command(caps);
    for (const swarm of this.#held) swarm.handleLimited();
  }

  /** Lets the uplink's cap follow the rate that the line carries, from now on. */
  adapt(): void {
    if (this.#tuner) return;
    this.#tune();
    for (const swarm of this.#held) swarm.handleLimited();
  }

  #tune(): void {
    this.#tuner = new UplinkTuner({
      node: this.node,
      link: this.link,
      clock: this.clock,
      receivers: () => this.#uploads.receivers,
      neighbours: () => [...this.#held].flatMap(({ neighbours }) => [...neighbours]),
      onTuned: () => this.link.noteFound(),
    });
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
    this.#listening.close();
    await (await this.#mapping)?.close();
    this.#vigil.close();
    this.#tuner?.close();
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
