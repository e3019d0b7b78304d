// The events of a hub. The root is watched only while there are subscribers or followers (parts of
// this process), and for a while after the last subscriber has left: a subscriber that comes back within that time has missed nothing. The
// answer to a subscriber begins when the watch has begun: it tells all changes after that.

import type { Change, Root, Watch } from '../../root/root.ts';
import { guarded, unawaited } from '../../runtime/guarded.ts';
import type { Emit, Event } from '../../telemetry/event.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { Backlogs } from './backlogs.ts';
import { Feed, type Message, type Subscriber } from './feed.ts';
import { fileEventOf } from './file-event.ts';
import type { Transfers } from './transfers.ts';

export interface EventsOptions {
  /** Milliseconds for which a file must stay the same before it is told. */
  readonly settleMs?: number | undefined;
  /** Milliseconds for which the watch goes on after the last subscriber. */
  readonly lingerMs?: number | undefined;
  /** Milliseconds between two checks of a subscriber: whether it is there, and may still listen. */
  readonly heartbeatMs?: number | undefined;
  /** Most directories that the system watches; the others are walked again and again. */
  readonly maxWatches?: number | undefined;
}

export interface EventsContext {
  readonly root: Root;
  readonly catalogue: Catalogue;
  readonly transfers: Transfers;
  readonly emit: Emit;
  readonly maxSubscribers: number;
}

export interface Subscription {
  /** Events that the subscriber missed. */
  readonly missed: readonly Message[];
  /** Id of the last event that it has then. */
  readonly position: string;
  /** Ends the subscription. May be called twice. */
  close(): void;
}

/** Chosen: a file whose writer pauses for longer is told twice. */
const SETTLE_MS = 300;
/** Chosen: a small part of what Linux allows a user (8,192 in the smallest default). */
const MAX_WATCHES = 4096;
/** Chosen: a client restarts, or a laptop changes its network, in this time. */
const LINGER_MS = 10 * 60_000;
/** Below the 60 s after which proxies end a silent answer, with room for three. */
const HEARTBEAT_MS = 15_000;

export class HubEvents {
  readonly feed: Feed;
  readonly backlogs = new Backlogs();
  readonly heartbeatMs: number;
  readonly #context: EventsContext;
  readonly #settleMs: number;
  readonly #maxWatches: number;
  readonly #lingerMs: number;
  readonly #followers = new Set<(change: Change) => void>();
  #tree: Watch | undefined;
  #started: Promise<void> | undefined;
  #lingering: NodeJS.Timeout | undefined;

  constructor(context: EventsContext, options: EventsOptions) {
    this.#context = context;
    this.#settleMs = options.settleMs ?? SETTLE_MS;
    this.#maxWatches = options.maxWatches ?? MAX_WATCHES;
    this.heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
    this.#lingerMs = options.lingerMs ?? LINGER_MS;
    this.feed = new Feed({ maxSubscribers: context.maxSubscribers });
  }

  /** @throws Refusal ERR_BUSY */
  async subscribe(after: string | undefined, subscriber: Subscriber): Promise<Subscription> {
    this.feed.checkRoom(subscriber.from);
    await this.#begin();
    // From here on the code awaits nothing, so no event falls between the missed ones and the next.
    const leave = this.feed.subscribe(subscriber);
    const close = (): void => {
      leave();
      if (this.feed.subscribers === 0 && this.#followers.size === 0) this.#linger();
    };
    const missed = this.feed.since(after, subscriber.filter);
    return { missed, position: this.feed.position, close };
  }

  /** Tells every change from now on to a part of this process, for as long as the hub runs. */
  async follow(tell: (change: Change) => void): Promise<void> {
    this.#followers.add(tell);
    await this.#begin();
  }

  /** Resolves when the root is watched. */
  async #begin(): Promise<void> {
    clearTimeout(this.#lingering);
    this.#started ??= this.#start();
    try {
      await this.#started;
    } catch (error) {
      // The next one tries again.
      this.#stop();
      throw error;
    }
  }

  handleEvent(event: Event): void {
    if (this.#tree && (event.event === 'file_stored' || event.event === 'file_deleted')) {
      unawaited('telling of a change', this.#tree.handleChanged(event.path.split('/')));
    }
    this.#context.transfers.handleEvent(event);
  }

  end(): void {
    this.feed.end();
    clearTimeout(this.#lingering);
    this.#stop();
  }

  async #start(): Promise<void> {
    const { root, catalogue, transfers, emit } = this.#context;
    this.#tree = root.watch?.({
      settleMs: this.#settleMs,
      maxWatches: this.#maxWatches,
      onChange: (change) => {
        this.feed.publish(fileEventOf(change, catalogue));
        for (const tell of this.#followers) tell(change);
      },
      onWarning: (message) => emit({ event: 'warned', message }),
    });
    transfers.start((event) => this.feed.publish(event));
    await this.#tree?.start();
  }

  #linger(): void {
    clearTimeout(this.#lingering);
    const end = guarded('ending the watch', () => {
      this.#stop();
      this.feed.restart();
    });
    this.#lingering = setTimeout(end, this.#lingerMs).unref();
  }

  #stop(): void {
    this.#tree?.stop();
    this.#tree = undefined;
    this.#started = undefined;
    this.#context.transfers.stop();
  }
}
