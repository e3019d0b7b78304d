// One event a line. The reader is tolerant: a line that is not an event is
// handed back as text, since a child process may print anything when it dies.
import { type Cancel, systemClock } from '../runtime/clock.ts';
import { showJson } from '../runtime/shown-text.ts';
import { EVENT_SCHEMA, type Event, type EventName, type Stamped } from './event.ts';

/** Lines wait so long for company: a write to a pipe blocks, and costs 0.1 ms. */
const WITHIN_MS = 5;
/**
 * Events of a running transfer come dozens of times a second, and their time stands in them. They
 * wait longer: each write wakes this process and its reader. Chosen.
 */
const OFTEN_WITHIN_MS = 50;
const OFTEN: ReadonlySet<EventName> = new Set([
  'link_counted',
  'piece_verified',
  'transfer_progressed',
  'usage_sampled',
]);

/** Stamps events and writes them to a stream; the first with the number of their schema. */
export class NdjsonWriter {
  readonly #out: { write(text: string): unknown };
  #lines = '';
  #wroteSchema = false;
  #cancel: Cancel | undefined;
  /** Whether the waiting lines are all of events that come often. */
  #mayWait = false;

  constructor(out: { write(text: string): unknown }) {
    this.#out = out;
  }

  readonly emit = (event: Event): void => {
    this.#lines += formatEvent(this.#wroteSchema ? event : { ...event, schema: EVENT_SCHEMA });
    this.#wroteSchema = true;
    this.#schedule(OFTEN.has(event.event));
  };

  #schedule(mayWait: boolean): void {
    if (this.#cancel && (mayWait || !this.#mayWait)) return;
    this.#cancel?.();
    this.#mayWait = mayWait;
    const ms = mayWait ? OFTEN_WITHIN_MS : WITHIN_MS;
    this.#cancel = systemClock.after(ms, 'writing events', () => this.flush());
  }

  /** Writes what waits. Must be called before the process ends. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#lines !== '') this.#out.write(this.#lines);
    this.#lines = '';
  }
}

/** An event's line, stamped now. */
export function formatEvent(event: Event & { schema?: number }): string {
  const t = performance.timeOrigin + performance.now();
  return `${showJson(JSON.stringify({ t, ...event }))}\n`;
}

/** A line as an event, or undefined when it is not one. */
export function parseEvent(line: string): Stamped | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    const record = value as { t?: unknown; event?: unknown };
    return typeof record.t === 'number' && typeof record.event === 'string'
      ? (value as Stamped)
      : undefined;
  } catch {
    return undefined;
  }
}
