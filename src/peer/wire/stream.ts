// A stream of a session: libp2p's Stream, and a shorter way for those who move much. `divert` hands
// each payload straight to a function, and `sendParts` goes straight to the outbox; life and death
// of the stream are libp2p's either way.
import type { MessageStreamInit, SendResult } from '@libp2p/utils';
import { AbstractStream } from '@libp2p/utils';
import { Uint8ArrayList } from 'uint8arraylist';
import type { Outbox } from './outbox.ts';
import type { ReceiveWindow } from './receive-window.ts';
import { FLAG, INITIAL_WINDOW, TYPE } from './yamux-frames.ts';

/** What a remote can mean by a window: an update has 32 bits. */
const MOST_WINDOW = 2 ** 32 - 1;
/** Longer sends leave in parts, each once the socket has room, however large the window. Chosen. */
const MOST_AT_ONCE = 512 * 1024;

export interface WireStreamInit extends Pick<MessageStreamInit, 'log' | 'direction'> {
  readonly streamId: number;
  readonly outbox: Outbox;
  readonly window: ReceiveWindow;
}

export class WireStream extends AbstractStream {
  readonly streamId: number;
  readonly #outbox: Outbox;
  readonly #receive: ReceiveWindow;
  #sink: ((bytes: Uint8Array) => void) | undefined;
  /** Bytes that may be sent. */
  #sendWindow = INITIAL_WINDOW;

  constructor({ streamId, outbox, window, ...init }: WireStreamInit) {
    super({ ...init, id: `${streamId}`, maxMessageSize: MOST_AT_ONCE });
    this.streamId = streamId;
    this.#outbox = outbox;
    this.#receive = window;
  }

  /**
   * From now on `sink` gets each payload as it comes. What must wait, as in a pause, and what came
   * before, is a 'message' as ever. The sink must not throw, and may keep the bytes.
   */
  divert(sink: (bytes: Uint8Array) => void): void {
    this.#sink = sink;
  }

  /**
   * As send(), of parts that leave in this turn of the event loop: short ones together with others.
   * They are the caller's again unless bytes wait after it.
   */
  sendParts(parts: readonly Uint8Array[]): void {
    if (this.writeStatus !== 'writable') return;
    let length = 0;
    for (const part of parts) length += part.length;
    const waits = this.writableNeedsDrain || this.writeBuffer.byteLength > 0;
    const most = Math.min(this.#sendWindow, MOST_AT_ONCE);
    if (waits || length > most || this.#outbox.congested) {
      this.send(new Uint8ArrayList(...parts));
      return;
    }
    this.#sendWindow -= length;
    this.#outbox.data(this.streamId, parts, length);
    if (this.#outbox.congested) this.writableNeedsDrain = true;
  }

  /** A data frame begins. False when the remote may not send so much. */
  takeFrame(length: number): boolean {
    return this.#receive.take(length);
  }

  /** The next bytes of the data frame that has begun. */
  takePayload(bytes: Uint8Array): void {
    const isNext = this.readStatus === 'readable' && this.readBufferLength === 0;
    if (this.#sink && isNext) this.#sink(bytes);
    else this.onData(bytes);
    this.#receive.use(bytes.length);
    if (this.readStatus !== 'paused') this.#grant();
  }

  /** The remote grants more. */
  widen(bytes: number): void {
    this.#sendWindow = Math.min(MOST_WINDOW, this.#sendWindow + bytes);
    this.onMuxerDrain();
  }

  /** Bytes may leave again, if some wait here. */
  override onMuxerDrain(): void {
    if (!this.writableNeedsDrain || this.#sendWindow === 0 || this.#outbox.congested) return;
    super.onMuxerDrain();
  }

  sendData(data: Uint8ArrayList): SendResult {
    const sentBytes = Math.min(this.#sendWindow, data.byteLength);
    if (sentBytes === 0 || this.#outbox.congested) return { sentBytes: 0, canSendMore: false };
    const isAll = sentBytes === data.byteLength;
    this.#sendWindow -= sentBytes;
    const sent = isAll ? data : data.sublist(0, sentBytes);
    this.#outbox.data(this.streamId, [...sent], sentBytes);
    return { sentBytes, canSendMore: isAll && !this.#outbox.congested };
  }

  sendReset(): void {
    this.#control(FLAG.rst, 0);
  }

  async sendCloseWrite(): Promise<void> {
    this.#control(FLAG.fin, 0);
  }

  /** yamux knows no such thing. */
  async sendCloseRead(): Promise<void> {}

  /** The remote's window is not renewed; it stops by itself. */
  sendPause(): void {}

  sendResume(): void {
    this.#grant();
  }

  #grant(): void {
    const bytes = this.#receive.grant();
    if (bytes > 0) this.#control(0, bytes);
  }

  #control(flags: number, length: number): void {
    this.#outbox.control(TYPE.windowUpdate, flags, this.streamId, length);
  }
}
