// Counts requests as plain numbers, from the event stream: some tenths of a microsecond for each.
// metrics.ts does the rest at a scrape. Labels come from short lists, never from what a client
// sent.
import type { Event } from '../../telemetry/event.ts';

/** Upper bounds in seconds: from an answer out of memory to a long download. */
export const BUCKETS_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 300];

const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'MKCOL', 'OPTIONS'];
const ROUTES = ['files', 'ipfs', 'uploads', 'events', 'metrics', 'healthz', 'readyz'];

export interface Tallied {
  readonly method: string;
  readonly route: string;
  /** Class of the status, as in `2xx`. */
  readonly status: string;
  count: number;
  cutOff: number;
  seconds: number;
  /** Counts by bucket, not cumulative; the last is above every bound. */
  readonly buckets: number[];
}

type Completed = Extract<Event, { event: 'request_completed' }>;

export class RequestTally {
  readonly #rows = new Map<string, Tallied>();
  rateLimited = 0;
  storedFiles = 0;

  get rows(): Iterable<Tallied> {
    return this.#rows.values();
  }

  handleEvent(event: Event): void {
    if (event.event === 'request_completed') this.#count(event);
    else if (event.event === 'file_stored') this.storedFiles++;
  }

  #count({ method, path, status, ms, whole }: Completed): void {
    const row = this.#row(method, path, status);
    const seconds = ms / 1000;
    row.count++;
    if (!whole) row.cutOff++;
    row.seconds += seconds;
    let bucket = 0;
    while (bucket < BUCKETS_SECONDS.length && seconds > BUCKETS_SECONDS[bucket]!) bucket++;
    row.buckets[bucket]!++;
    if (status === 429) this.rateLimited++;
  }

  #row(method: string, path: string, status: number): Tallied {
    const row = {
      method: METHODS.includes(method) ? method : 'other',
      route: routeOf(path),
      status: `${Math.floor(status / 100)}xx`,
    };
    const key = `${row.method} ${row.route} ${row.status}`;
    const known = this.#rows.get(key);
    if (known) return known;
    const buckets = Array<number>(BUCKETS_SECONDS.length + 1).fill(0);
    const made = { ...row, count: 0, cutOff: 0, seconds: 0, buckets };
    this.#rows.set(key, made);
    return made;
  }
}

function routeOf(path: string): string {
  const end = path.indexOf('/', 1);
  const first = path.slice(1, end < 0 ? undefined : end);
  if (first === '') return 'start';
  return ROUTES.includes(first) ? first : 'other';
}
