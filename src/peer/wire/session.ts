// A yamux session over a secured connection, behind libp2p's interface of a muxer. Frames are read
// where they were decrypted, and a stream is found by its number. What a remote must not do ends the
// session with its reason.

import type { AbortOptions } from '@libp2p/interface';
import { MuxerClosedError, TooManyOutboundProtocolStreamsError } from '@libp2p/interface';
import { AbstractStreamMuxer } from '@libp2p/utils';
import type { Uint8ArrayList } from 'uint8arraylist';
import type { Cancel, Timers } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import { FLOODS, FrameBudget } from './frame-budget.ts';
import { ReceiveWindow, type WindowLimits } from './receive-window.ts';
import type { PlainReader, SecuredConnection } from './secured-connection.ts';
import { WireStream } from './stream.ts';
import { FLAG, type FrameHandler, FrameReader, GO_AWAY, TYPE } from './yamux-frames.ts';

const YAMUX_PROTOCOL = '/yamux/1.0.0';

/** Open streams of each direction, as js-yamux has it. */
const MOST_STREAMS = 1000;
/**
 * Streams that the remote may open before libp2p listens for them, a few microtasks later. libp2p's
 * default is 10, but frames of one turn come together, and a peer may share hundreds of files.
 */
const MOST_EARLY = 256;
/** How long a connection whose session is over may take to send what is left. Chosen. */
const CLOSE_WITHIN_MS = 1000;
/** As js-yamux has it. */
const PING_EVERY_MS = 30_000;

export interface SessionOptions {
  readonly windows: WindowLimits;
  readonly clock: Timers;
}

export class Session extends AbstractStreamMuxer<WireStream> implements FrameHandler, PlainReader {
  readonly #connection: SecuredConnection;
  readonly #windows: WindowLimits;
  readonly #clock: Timers;
  readonly #isClient: boolean;
  readonly #open = new Map<number, WireStream>();
  readonly #frames = new FrameReader(this);
  readonly #budget: FrameBudget;
  readonly #cancelPings: Cancel;
  #nextId: number;
  #inbound = 0;
  #outbound = 0;
  #ping: { readonly value: number; readonly at: number } | undefined;
  #nextPing = 0;
  #roundTripMs: number | undefined;
  /** The stream of the data frame that is being read, and whether the remote ends with it. */
  #current: WireStream | undefined;
  #isLast = false;

