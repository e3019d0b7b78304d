// The unfinished uploads that a process knows: whose they are, when their last byte came, and their
// shares of the quota. The table is bounded. When it is full, the client that has most of it gives
// way: the one of its uploads that has stood still for longest. Who has few loses none.
import { Refusal } from '../../runtime/refusal.ts';
import type { UploadShare } from './upload-share.ts';

/** Chosen: an upload holds a file descriptor only while bytes come, so it costs disk. */
const MAX_UPLOADS = 10_000;
/** An upload that gives way got no byte for so long. Chosen: a client waits less between two requests. */
const IDLE_MS = 60_000;

interface Row {
  readonly client: string;
  readonly share: UploadShare;
  /** In ms of performance.now(). */
  touchedMs: number;
}

export class UploadTable {
  readonly #rows = new Map<string, Row>();
  readonly #most: number;

  /** @param most uploads at once */
  constructor(most = MAX_UPLOADS) {
    this.#most = most;
  }

  get isFull(): boolean {
    return this.#rows.size >= this.#most;
  }

  share(id: string): UploadShare | undefined {
    return this.#rows.get(id)?.share;
  }

  /** @param ageMs time since the last byte */
  add(id: string, client: string, share: UploadShare, ageMs = 0): void {
    this.#rows.set(id, { client, share, touchedMs: performance.now() - ageMs });
  }

  /** Must be called when bytes come. */
  touch(id: string): void {
    const row = this.#rows.get(id);
    if (row) row.touchedMs = performance.now();
  }

  release(id: string): void {
    this.#rows.get(id)?.share.release();
    this.#rows.delete(id);
  }

  /** Uploads of the client that has most of them, idle ones, the one that stands still for longest first. */
  *giveWay(): Generator<string> {
    const counts = new Map<string, number>();
    for (const { client } of this.#rows.values()) counts.set(client, (counts.get(client) ?? 0) + 1);
    let fullest = '';
    for (const [client, count] of counts) if (count > (counts.get(fullest) ?? 0)) fullest = client;
    const until = performance.now() - IDLE_MS;
    const idle = [...this.#rows].filter(
      ([, { client, touchedMs }]) => client === fullest && touchedMs <= until,
    );
    for (const [id] of idle.sort(([, one], [, other]) => one.touchedMs - other.touchedMs)) yield id;
  }
}

export const tableIsFull = (): Refusal =>
  new Refusal('ERR_BUSY', 'too many unfinished uploads; try again later', { retryAfterMs: 60_000 });
