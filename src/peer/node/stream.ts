// One libp2p stream for the exchange: chunks in order, an end that is told exactly once, sends that
// never block, and a way to wait until sending more makes sense. Three traps of js-libp2p 3 are
// closed here: onDrain() never blocks again after its first drain, a stream that was reset just
// looks ended, and a for-await reads into a queue without bound. Reading has no back-pressure: the
// exchange must bound what it asks for.
import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface';
import { Uint8ArrayList } from 'uint8arraylist';
import { WITHDRAWING_EXCHANGE_PROTOCOL } from '../../exchange/wire/message.ts';
import { systemClock, type Timers } from '../../runtime/clock.ts';
import { describeError } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import type { Wire } from '../../swarm/wire.ts';
import { WireStream } from '../wire/stream.ts';

/**
 * A remote that stops reading is cut at so many unsent bytes. A sender that waits while `congested`
 * holds one block and a few control frames, so only others reach this limit. Chosen.
 */
const MAX_UNSENT_BYTES = 8 * 2 ** 20;

/** How long a graceful close waits for the remote to take what is left. Chosen. */
const CLOSE_TIMEOUT_MS = 5_000;

/** Events after which to look again; 'drain' may concern another stream of the same connection. */
const CHANGES = ['drain', 'idle', 'close'] as const;

export class FrameStream implements Wire {
  /** The PeerId at the other end. */
  readonly remote: string;
  readonly withdraws: boolean;
  readonly #stream: Stream;
  readonly #clock: Timers;
  readonly #handlers: ((reason: string) => void)[] = [];
  #closing = false;
  #reason: string | undefined;
  #end: string | undefined;

  /** Create it as soon as the stream exists: the stream is lost if 4 MiB arrive before. */
  constructor(stream: Stream, remote: string, clock: Timers = systemClock) {
    this.remote = remote;
    this.withdraws = stream.protocol === WITHDRAWING_EXCHANGE_PROTOCOL;
    this.#clock = clock;
    this.#stream = stream;
    stream.maxWriteBufferLength = MAX_UNSENT_BYTES;
    const handleClose = guarded('closing a stream', (event: StreamCloseEvent) =>
      this.#handleClose(event),
    );
    stream.addEventListener('close', handleClose);
    const handleEnd = guarded('ending a stream', () => {
      // A reset emits 'end' too, and then 'close' with the cause.
      if (stream.status === 'open' || stream.status === 'closing') this.#finish('closed');
    });
    stream.addEventListener('end', handleEnd);
    if (stream.status !== 'open') this.#finish(stream.status === 'reset' ? 'reset' : 'closed');
    else if (stream.readableEnded) this.#finish('closed');
  }

  /** Call it at once. The caller may keep the chunks. None come after close(). */
  onData(handler: (chunk: Uint8Array) => void): void {
    const read = (chunk: Uint8Array): void => {
      if (!this.#closing) handler(chunk);
    };
    const cut = (error: unknown): void => this.abort(describeError(error));
    const take = guarded('reading a stream', read, cut);
    const takeAll = guarded('reading a stream', ({ data }: StreamMessageEvent) => {
      for (const chunk of data instanceof Uint8Array ? [data] : data) take(chunk);
    });
    this.#stream.addEventListener('message', takeAll);
    if (this.#stream instanceof WireStream) this.#stream.divert(take);
  }

  /**
   * Calls each handler once: with 'closed', 'reset' (by the remote), the reason given here, or an
   * error's text.
   */
  onEnd(handler: (reason: string) => void): void {
    this.#handlers.push(handler);
    const tellEnd = guarded('telling the end of a stream', () => this.#tellEnd());
    if (this.#end !== undefined) queueMicrotask(tellEnd);
  }

  /** Sends the parts. They belong to the stream until it is no longer congested. */
  send(parts: readonly Uint8Array[]): void {
    if (this.#stream.writeStatus !== 'writable') return;
    try {
      if (this.#stream instanceof WireStream) this.#stream.sendParts(parts);
      else this.#stream.send(new Uint8ArrayList(...parts));
    } catch (error) {
      // The connection broke during the write; 'close' follows if it has not come yet.
      this.#stream.abort(error as Error);
    }
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Whether sent bytes still wait for the remote's window or the socket. */
  get congested(): boolean {
    const { writableNeedsDrain, writeBufferLength, writeStatus } = this.#stream;
    return writeStatus !== 'closed' && (writableNeedsDrain || writeBufferLength > 0);
  }

  /** Resolves when not congested, or ended; rejects with the signal's reason. */
  async drained(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    while (this.congested) await this.#nextChange(signal);
  }

  /** Sends the rest, then ends. No chunk is handed on after this. */
  close(reason?: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#reason ??= reason;
    this.#closeWrite();
    // The remote may never close its half.
    const cut = (): void => this.abort(reason ?? 'closed');
    const cancel = this.#clock.after(CLOSE_TIMEOUT_MS, 'cutting a stream', cut);
    this.#stream.addEventListener('close', guarded('closing a stream', cancel), { once: true });
  }

  /** Ends at once, and resets the stream. */
  abort(reason: string): void {
    this.#closing = true;
    this.#reason ??= reason;
    this.#stream.abort(new Error(reason));
  }

  #nextChange(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        for (const name of CHANGES) this.#stream.removeEventListener(name, done);
        signal?.removeEventListener('abort', stop);
      };
      const done = guarded('going on with a stream', () => {
        settle();
        resolve();
      });
      const stop = guarded('leaving a stream', () => {
        settle();
        reject(signal?.reason as Error);
      });
      for (const name of CHANGES) this.#stream.addEventListener(name, done);
      signal?.addEventListener('abort', stop);
    });
  }

  #closeWrite(): void {
    const cut = guarded('cutting a stream', (error: Error) => this.#stream.abort(error));
    this.#stream.close({ signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) }).catch(cut);
  }

  #handleClose({ error, local }: StreamCloseEvent): void {
    if (!error) this.#finish('closed');
    else this.#finish(local ? error.message : 'reset');
  }

  #finish(reason: string): void {
    if (this.#end !== undefined) return;
    this.#end = this.#reason ?? reason;
    // Otherwise the other half would stay open for ever.
    if (this.#stream.writeStatus === 'writable') this.#closeWrite();
    this.#tellEnd();
  }

  #tellEnd(): void {
    const end = this.#end;
    if (end === undefined) return;
    for (const tell of this.#handlers.splice(0)) guarded('telling the end of a stream', tell)(end);
  }
}
