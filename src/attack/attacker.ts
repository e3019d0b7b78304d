// A hostile peer, for experiments: it starts as any other peer, learns of the file from its
// manifest alone, and attacks its swarm until stopped. It stays on its own ground: its node neither
// dials nor answers anything but this host and private networks.
import type { CID } from 'multiformats/cid';
import type { Link } from '../link/link.ts';
import { Discovery } from '../peer/discovery/discovery.ts';
import { rawRootOf, serveDag } from '../peer/manifest/dag-protocol.ts';
import { searchManifest } from '../peer/manifest/manifest-search.ts';
import { hangUp } from '../peer/node/hang-up.ts';
import { type Identity, openIdentity } from '../peer/node/identity.ts';
import { createNode, type Node } from '../peer/node/node.ts';
import { systemClock } from '../runtime/clock.ts';
import { UploadQueue } from '../swarm/upload-queue.ts';
import type { Emit } from '../telemetry/event.ts';
import { Attack } from './attack.ts';
import { CONDUCTS } from './conducts.ts';
import type { AttackKind } from './kind.ts';
import { isOwnGround } from './own-ground.ts';

export interface AttackerOptions {
  kind: AttackKind;
  /** Directory for its identity: started again, it is the same peer, and as banned. */
  dataDir: string;
  listen?: readonly string[];
  /** The link of the process. The caller closes it after the attacker has stopped. */
  link: Link;
  emit: Emit;
}

export class Attacker {
  readonly node: Node;
  readonly #identity: Identity;
  readonly #kind: AttackKind;
  readonly #emit: Emit;
  readonly #link: Link;
  readonly #discovery: Discovery;
  readonly #stopping = new AbortController();
  #attack: Attack | undefined;

  /** Boots and listens. @throws HubswarmError ERR_LISTEN, ERR_NOT_PERMITTED */
  static async start(options: AttackerOptions): Promise<Attacker> {
    const identity = await openIdentity(options.dataDir);
    try {
      const node = await createNode({
        privateKey: identity.privateKey,
        allowsAddress: isOwnGround,
        ...(options.listen ? { listen: options.listen } : {}),
      });
      return new Attacker(options, identity, node);
    } catch (error) {
      await identity.release();
      throw error;
    }
  }

  private constructor(options: AttackerOptions, identity: Identity, node: Node) {
    const { emit, link } = options;
    this.node = node;
    this.#identity = identity;
    this.#kind = options.kind;
    this.#emit = emit;
    this.#link = link;
    this.#discovery = new Discovery(node, systemClock);
    node.addEventListener('peer:connect', ({ detail }) => {
      emit({ event: 'peer_connected', remote: detail.toString() });
    });
    node.addEventListener('peer:disconnect', ({ detail }) => {
      emit({ event: 'peer_disconnected', remote: detail.toString() });
    });
    const addresses = node.getMultiaddrs().map(String);
    emit({ event: 'listening', role: 'peer', addresses, peerId: node.peerId.toString() });
  }

  /**
   * Joins the file's swarm through these addresses; resolves once the attack has begun.
   * It goes on until stop().
   *
   * @throws HubswarmError ERR_NO_SOURCE, ERR_MANIFEST; the signal's reason
   */
  async attack(cid: CID, addresses: readonly string[], signal: AbortSignal): Promise<void> {
    const { node } = this;
    await this.#discovery.join(addresses, signal);
    const sources = { node, discovery: this.#discovery, clock: systemClock };
    const found = await searchManifest(sources, cid, signal);
    const { manifest, dag, name, rawRoot } = found;
    const held = { dag, name, ...(rawRoot ? { rawRoot: rawRootOf(rawRoot) } : {}) };
    await serveDag(node, (asked) => (asked.equals(cid) ? held : undefined));
    const conduct = CONDUCTS[this.#kind]({
      link: this.#link,
      uploads: new UploadQueue(this.#link, systemClock),
    });
    this.#attack = new Attack({ node, manifest, conduct, emit: this.#emit });
    await this.#attack.begin();
    // Peers that ask the DHT for the file are sent here as well.
    this.#discovery.provide(cid, this.#stopping.signal).catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#attack?.close();
    await this.#discovery.stop();
    await hangUp(this.node, systemClock);
    await this.#identity.release();
  }
}
