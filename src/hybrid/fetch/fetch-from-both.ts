// Fetches the pieces of a file from web servers and a swarm at once, into the store of a client. It
// ends when the last piece is here, when nothing came for too long, or when every server is of no use
// and there is nobody else.
import { randomInt } from 'node:crypto';
import type { PieceWork } from '../../client/download/get-options.ts';
import type { HttpClient } from '../../client/http/http-client.ts';
import type { Peer } from '../../peer/peer.ts';
import { abortable } from '../../runtime/abortable.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { unawaited } from '../../runtime/guarded.ts';
import { createRng } from '../../runtime/rng.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { FoundHub } from '../hub-address.ts';
import { keepSource } from '../source/keep-source.ts';
import { fileAt } from '../source/piece-places.ts';

/** Most servers that are sources at once. Chosen. */
const MOST_SERVERS = 4;
/** Time before the DHT is asked: first the neighbours name each other (swarm/download.ts). */
const LOOK_AFTER_MS = 1500;
/** Time between two checks of the patience. Chosen. */
const WATCH_MS = 250;

export interface BothSources {
  readonly peer: Peer;
  readonly hubs: readonly FoundHub[];
  /** Whether peers are called that may have it. */
  readonly expectsPeers: boolean;
  readonly work: PieceWork;
  readonly http: HttpClient;
  readonly emit: Emit;
}

/** @throws HubswarmError ERR_NO_SOURCE, what the store threw; the signal's reason */
export async function fetchFromBoth(sources: BothSources): Promise<void> {
  const { peer, hubs, expectsPeers, work, http, emit } = sources;
  const { manifest, name, dag, store, patience, signal } = work;
  const { root, geometry } = manifest;
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const noteStored = (piece: number): void => {
    patience.handleDone(piece);
    work.onPiece(geometry.length(piece));
  };
  work.keepOpen();
  const swarm = peer.hold(
    root,
    store,
    { name, dag },
    {
      onPieceStored: noteStored,
      onPieceCopied: noteStored,
      onCompleted: resolve,
      onFailed: reject,
    },
  );
  const { clock } = peer;
  const stopWatching = clock.every(WATCH_MS, 'watching a download', () => {
    if (patience.leftMs > 0) return;
    const limit = `gave up after ${patience.limitMs / 1000} s without progress`;
    reject(new HubswarmError('ERR_NO_SOURCE', `no server and no peer gives more; ${limit}`));
  });
  const kept = work.urls.slice(0, MOST_SERVERS).map((url) =>
    keepSource({
      swarm,
      http,
      places: fileAt(url, manifest),
      webSeed: { twin: twinOf(url, hubs) },
      clock,
      rng: createRng(randomInt(2 ** 32)),
      emit,
      signal: either,
    }),
  );
  const whenDropped = Promise.all(kept).then((reasons) => {
    if (swarm.view.neighbourCount > 0 || expectsPeers) return;
    reject(new HubswarmError('ERR_NO_SOURCE', reasons.at(-1) ?? 'no server is left'));
  });
  unawaited('keeping sources', whenDropped);
  unawaited('finding peers', findPeers(peer, swarm, either));
  try {
    await abortable(ended, signal);
  } finally {
    stopWatching();
    over.abort();
    await whenDropped;
  }
}

async function findPeers(peer: Peer, swarm: Swarm, signal: AbortSignal): Promise<void> {
  // Whoever is asked would learn of it.
  if (peer.circle) return;
  try {
    await peer.clock.sleep(LOOK_AFTER_MS, signal);
    for await (const { peerId, multiaddrs } of peer.discovery.findProviders(swarm.cid, signal)) {
      swarm.contacts.add(peerId.toString(), multiaddrs.map(String));
    }
  } catch {
    // Peers are found by each other as well.
  }
}

/** PeerId of the hub that has this URL. */
const twinOf = (url: URL, hubs: readonly FoundHub[]): string | undefined =>
  hubs.find(({ base }) => base.origin === url.origin)?.swarm?.peer;
