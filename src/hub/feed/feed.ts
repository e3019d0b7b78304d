// The one sequence of events. It numbers them, keeps the last ones for subscribers that come back,
// and hands each to every subscriber whose filter it passes. Ids are `<epoch>-<n>`. The epoch
// changes with each start of the hub, and after a time in which nothing was watched, so an id never
// stands for two events.
import { randomBytes } from 'node:crypto';
import type { Reset } from '../../api/feed-event.ts';
import { guarded } from '../../runtime/guarded.ts';
import { Refusal } from '../../runtime/refusal.ts';
import { showJson } from '../../runtime/shown-text.ts';
import type { EventFilter } from './event-filter.ts';
import type { FeedEvent } from './feed-event.ts';

/** One event, made into text once for all subscribers. */
export interface Message {
  /** Absent if the event is not kept. */
  readonly id: string | undefined;
  readonly event: string;
  readonly json: string;
}

export interface Subscriber {
  /** The address that stands for its user. */
  readonly from: string;
  readonly filter: EventFilter;
  /** Takes a message. It must not throw, and may end the subscription. */
  deliver(message: Message): void;
  /** Called when the feed has ended. */
  end(): void;
}

interface Kept {
  readonly n: number;
  readonly event: FeedEvent;
  readonly message: Message;
}

/** Events kept for subscribers that come back. Chosen: some 300 KiB. */
const KEPT_EVENTS = 1000;
const ID = /^([0-9a-z]{1,32})-(\d{1,15})$/;

export class Feed {
  readonly #maxSubscribers: number;
  readonly #subscribers = new Set<Subscriber>();
  #epoch = newEpoch();
  #last = 0;
  #kept: Kept[] = [];
  #ended = false;

  constructor(options: { maxSubscribers: number }) {
    this.#maxSubscribers = options.maxSubscribers;
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  /** The id of the last event; before the first event, the id that precedes it. */
  get position(): string {
    return this.#idOf(this.#last);
  }

  publish(event: FeedEvent): void {
    const kept = event.event !== 'transfer_progressed';
    const message = this.#message(kept ? ++this.#last : undefined, event);
    if (kept) {
      this.#kept.push({ n: this.#last, event, message });
      // Lets twice as many gather before it cuts, so that few events are moved.
      if (this.#kept.length >= 2 * KEPT_EVENTS) this.#kept = this.#kept.slice(-KEPT_EVENTS);
    }
    for (const subscriber of [...this.#subscribers]) {
      if (subscriber.filter.matches(event)) subscriber.deliver(message);
    }
  }

  /**
   * Kept events after `id` that pass the filter. If some may be missing, one message that says so
   * instead. Without an id none: the subscriber begins now.
   */
  since(id: string | undefined, filter: EventFilter): readonly Message[] {
    if (id === undefined) return [];
    const [, epoch, n = ''] = ID.exec(id) ?? [];
    if (epoch !== this.#epoch) {
      return [this.#reset('the id is not of this run of the hub, or nobody listened since')];
    }
    const after = Number(n);
    const oldest = this.#kept[0]?.n ?? this.#last + 1;
    if (after > this.#last) return [this.#reset('the id has not been given yet')];
    if (after < oldest - 1) return [this.#reset('events after the id are not kept any more')];
    const missed = this.#kept.filter((kept) => kept.n > after && filter.matches(kept.event));
    return missed.map(({ message }) => message);
  }

  /** @throws Refusal ERR_BUSY */
  checkRoom(from: string): void {
    if (this.#ended)
      throw new Refusal('ERR_BUSY', 'the server is stopping', { retryAfterMs: 2000 });
    if (this.#isFull && !this.#makesWayFor(from)) {
      throw new Refusal('ERR_BUSY', 'too many subscribers; try again', { retryAfterMs: 10_000 });
    }
  }

  /**
   * @throws Refusal ERR_BUSY.
   * @returns a function that ends the subscription; it may be called twice
   */
  subscribe(subscriber: Subscriber): () => void {
    this.checkRoom(subscriber.from);
    const greedy = this.#isFull ? this.#makesWayFor(subscriber.from) : undefined;
    if (greedy) {
      this.#subscribers.delete(greedy);
      greedy.end();
    }
    const { from, filter } = subscriber;
    const end = guarded('ending a subscription', () => subscriber.end());
    const leave = (): void => {
      this.#subscribers.delete(listener);
    };
    // A subscriber that throws has missed an event, so it is dropped. The others still get theirs.
    const deliver = guarded('telling a subscriber', subscriber.deliver.bind(subscriber), () => {
      leave();
      end();
    });
    const listener = { from, filter, deliver, end };
    this.#subscribers.add(listener);
    return leave;
  }

  get #isFull(): boolean {
    return this.#subscribers.size >= this.#maxSubscribers;
  }

  /**
   * The oldest subscriber of the user with the most, if that user will still have as many as the
   * newcomer's: nobody shuts the others out.
   */
  #makesWayFor(from: string): Subscriber | undefined {
    const counts = new Map<string, number>();
    for (const each of this.#subscribers) counts.set(each.from, (counts.get(each.from) ?? 0) + 1);
    const [greediest] = [...counts].sort((a, b) => b[1] - a[1]);
    if (!greediest || greediest[1] <= (counts.get(from) ?? 0) + 1) return undefined;
    return [...this.#subscribers].find((each) => each.from === greediest[0]);
  }

  /** Begins a new epoch after a time in which nothing was watched: events may be missing. */
  restart(): void {
    this.#epoch = newEpoch();
    this.#last = 0;
    this.#kept = [];
  }

  end(): void {
    this.#ended = true;
    for (const subscriber of [...this.#subscribers]) subscriber.end();
    this.#subscribers.clear();
  }

  #reset(reason: string): Message {
    const event: Reset = { event: 'reset', reason };
    return this.#message(this.#last, event);
  }

  #message(n: number | undefined, event: FeedEvent | Reset): Message {
    const id = n === undefined ? undefined : this.#idOf(n);
    const time = new Date().toISOString();
    const told = { ...(id === undefined ? {} : { id }), time, ...event, place: undefined };
    const json = showJson(JSON.stringify(told));
    return { id, event: event.event, json };
  }

  #idOf(n: number): string {
    return `${this.#epoch}-${n}`;
  }
}

/** The time of the start, and random bytes: two hubs behind one balancer start together. */
function newEpoch(): string {
  return `${Date.now().toString(36)}${randomBytes(3).toString('hex')}`;
}
