// The status of a daemon that runs, read off what it is made of.
import type { ProcessLink } from '../link/process-link.ts';
import type { Peer } from '../peer/peer.ts';
import type { Limits } from './limits.ts';
import { Pace } from './pace.ts';
import type { Share } from './share.ts';
import type { Shares } from './shares.ts';
import type { Status, StatusPart } from './status.ts';
import type { Transfers } from './transfers.ts';

const SAMPLE_MS = 1000;

export interface ViewInit {
  readonly version: string;
  readonly dataDir: string;
  readonly isPrivate: boolean;
  readonly limits: Limits;
  readonly peer: Peer;
  readonly shares: Shares;
  readonly transfers: Transfers;
}

export class View {
  readonly #init: ViewInit;
  readonly #startedAt = new Date().toISOString();
  readonly #sent: Pace;
  readonly #received: Pace;
  readonly #cancel: () => void;

  constructor(init: ViewInit) {
    this.#init = init;
    const { clock, link } = init.peer;
    this.#sent = new Pace(() => clock.now());
    this.#received = new Pace(() => clock.now());
    this.#sample(link);
    this.#cancel = clock.every(SAMPLE_MS, 'taking the rates', () => this.#sample(link));
  }

  close(): void {
    this.#cancel();
  }

  *parts(): Generator<StatusPart> {
    yield { daemon: this.#daemon() };
    for (const transfer of this.#init.transfers.views) yield { transfer };
    for (const neighbour of this.#neighbours()) yield { neighbour };
    for (const share of this.#init.shares.index.all) yield { share: describeShare(share) };
  }

  #sample({ sentBytes, receivedBytes }: ProcessLink): void {
    this.#sent.note(sentBytes);
    this.#received.note(receivedBytes);
  }

  #daemon(): Status['daemon'] {
    const { version, dataDir, isPrivate, limits, peer } = this.#init;
    const { link } = peer;
    const { sentBytes, receivedBytes } = link;
    const { maxRatio = null, maxSeedMs } = limits;
    return {
      version,
      pid: process.pid,
      dataDir,
      startedAt: this.#startedAt,
      peerId: peer.peerId,
      addresses: peer.addresses,
      private: isPrivate,
      uplinkBytesPerSecond: capOf(link.uplinkBytesPerSecond),
      downlinkBytesPerSecond: capOf(link.downlinkBytesPerSecond),
      sentBytes,
      receivedBytes,
      sentBytesPerSecond: this.#sent.perSecond(sentBytes),
      receivedBytesPerSecond: this.#received.perSecond(receivedBytes),
      maxRatio,
      maxSeedSeconds: maxSeedMs === undefined ? null : maxSeedMs / 1000,
    };
  }

  *#neighbours(): Generator<Status['neighbours'][number]> {
    const { node, swarms } = this.#init.peer;
    const contents = new Map<string, string[]>();
    for (const { cid, neighbours } of swarms) {
      for (const peer of neighbours) {
        contents.set(peer, [...(contents.get(peer) ?? []), cid.toString()]);
      }
    }
    for (const id of node.getPeers()) {
      const [connection] = node.getConnections(id);
      const peerId = id.toString();
      const address = connection?.remoteAddr.toString() ?? '';
      yield { peerId, address, contents: contents.get(peerId) ?? [] };
    }
  }
}

const capOf = (bytesPerSecond: number): number | null =>
  Number.isFinite(bytesPerSecond) ? bytesPerSecond : null;

function describeShare(share: Share): Status['shares'][number] {
  const { cid, name, path, kind, bytes, sharedAt, state, sentBytes } = share;
  const since = new Date(sharedAt).toISOString();
  return { cid: cid.toString(), name, path, kind, bytes, sharedAt: since, state, sentBytes };
}
