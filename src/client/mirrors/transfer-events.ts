// The events of one transfer, in the order in which every reader expects them:
// started, progressed, completed or failed. Progress is thinned out here.
import type { Clock } from '../../runtime/clock.ts';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import type { Emit, Event } from '../../telemetry/event.ts';

/** Least time between progress events, as the event's contract says. */
const EVERY_MS = 100;

type Started = Omit<Extract<Event, { event: 'transfer_started' }>, 'event' | 'name'>;

export class TransferEvents {
  readonly #emit: Emit;
  readonly #clock: Clock;
  readonly #startedAt: number;
  #progressedAt = Number.NEGATIVE_INFINITY;
  #total = 0;
  #cid: string | undefined;
  name: string;
  /** The file's path, once it is complete. */
  path: string | undefined;

  /** Create it when the transfer starts: `ms` counts from here. */
  constructor(name: string, emit: Emit, clock: Clock) {
    this.name = name;
    this.#emit = emit;
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  start(facts: Started): void {
    this.#total = facts.bytes;
    this.#cid = facts.cid;
    this.#emit({ event: 'transfer_started', name: this.name, ...facts });
  }

  /** Call it whenever bytes came. */
  progress(bytes: number): void {
    const now = this.#clock.now();
    if (now - this.#progressedAt < EVERY_MS) return;
    this.#progressedAt = now;
    this.#emitProgress(bytes);
  }

  /** @param how.unchanged the file was here already: the server said so, and nothing moved */
  complete(path: string, bytes: number, how: { unchanged?: true } = {}): void {
    this.#total = bytes;
    this.path = path;
    if (!how.unchanged) this.#emitProgress(bytes);
    this.#emit({
      event: 'transfer_completed',
      ...(this.#cid === undefined ? {} : { cid: this.#cid }),
      name: this.name,
      path,
      bytes,
      ms: this.#clock.now() - this.#startedAt,
      ...how,
    });
  }

  fail(error: unknown): void {
    const code = error instanceof HubswarmError ? error.code : 'ERR_INTERNAL';
    this.#emit({ event: 'transfer_failed', code, message: describeError(error), name: this.name });
  }

  #emitProgress(bytes: number): void {
    this.#emit({ event: 'transfer_progressed', bytes, total: this.#total, name: this.name });
  }
}
