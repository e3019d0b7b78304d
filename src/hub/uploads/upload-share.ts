// The share of the quota that an unfinished upload has. Its whole length has room while bytes keep a
// pace; a byte now and then does not hold the room of many. Beyond that the share is what came, and
// what comes next asks for room again.
import type { Quota, Reservation } from './quota.ts';

/** Time for which a promise holds. Chosen. */
const PROMISE_HOLDS_MS = 60_000;
/** Bytes that renew a promise within that time: 4 KiB/s, the least pace of a body. */
const RENEWING_BYTES = 256 * 1024;

export class UploadShare {
  readonly #reservation: Reservation;
  #lengthBytes: number;
  /** When the promise was made or renewed, in ms of performance.now(), and how much had come. */
  #promisedMs: number;
  #promisedAt: number;

  /**
   * @param lengthBytes of the whole upload; what has come if that is not known
   * @param ageMs time since the last byte
   * @throws Refusal ERR_QUOTA
   */
  constructor(quota: Quota, lengthBytes: number, offset = 0, ageMs = 0) {
    this.#lengthBytes = lengthBytes;
    this.#promisedMs = performance.now() - ageMs;
    this.#promisedAt = offset;
    this.#reservation = quota.reserve(this.#holds() ? lengthBytes : offset);
  }

  /** Promises room for a length that was not known before. @throws Refusal ERR_QUOTA */
  declare(lengthBytes: number): void {
    this.#reservation.cover(lengthBytes);
    this.#lengthBytes = lengthBytes;
    this.#promisedMs = performance.now();
  }

  /** Call before bytes are appended. @throws Refusal ERR_QUOTA if others have the room by now */
  begin(offset: number): void {
    this.cover(offset);
    const next = Math.min(this.#lengthBytes, offset + RENEWING_BYTES);
    this.#reservation.cover(this.#holds() ? this.#lengthBytes : next);
  }

  /** @param offset bytes that came so far. @throws Refusal ERR_QUOTA */
  cover(offset: number): void {
    this.#reservation.cover(offset);
    if (offset - this.#promisedAt < RENEWING_BYTES) return;
    this.#promisedMs = performance.now();
    this.#promisedAt = offset;
    this.#reservation.cover(this.#lengthBytes);
  }

  /** Gives back what was promised, if the promise has lapsed. @throws Refusal ERR_QUOTA */
  review(offset: number): void {
    this.cover(offset);
    if (!this.#holds()) this.#reservation.shrink(offset);
  }

  release(): void {
    this.#reservation.release();
  }

  #holds(): boolean {
    return performance.now() - this.#promisedMs < PROMISE_HOLDS_MS;
  }
}
