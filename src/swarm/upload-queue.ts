// Serves a peer's uploads: one piece after the other over the paced link, first come, first served,
// so that each piece is whole (and can be passed on) as early as possible. A neighbour that takes
// no more bytes at the moment is passed over, and does not delay others. One queue serves all files
// of a peer, since they share its link.

import { blockLength } from '../exchange/block-length.ts';
import { encodeMessage } from '../exchange/wire/codec.ts';
import type { Link } from '../link/link.ts';
import type { Timers } from '../runtime/clock.ts';
import { unawaited } from '../runtime/guarded.ts';
import { SpareBuffers } from '../runtime/spare-buffers.ts';
import type { Wire } from './wire.ts';

export interface Upload {
  readonly wire: Wire;
  readonly piece: number;
  /** Length of the piece, in bytes. */
  readonly length: number;
  /** Reads the whole piece; called once, shortly before its first block is due. */
  read(into: Uint8Array): Promise<Uint8Array>;
  /** Called when the last block was handed over, but not for a stopped upload. */
  finished(): void;
  failed(error: unknown): void;
  /**
   * Called once if the neighbour took no byte of a due piece for STALL_MS; the upload still waits.
   */
  stalled(): void;
}

interface Job {
  readonly upload: Upload;
  bytes: Promise<Uint8Array> | undefined;
  begin: number;
  stopped: boolean;
  /** Time at which its wire was first seen to take no more. */
  passedOverAt: number | undefined;
  /** Whether its owner was told that it stalls. */
  told: boolean;
}

/**
 * Pieces read ahead of the one being sent, so that the disk never delays the link: the next one, and
 * of short ones so many or so many bytes. Chosen.
 */
const READ_AHEAD = 16;
const READ_AHEAD_BYTES = 64 * 1024;

/** Most buffers kept for the next pieces. Chosen. */
const MOST_SPARE = 4;

/** Longer than a window takes to pass at 20 Mbit/s; beyond that, others go first. Chosen. */
const STALL_MS = 500;

export class UploadQueue {
  readonly #link: Link;
  readonly #clock: Timers;
  readonly #jobs: Job[] = [];
  readonly #spare = new SpareBuffers(MOST_SPARE);
  /** Time at which a block was last handed to a wire. */
  readonly #sentAt = new WeakMap<Wire, number>();
  #running = false;
  #wake: (() => void) | undefined;

  constructor(link: Link, clock: Timers) {
    this.#link = link;
    this.#clock = clock;
  }

  /** PeerIds of neighbours to which pieces are being sent, the one that is served now first. */
  get receivers(): Set<string> {
    return new Set(this.#jobs.map(({ upload }) => upload.wire.remote));
  }

  add(upload: Upload): void {
    this.#jobs.push({
      upload,
      bytes: undefined,
      begin: 0,
      stopped: false,
      passedOverAt: undefined,
      told: false,
    });
    this.#wake?.();
    if (!this.#running) unawaited('sending pieces', this.#run());
  }

  /** Drops the uploads of a wire, or one piece of it. */
  stop(wire: Wire, piece?: number): void {
    for (const job of this.#jobs) {
      if (job.upload.wire !== wire || (piece ?? job.upload.piece) !== job.upload.piece) continue;
      job.stopped = true;
    }
    this.#wake?.();
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      while (this.#jobs.length > 0) {
        const job = this.#nextJob();
        if (!job) await this.#waitForRoom();
        else if (job.stopped) this.#remove(job);
        else await this.#sendBlock(job);
      }
    } finally {
      this.#running = false;
    }
  }

  /**
   * The first job whose wire takes more. Owners of jobs that were passed over for long are told.
   */
  #nextJob(): Job | undefined {
    for (const job of this.#jobs) {
      const { wire } = job.upload;
      if (job.stopped || !wire.congested) return job;
      const now = this.#clock.now();
      job.passedOverAt ??= now;
      const since = Math.max(job.passedOverAt, this.#sentAt.get(wire) ?? 0);
      if (job.told || now - since < STALL_MS) continue;
      job.told = true;
      job.upload.stalled();
    }
    return undefined;
  }

  async #sendBlock(job: Job): Promise<void> {
    const { upload } = job;
    this.#readAhead(job);
    let bytes: Uint8Array;
    try {
      job.bytes ??= this.#read(job);
      bytes = await job.bytes;
    } catch (error) {
      this.#remove(job);
      if (!job.stopped) upload.failed(error);
      return;
    }
    const end = job.begin + blockLength(bytes.length, this.#link.uplinkBytesPerSecond);
    const block = bytes.subarray(job.begin, end);
    const wait = this.#link.send(block.length);
    if (wait !== undefined) await wait;
    if (job.stopped) return;
    upload.wire.send(
      encodeMessage({
        type: 'block',
        piece: upload.piece,
        begin: job.begin,
        parts: [block],
        length: block.length,
      }),
    );
    this.#sentAt.set(upload.wire, this.#clock.now());
    job.begin += block.length;
    if (job.begin < bytes.length) return;
    this.#remove(job);
    unawaited('keeping memory of a piece', this.#reuse(bytes, upload.wire));
    upload.finished();
  }

  #readAhead(current: Job): void {
    let bytes = 0;
    const end = Math.min(this.#jobs.length, 1 + READ_AHEAD);
    for (let at = 0; at < end && bytes < READ_AHEAD_BYTES; at++) {
      const job = this.#jobs[at]!;
      job.bytes ??= this.#read(job);
      if (job !== current) bytes += job.upload.length;
    }
  }

  #read({ upload }: Job): Promise<Uint8Array> {
    const bytes = upload.read(this.#spare.take(upload.length));
    // Awaited when the piece is next; a failure before that is not unhandled.
    bytes.catch(() => undefined);
    return bytes;
  }

  /** A wire that is not congested has encrypted all that it was given. */
  async #reuse(bytes: Uint8Array, wire: Wire): Promise<void> {
    await wire.drained();
    this.#spare.give(bytes);
  }

  /** Waits until a full wire drains, or the work changes: every wire with work is full. */
  async #waitForRoom(): Promise<void> {
    const abort = new AbortController();
    const changed = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const cancel = this.#clock.after(STALL_MS, 'looking at uploads', () => this.#wake?.());
    const wires = new Set(this.#jobs.map(({ upload }) => upload.wire));
    const drained = [...wires].map((wire) => wire.drained(abort.signal).catch(() => {}));
    await Promise.race([changed, ...drained]);
    cancel();
    this.#wake = undefined;
    // Aborts with a constant reason: the usual one captures a stack each time.
    abort.abort('over');
  }

  #remove(job: Job): void {
    const at = this.#jobs.indexOf(job);
    if (at >= 0) this.#jobs.splice(at, 1);
  }
}
