// The hubs that a peer is told of by URL: the manifests that they have, and their blocks as a source of
// its downloads. A hub need not be there yet, nor be in a swarm.
import { randomInt } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import { HttpClient } from '../../client/http/http-client.ts';
import { SourceFailure } from '../../client/http/source-failure.ts';
import { isRawCid, matchesCid } from '../../content/cid.ts';
import { MAX_PIECE_LENGTH } from '../../content/geometry.ts';
import { type Resolved, resolveManifest } from '../../content/resolve.ts';
import type { OtherSources } from '../../peer/other-sources.ts';
import { abortable } from '../../runtime/abortable.ts';
import { systemClock } from '../../runtime/clock.ts';
import { hasCode } from '../../runtime/errors.ts';
import { unawaited } from '../../runtime/guarded.ts';
import { createRng } from '../../runtime/rng.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { JoinedHubs } from '../entry.ts';
import type { HubGuide } from '../hub-guide.ts';
import { keepSource } from './keep-source.ts';
import { blocksOf } from './piece-places.ts';

/** Silence after which a request is given up. Chosen, as in client/download/get.ts. */
const STALL_MS = 10_000;
/** Time between two questions to a hub for a manifest. Chosen. */
const ASK_AGAIN_MS = 2000;

interface HubsInit extends JoinedHubs {
  readonly emit: Emit;
}

type Found = Resolved & { readonly rawRoot?: Uint8Array; readonly hint: string };

export class Hubs implements OtherSources {
  readonly #init: HubsInit;
  readonly #http: HttpClient;
  readonly #over = new AbortController();
  /** Those that want to know who asks. */
  readonly #refusing = new Set<HubGuide>();

  constructor(init: HubsInit) {
    this.#init = init;
    const { access } = init;
    const limits = { stallMs: STALL_MS, exacting: true, minBytesPerSecond: 0 };
    this.#http = new HttpClient({ ...limits, access });
    for (const { hub, least } of init.guides) this.#http.tellers.confine(hub, least);
  }

  /** Asks every hub until one has the manifest. */
  async find(cid: CID, signal: AbortSignal): Promise<Found> {
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal, this.#over.signal]);
    try {
      return await Promise.race(this.#init.guides.map((guide) => this.#findAt(guide, cid, either)));
    } finally {
      over.abort();
    }
  }

  async #findAt(guide: HubGuide, cid: CID, signal: AbortSignal): Promise<Found> {
    for (;;) {
      try {
        return await this.#ask(guide.hub, cid, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (hasCode(error, 'ERR_MANIFEST')) throw error;
        if (isRefusal(error)) return await this.#drop(guide, error, signal);
        await systemClock.sleep(ASK_AGAIN_MS, signal);
      }
    }
  }

  /** Tells of it once. Never resolves: others may have the manifest. */
  #drop(guide: HubGuide, { message }: SourceFailure, signal: AbortSignal): Promise<never> {
    this.#refusing.add(guide);
    this.#init.emit({ event: 'source_failed', remote: guide.name, reason: message });
    return abortable(new Promise(() => undefined), signal);
  }

  async #ask(hub: URL, root: CID, signal: AbortSignal): Promise<Found> {
    let rawRoot: Uint8Array | undefined;
    let hint = '';
    const getBlock = async (cid: CID): Promise<Uint8Array> => {
      const place = new URL(`ipfs/${cid}`, hub);
      place.searchParams.set('format', 'raw');
      const { bytes: block, headers } = await this.#http.getPlaced(place, MAX_PIECE_LENGTH, signal);
      if (!matchesCid(cid, block)) throw new SourceFailure(`sent wrong bytes for block ${cid}`);
      if (isRawCid(cid)) rawRoot = block;
      if (cid.equals(root)) hint = decoded(headers.get('x-hubswarm-name'));
      return block;
    };
    const resolved = await resolveManifest(root, getBlock, { signal });
    return { ...resolved, hint, ...(rawRoot && { rawRoot }) };
  }

  join(swarm: Swarm): void {
    const { guides, emit } = this.#init;
    for (const guide of guides) {
      if (this.#refusing.has(guide)) continue;
      const kept = keepSource({
        swarm,
        http: this.#http,
        places: blocksOf(guide.hub, swarm.store.manifest),
        webSeed: {
          // It may say so later.
          get twin() {
            return guide.peerId;
          },
        },
        clock: systemClock,
        rng: createRng(randomInt(2 ** 32)),
        emit,
        signal: this.#over.signal,
      });
      unawaited('keeping a source', kept);
    }
  }

  close(): void {
    this.#over.abort();
    this.#http.close();
  }
}

const isRefusal = (error: unknown): error is SourceFailure =>
  error instanceof SourceFailure && (error.status === 401 || error.status === 403);

/** Text that may be percent-encoded; empty if it is none. */
function decoded(text: string | undefined): string {
  try {
    return decodeURIComponent(text ?? '');
  } catch {
    return '';
  }
}