  constructor(connection: SecuredConnection, { windows, clock }: SessionOptions) {
    super(connection, { protocol: YAMUX_PROTOCOL, name: 'yamux', maxEarlyStreams: MOST_EARLY });
    this.#connection = connection;
    this.#windows = windows;
    this.#clock = clock;
    this.#budget = new FrameBudget(clock, () => connection.outbox.dataFrames);
    this.#isClient = connection.direction === 'outbound';
    this.#nextId = this.#isClient ? 1 : 2;
    this.#cancelPings = clock.every(PING_EVERY_MS, 'measuring a round trip', () =>
      this.#sendPing(),
    );
    this.#sendPing();
    connection.handOver(this);
  }

  /** Says something that the other side need not answer, and a ping unless one is under way. */
  speak(): void {
    if (this.status !== 'open') return;
    const [stream] = this.streams;
    // A ping alone would not do: its answer waits behind what is under way, and the next one for it.
    if (stream) this.#control(TYPE.windowUpdate, 0, stream.streamId, 0);
    this.#sendPing();
  }

  onCreateStream(): WireStream {
    if (this.status !== 'open') throw new MuxerClosedError('the session is over');
    if (this.#outbound >= MOST_STREAMS) {
      throw new TooManyOutboundProtocolStreamsError('too many open streams');
    }
    const stream = this.#create(this.#nextId, 'outbound');
    this.#nextId += 2;
    this.#control(TYPE.windowUpdate, FLAG.syn, stream.streamId, 0);
    return stream;
  }

  /** What came before the session. */
  onData(data: Uint8Array | Uint8ArrayList): void {
    for (const bytes of data instanceof Uint8Array ? [data] : data) {
      const violation = this.read(bytes);
      if (violation !== undefined) throw new HubswarmError('ERR_REMOTE', violation);
    }
  }

  read(plain: Uint8Array): string | undefined {
    return this.#budget.take(plain.length) ? this.#frames.read(plain) : FLOODS;
  }

  fail(error: Error): void {
    this.abort(error);
  }

  override async close(options?: AbortOptions): Promise<void> {
    if (this.status !== 'open') return;
    try {
      await super.close(options);
      this.#end(GO_AWAY.normal);
    } catch (error) {
      this.abort(error as Error);
      throw error;
    }
  }

  /** Ends the connection too: no stream could be opened over it any more. */
  override abort(error: Error): void {
    if (this.status === 'closed') return;
    super.abort(error);
    this.#end(error instanceof HubswarmError ? GO_AWAY.protocolError : GO_AWAY.internalError);
    this.#connection.abort(error);
  }

  override onTransportClosed(error?: Error): void {
    this.#frames.stop();
    this.#cancelPings();
    super.onTransportClosed(error);
  }

  #end(reason: number): void {
    this.#cancelPings();
    this.#frames.stop();
    this.#control(TYPE.goAway, 0, 0, reason);
    this.#connection.outbox.flush();
  }

  handleHeader(type: number, flags: number, id: number, length: number): string | undefined {
    if (!this.#budget.take(type === TYPE.data ? length : 0)) return FLOODS;
    if (type === TYPE.data || type === TYPE.windowUpdate) {
      return id === 0 ? 'a frame of no stream' : this.#handleStream(type, flags, id, length);
    }
    if (id !== 0) return `a frame of type ${type} on a stream`;
    if (type === TYPE.ping) return this.#handlePing(flags, length);
    if (type !== TYPE.goAway) return `a frame of type ${type}`;
    this.#handleGoAway(length);
    return undefined;
  }

  handlePayload(bytes: Uint8Array): void {
    this.#current?.takePayload(bytes);
  }

  handlePayloadEnd(): void {
    const stream = this.#current;
    this.#current = undefined;
    if (this.#isLast) stream?.onRemoteCloseWrite();
  }

  #handleStream(type: number, flags: number, id: number, length: number): string | undefined {
    if ((flags & FLAG.syn) !== 0) {
      const violation = this.#handleOpen(id);
      if (violation !== undefined) return violation;
    }
    const stream = this.#open.get(id);
    if (type === TYPE.data && length > 0 && stream?.remoteWriteStatus === 'closed') {
      return 'data of a stream that had ended';
    }
    if ((flags & FLAG.rst) !== 0) stream?.onRemoteReset();
    if (type === TYPE.data) return this.#beginData(stream, flags, length);
    stream?.widen(length);
    if ((flags & FLAG.fin) !== 0) stream?.onRemoteCloseWrite();
    return undefined;
  }

  /** A stream that is over may still have a window of bytes on their way to it. */
  #beginData(stream: WireStream | undefined, flags: number, length: number): string | undefined {
    const fits = stream ? stream.takeFrame(length) : length <= this.#windows.mostOnFast;
    if (!fits) return `a frame of ${length} bytes, more than may be sent`;
    this.#current = stream;
    this.#isLast = (flags & FLAG.fin) !== 0;
    return undefined;
  }

  #handleOpen(id: number): string | undefined {
    if ((id % 2 === 0) !== this.#isClient) return 'a stream with a number of this side';
    if (this.#open.has(id)) return undefined;
    if (!this.#budget.takeOpening()) return FLOODS;
    if (this.status !== 'open' || this.#inbound >= MOST_STREAMS) {
      this.#control(TYPE.windowUpdate, FLAG.rst, id, 0);
      return undefined;
    }
    const stream = this.#create(id, 'inbound');
    this.#control(TYPE.windowUpdate, FLAG.ack, id, 0);
    this.onRemoteStream(stream);
    return undefined;
  }

  #handlePing(flags: number, value: number): string | undefined {
    if (flags === FLAG.syn) {
      this.#control(TYPE.ping, FLAG.ack, 0, value);
      return undefined;
    }
    if (flags !== FLAG.ack || this.#ping?.value !== value) return 'an answer to no ping';
    this.#roundTripMs = this.#clock.now() - this.#ping.at;
    this.#ping = undefined;
    return undefined;
  }

  #handleGoAway(reason: number): void {
    if (reason !== GO_AWAY.normal) return this.abort(new Error('the remote ended the session'));
    this.onTransportClosed();
    const cut = guarded('closing a connection', (error: Error) => this.#connection.abort(error));
    this.#connection.close({ signal: AbortSignal.timeout(CLOSE_WITHIN_MS) }).catch(cut);
  }

  /** One at a time. */
  #sendPing(): void {
    if (this.#ping || this.status !== 'open') return;
    this.#ping = { value: this.#nextPing, at: this.#clock.now() };
    this.#nextPing = (this.#nextPing + 1) >>> 0;
    this.#control(TYPE.ping, FLAG.syn, 0, this.#ping.value);
  }

  #control(type: number, flags: number, id: number, length: number): void {
    this.#connection.outbox.control(type, flags, id, length);
  }

  #create(streamId: number, direction: 'inbound' | 'outbound'): WireStream {
    const stream = new WireStream({
      streamId,
      direction,
      log: this.log,
      outbox: this.#connection.outbox,
      window: new ReceiveWindow({
        limits: this.#windows,
        clock: this.#clock,
        roundTripMs: () => this.#roundTripMs,
      }),
    });
    const count = (by: number): void => {
      if (direction === 'inbound') this.#inbound += by;
      else this.#outbound += by;
    };
    const forget = guarded('forgetting a stream', () => {
      if (!this.#open.delete(streamId)) return;
      count(-1);
    });
    this.#open.set(streamId, stream);
    count(1);
    stream.addEventListener('close', forget);
    return stream;
  }
}
