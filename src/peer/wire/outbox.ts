// Frames on their way into a socket. Small ones of one turn of the event loop are copied together,
// sealed as one Noise message, and written by one call; large ones take along what is waiting. What
// is handed over is sealed or copied before the call returns.
import type { Socket } from 'node:net';
import { describeError } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import type { KeyStream } from '../private/protection.ts';
import type { Sealer } from './noise-cipher.ts';
import { SPENT } from './noise-cipher.ts';
import { HEADER_LENGTH, TYPE, writeHeader } from './yamux-frames.ts';

/** Small frames that wait together. Chosen. */
const STAGE_LENGTH = 16 * 1024;
/** Longer payloads are sealed from where they are. Chosen. */
const COPY_BELOW = 4096;
/**
 * Data stops when the socket's buffer is full (512 KiB), but answers to pings and the like do not:
 * a remote that asks and never reads is cut here. Chosen.
 */
const MOST_UNSENT = 2 ** 21;

export const READS_NOTHING = 'does not read what it asks for';

export class Outbox {
  readonly #socket: Socket;
  readonly #sealer: Sealer;
  readonly #onFailed: (reason: string) => void;
  readonly #protection: KeyStream | undefined;
  readonly #stage = Buffer.allocUnsafe(STAGE_LENGTH);
  readonly #endTurn = guarded(
    'sending frames',
    () => {
      this.#awaitsTurn = false;
      this.flush();
    },
    (error) => this.#fail(describeError(error)),
  );
  #staged = 0;
  #dataFrames = 0;
  #awaitsTurn = false;
  #failed = false;

  /**
   * @param onFailed called once, when nothing can be sent any more
   * @param protection what sealed messages are encrypted with as well, in a private swarm
   */
  constructor(
    socket: Socket,
    sealer: Sealer,
    onFailed: (reason: string) => void,
    protection?: KeyStream,
  ) {
    this.#socket = socket;
    this.#sealer = sealer;
    this.#onFailed = onFailed;
    this.#protection = protection;
  }

  /** Whether sending more makes no sense until the socket's 'drain'. */
  get congested(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Data frames that were handed over until now. */
  get dataFrames(): number {
    return this.#dataFrames;
  }

  /** A frame without payload; leaves at the end of this turn of the event loop, or earlier. */
  control(type: number, flags: number, stream: number, length: number): void {
    this.#stageHeader(type, flags, stream, length);
    this.#soon();
  }

  /** A data frame; leaves as control frames do, or at once if it is large. */
  data(stream: number, parts: readonly Uint8Array[], length: number): void {
    this.#dataFrames++;
    this.#stageHeader(TYPE.data, 0, stream, length);
    this.raw(parts, length);
  }

  /** Bytes that are not a frame, as while the muxer is being agreed on. */
  raw(parts: readonly Uint8Array[], length: number): void {
    if (length >= COPY_BELOW) return this.#sealWith(parts, length);
    if (this.#staged + length > STAGE_LENGTH) this.flush();
    for (const part of parts) {
      this.#stage.set(part, this.#staged);
      this.#staged += part.length;
    }
    this.#soon();
  }

  /** Everything leaves now. */
  flush(): void {
    this.#sealWith([], 0);
  }

  #stageHeader(type: number, flags: number, stream: number, length: number): void {
    if (this.#staged + HEADER_LENGTH > STAGE_LENGTH) this.flush();
    writeHeader(this.#stage, this.#staged, type, flags, stream, length);
    this.#staged += HEADER_LENGTH;
  }

  #soon(): void {
    if (this.#awaitsTurn) return;
    this.#awaitsTurn = true;
    setImmediate(this.#endTurn);
  }

  #sealWith(parts: readonly Uint8Array[], partsLength: number): void {
    const staged = this.#staged;
    this.#staged = 0;
    const length = staged + partsLength;
    if (length === 0 || this.#failed || !this.#socket.writable) return;
    const waiting = this.#stage.subarray(0, staged);
    const sealed = this.#sealer.seal(staged > 0 ? [waiting, ...parts] : parts, length);
    if (!sealed) return this.#fail(SPENT);
    if (this.#protection) for (const bytes of sealed) this.#protection.apply(bytes);
    this.#write(sealed);
    if (this.#socket.writableLength > MOST_UNSENT) this.#fail(READS_NOTHING);
  }

  #write(buffers: readonly Uint8Array[]): void {
    if (buffers.length === 1) {
      this.#socket.write(buffers[0]!);
      return;
    }
    this.#socket.cork();
    for (const buffer of buffers) this.#socket.write(buffer);
    this.#socket.uncork();
  }

  #fail(reason: string): void {
    this.#failed = true;
    this.#onFailed(reason);
  }
}
