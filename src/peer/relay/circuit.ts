// Two streams joined to one circuit: what comes on one leaves on the other. Its bytes are paced by the
// rate of the relay and the link of the process, so both know how much is relayed. A stream is read on
// once what it brought is with the system, so a circuit holds what one window of a stream lets come.
// A circuit has limits of bytes and time, and ends when it is silent for long.
import type { Stream } from '@libp2p/interface';
import type { Timers } from '../../runtime/clock.ts';
import { describeError } from '../../runtime/errors.ts';
import { unawaited } from '../../runtime/guarded.ts';
import type { CircuitLimits } from '../circuit/messages.ts';
import { FrameStream } from '../node/stream.ts';

/** Longest run of bytes that is paced as one. Chosen: a block of the exchange is as long. */
const MOST_AT_ONCE = 256 * 1024;
/** The muxers of both ends ping each 30 s. */
const SILENT_MS = 120_000;

export interface CircuitInit {
  readonly ends: readonly [Stream, Stream];
  readonly limits: CircuitLimits;
  readonly clock: Timers;
  /** Resolves when so many bytes may go on. */
  pass(bytes: number, signal: AbortSignal): Promise<void>;
  /** Called once. */
  onEnd(carried: { readonly bytes: number; readonly ms: number; readonly reason: string }): void;
}

export class Circuit {
  readonly #init: CircuitInit;
  readonly #ends: readonly FrameStream[];
  readonly #stop = new AbortController();
  readonly #openedAt: number;
  readonly #cancels: readonly (() => void)[];
  #bytes = 0;
  #movedAt: number;

  constructor(init: CircuitInit) {
    this.#init = init;
    const { clock, limits, ends } = init;
    this.#openedAt = clock.now();
    this.#movedAt = this.#openedAt;
    this.#cancels = [
      clock.after(limits.seconds * 1000, 'ending a circuit', () => this.end('its time is over')),
      clock.every(SILENT_MS / 4, 'watching a circuit', () => this.#look()),
    ];
    const [one, other] = ends.map((stream) => new FrameStream(stream, '', clock)) as [
      FrameStream,
      FrameStream,
    ];
    this.#ends = [one, other];
    this.#join(ends[0], one, other);
    this.#join(ends[1], other, one);
  }

  /** Resets both streams. */
  end(reason: string): void {
    if (this.#stop.signal.aborted) return;
    this.#finish(reason);
    for (const stream of this.#ends) stream.abort(reason);
  }

  #finish(reason: string): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(new Error(reason));
    for (const cancel of this.#cancels) cancel();
    const ms = this.#init.clock.now() - this.#openedAt;
    this.#init.onEnd({ bytes: this.#bytes, ms, reason });
  }

  #look(): void {
    if (this.#init.clock.now() - this.#movedAt >= SILENT_MS) this.end('it was silent');
  }

  #join(stream: Stream, from: FrameStream, to: FrameStream): void {
    const waiting: Uint8Array[] = [];
    let isMoving = false;
    let end: string | undefined;
    const move = async (): Promise<void> => {
      isMoving = true;
      try {
        for (let next = waiting.shift(); next; next = waiting.shift()) await this.#move(next, to);
      } catch (error) {
        this.end(describeError(error));
      }
      isMoving = false;
      if (end !== undefined) this.#close(end);
      // What came meanwhile is handed on within this call, and moves anew.
      else if (stream.readStatus === 'paused') stream.resume();
    };
    const go = (): void => {
      if (!isMoving && !this.#stop.signal.aborted) unawaited('relaying', move());
    };
    from.onData((bytes) => {
      for (let at = 0; at < bytes.length; at += MOST_AT_ONCE) {
        waiting.push(bytes.subarray(at, at + MOST_AT_ONCE));
      }
      if (stream.readStatus === 'readable') stream.pause();
      go();
    });
    from.onEnd((reason) => {
      end = reason;
      go();
    });
  }

  async #move(bytes: Uint8Array, to: FrameStream): Promise<void> {
    const { signal } = this.#stop;
    this.#bytes += bytes.length;
    if (this.#bytes > this.#init.limits.bytes) return this.end('its bytes are used up');
    this.#movedAt = this.#init.clock.now();
    await this.#init.pass(bytes.length, signal);
    to.send([bytes]);
    await to.drained(signal);
  }

  #close(reason: string): void {
    if (reason !== 'closed') return this.end(reason);
    this.#finish(reason);
    for (const stream of this.#ends) stream.close();
  }
}
