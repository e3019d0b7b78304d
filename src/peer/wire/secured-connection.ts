// A bare TCP connection after its Noise handshake. It is libp2p's MessageStream to whoever agrees on
// a muxer over it. The muxer of this folder then takes the reads (`handOver`) and the outbox for
// itself: from there on a byte passes no other layer.
import type { Socket } from 'node:net';
import type {
  AbortOptions,
  MessageStream,
  StreamCloseEvent,
  StreamMessageEvent,
} from '@libp2p/interface';
import { AbstractMessageStream } from '@libp2p/utils';
import type { Uint8ArrayList } from 'uint8arraylist';
import type { Cancel, Timers } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import { readInto } from '../patches/socket-buffer.ts';
import type { KeyStream, Protection } from '../private/protection.ts';
import type { Role } from './handshake.ts';
import { Opener, Sealer } from './noise-cipher.ts';
import { RecordBuffer } from './noise-records.ts';
import { Outbox, READS_NOTHING } from './outbox.ts';
import { ReadPause } from './read-pause.ts';

/**
 * A message must be whole so long after its first byte: the slowest link that carries anything, with
 * ten connections over it, takes less. Chosen.
 */
const MESSAGE_WITHIN_MS = 120_000;

/**
 * A full socket, of 2 MiB at the most, must have emptied once within so long: 7 KB/s do. A remote
 * that never reads would keep what waits for it. Chosen.
 */
const EMPTIED_WITHIN_MS = 300_000;
const LOOK_EVERY_MS = 30_000;

export const CUT_OFF = 'ended in the middle of a message';
export const TOO_SLOW = 'takes too long over a message';

export interface SecuredInit {
  readonly connection: MessageStream;
  readonly socket: Socket;
  /** Of the handshake: where both ends called, it is not who opened the socket. */
  readonly role: Role;
  /** In a private swarm: what every byte of the socket is encrypted with as well. */
  readonly protection?: Protection | undefined;
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
  /** What was read after the handshake. */
  readonly rest: Uint8Array;
  readonly clock: Timers;
}

/** Takes what a connection receives. */
export interface PlainReader {
  /** Returns what the remote did wrong, if anything. */
  read(plain: Uint8Array): string | undefined;
  /** Nothing can be read or sent any more; called at most once. */
  fail(error: Error): void;
}

export class SecuredConnection extends AbstractMessageStream {
  readonly outbox: Outbox;
  readonly #connection: MessageStream;
  readonly #socket: Socket;
  readonly #clock: Timers;
  readonly #opener: Opener;
  readonly #records = new RecordBuffer();
  readonly #incoming: KeyStream | undefined;
  /** Where the socket reads into. */
  #space: Uint8Array = new Uint8Array(0);
  readonly #pause = new ReadPause();
  #cancelPause: Cancel | undefined;
  #cancelLooks: Cancel | undefined;
  /** When the socket was first seen full since it was empty. */
  #fullSince: number | undefined;
  #messageSince: number | undefined;
  #reader: PlainReader | undefined;

