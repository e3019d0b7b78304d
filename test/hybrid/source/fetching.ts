// One peer that fetches a file into memory: everything but the network to other peers is real.
import { onTestFinished } from 'vitest';
import { Access } from '../../../src/client/http/access.ts';
import { HttpClient } from '../../../src/client/http/http-client.ts';
import type { Manifest } from '../../../src/content/manifest.ts';
import { MemoryStore } from '../../../src/content/memory-store.ts';
import { keepSource } from '../../../src/hybrid/source/keep-source.ts';
import type { PiecePlaces } from '../../../src/hybrid/source/piece-places.ts';
import { Link } from '../../../src/link/link.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createRng } from '../../../src/runtime/rng.ts';
import { Callees } from '../../../src/swarm/callees.ts';
import { Swarm } from '../../../src/swarm/swarm.ts';
import { UploadQueue } from '../../../src/swarm/upload-queue.ts';
import type { Event, EventName } from '../../../src/telemetry/event.ts';

interface Options {
  readonly down?: number;
  readonly token?: string;
  readonly stallMs?: number;
}

export class Fetching {
  readonly events: Event[] = [];
  readonly link: Link;
  readonly store: MemoryStore;
  readonly swarm: Swarm;
  /** Resolves when every piece is here. */
  readonly complete: Promise<void>;
  readonly #http: HttpClient;
  readonly #over = new AbortController();
  readonly #listeners = new Set<() => void>();

  constructor(manifest: Manifest, urls: readonly URL[], options: Options = {}) {
    const clock = systemClock;
    this.link = new Link(
      options.down === undefined ? {} : { downlinkBytesPerSecond: options.down },
    );
    this.store = MemoryStore.empty(manifest);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.complete = promise;
    const emit = (event: Event): void => this.#note(event);
    this.swarm = new Swarm({
      cid: manifest.root,
      store: this.store,
      hooks: { onCompleted: resolve },
      network: {
        self: 'me',
        connected: () => [],
        call: () => Promise.reject(new Error('nobody')),
        ask: async () => undefined,
        believe: () => [],
      },
      link: this.link,
      uploads: new UploadQueue(this.link, clock),
      callees: new Callees(),
      clock,
      rng: createRng(1),
      policy: {},
      emit,
      addresses: () => [],
      uplinkCap: () => Number.POSITIVE_INFINITY,
      isBanned: () => false,
      onBan: (remote, reason) => emit({ event: 'neighbour_banned', remote, reason }),
    });
    this.#http = new HttpClient({
      stallMs: options.stallMs ?? 5000,
      exacting: true,
      access: new Access({ urls, token: options.token }),
    });
    onTestFinished(() => this.close());
  }

  /** Resolves when the source is dropped, to the reason, or this is closed. */
  keep(places: PiecePlaces, twin?: string): Promise<string | undefined> {
    return keepSource({
      swarm: this.swarm,
      http: this.#http,
      places,
      webSeed: { twin },
      clock: systemClock,
      rng: createRng(2),
      emit: (event) => this.#note(event),
      signal: this.#over.signal,
    });
  }

  all<E extends EventName>(name: E): Extract<Event, { event: E }>[] {
    return this.events.filter(
      (event): event is Extract<Event, { event: E }> => event.event === name,
    );
  }

  /** Resolves once so many events of that name were told. */
  async until(name: EventName, count = 1): Promise<void> {
    while (this.all(name).length < count) {
      await new Promise<void>((resolve) => this.#listeners.add(resolve));
    }
  }

  close(): void {
    this.#over.abort();
    this.swarm.close();
    this.#http.close();
  }

  #note(event: Event): void {
    this.events.push(event);
    for (const tell of this.#listeners) tell();
    this.#listeners.clear();
  }
}