  constructor(init: SecuredInit) {
    const { connection, socket, role, protection, sendKey, receiveKey, rest, clock } = init;
    super({ log: connection.log, direction: role === 'initiator' ? 'outbound' : 'inbound' });
    this.#connection = connection;
    this.#socket = socket;
    this.#clock = clock;
    this.#opener = new Opener(receiveKey);
    this.#incoming = protection?.incoming;
    const sealer = new Sealer(sendKey);
    this.outbox = new Outbox(socket, sealer, (reason) => this.#fail(reason), protection?.outgoing);
    const drain = guarded('going on with a connection', () => {
      this.#fullSince = undefined;
      this.safeDispatchEvent('drain');
    });
    const close = guarded('closing a connection', (event: StreamCloseEvent) =>
      this.#handleClose(event),
    );
    connection.addEventListener('drain', drain);
    connection.addEventListener('close', close);
    // Otherwise 'close' has been, or is about to be, emitted.
    if (!socket.destroyed) this.#readSocket(rest);
    if (connection.status !== 'open') this.onTransportClosed();
    else
      this.#cancelLooks = clock.every(LOOK_EVERY_MS, 'watching a full socket', () => this.#look());
  }

  /** From now on `reader` gets what comes; what came before is a 'message' event first. */
  handOver(reader: PlainReader): void {
    this.#reader = reader;
  }

  sendData(data: Uint8ArrayList): { sentBytes: number; canSendMore: boolean } {
    const sentBytes = data.byteLength;
    this.outbox.raw([...data], sentBytes);
    return { sentBytes, canSendMore: !this.outbox.congested };
  }

  sendReset(error: Error): void {
    this.#connection.abort(error);
  }

  sendPause(): void {
    this.#connection.pause();
  }

  sendResume(): void {
    this.#connection.resume();
  }

  async close(options?: AbortOptions): Promise<void> {
    this.outbox.flush();
    await this.#connection.close(options);
  }

  #readSocket(rest: Uint8Array): void {
    if (rest.length > 0) this.#copyIn(rest);
    const space = () => (this.#space = this.#records.space());
    const handleRead = guarded(
      'reading a connection',
      (length: number) => this.#handleRead(length),
      (error) => this.#failWith(error as Error),
    );
    const reads = readInto(this.#socket, {
      space,
      handleRead: (length) => {
        handleRead(length);
        return this.#cancelPause === undefined;
      },
    });
    if (reads) return;
    const message = guarded('reading a connection', ({ data }: StreamMessageEvent) => {
      for (const chunk of data instanceof Uint8Array ? [data] : data) {
        this.#incoming?.apply(chunk);
        this.#copyIn(chunk);
      }
    });
    this.#connection.addEventListener('message', message);
  }

  #copyIn(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const space = this.#records.space();
      const end = Math.min(bytes.length, at + space.length);
      space.set(bytes.subarray(at, end));
      this.#takeRecords(end - at);
      at = end;
    }
  }

  #handleRead(length: number): void {
    this.#incoming?.apply(this.#space.subarray(0, length));
    this.#takeRecords(length);
    const { missing } = this.#records;
    const now = this.#clock.now();
    const ms = this.#pause.noteRead(now, length, missing);
    if (missing === 0) this.#messageSince = undefined;
    else this.#messageSince ??= now;
    if (this.#messageSince !== undefined && now - this.#messageSince > MESSAGE_WITHIN_MS) {
      return this.#fail(TOO_SLOW);
    }
    if (ms === 0 || this.status !== 'open') return;
    this.#cancelPause = this.#clock.after(ms, 'reading on', () => this.#goOn());
  }

  #takeRecords(length: number): void {
    this.#records.handleRead(length);
    for (;;) {
      const record = this.#records.next();
      if (!record) return;
      if (this.status !== 'open') return this.#records.release();
      this.#messageSince = undefined;
      const plain = this.#opener.open(record);
      const violation = typeof plain === 'string' ? plain : this.#pass(plain);
      if (violation !== undefined) return this.#fail(violation);
    }
  }

  /** Until the muxer has taken what waits for it, all else waits behind that. */
  #pass(plain: Uint8Array): string | undefined {
    if (this.#reader && this.readBufferLength === 0) return this.#reader.read(plain);
    this.onData(plain);
    return undefined;
  }

  #look(): void {
    if (!this.outbox.congested) return;
    const now = this.#clock.now();
    this.#fullSince ??= now;
    if (now - this.#fullSince >= EMPTIED_WITHIN_MS) this.#fail(READS_NOTHING);
  }

  #goOn(): void {
    this.#cancelPause = undefined;
    if (this.status === 'open' && this.readStatus === 'readable') this.#socket.resume();
  }

  #fail(reason: string): void {
    this.#failWith(new HubswarmError('ERR_REMOTE', reason));
  }

  #failWith(error: Error): void {
    if (this.status !== 'open') return;
    this.#records.release();
    this.#reader?.fail(error);
    this.abort(error);
  }

  #handleClose({ error, local }: StreamCloseEvent): void {
    this.#cancelPause?.();
    this.#cancelLooks?.();
    const isCutOff = this.#records.missing > 0;
    this.#records.release();
    if (!error && isCutOff) this.#failWith(new HubswarmError('ERR_REMOTE', CUT_OFF));
    if (!error) {
      this.onTransportClosed();
      // A remote that ended its half, and reads nothing, would keep it for ever.
      this.#socket.destroy();
    } else if (local) this.abort(error);
    else this.onRemoteReset();
  }
}
