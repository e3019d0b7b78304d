// One connection to an HTTP/1.1 server, one request at a time. Exists for speed:
// the socket reads straight to where the payload is wanted, or into one fixed buffer
// (`onread`), and the bytes go to the taker as views, which took half the CPU of
// node:http or undici with the same hashing and writing.
// Redirects, retries and reuse are http-client.ts's.
import type { Socket } from 'node:net';
import { invariant } from '../../runtime/invariant.ts';
import type { Trust } from './access.ts';
import { type BodyDecoder, createBodyDecoder } from './body-decoder.ts';
import {
  type BodyFraming,
  bodyFraming,
  MAX_HEAD_BYTES,
  MAX_INTERIM,
  parseResponseHead,
  type ResponseHead,
} from './http-head.ts';
import { LEAST_BYTES, LeastRate } from './least-rate.ts';
import { type OpenSocket, openSocket } from './open-socket.ts';
import { connectionFailure, SourceFailure } from './source-failure.ts';

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * Takes payload in order. The bytes are valid until this returns, or until the
 * promise it returns is settled; nothing more is read before that.
 */
export type Take = (chunk: Uint8Array) => Promise<void> | undefined;

interface Pending {
  readonly resolve: (head: ResponseHead) => void;
  readonly reject: (failure: SourceFailure) => void;
}

/**
 * Where payload may be read to, so that it need not be copied; asked when nothing that
 * was taken is waited for.
 */
export type Room = () => Uint8Array | undefined;

interface Pump {
  readonly take: Take;
  readonly room: Room | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class HttpConnection {
  readonly #socket: Socket;
  readonly #whenTrusted: OpenSocket['whenTrusted'];
  readonly #stallMs: number;
  readonly #rate: LeastRate;
  #headTimer: NodeJS.Timeout | undefined;
  #method = '';
  #awaited: Pending | undefined;
  #headBytes = Buffer.alloc(0);
  /** Answers before the one that counts, to this request. */
  #interim = 0;
  #head: ResponseHead | undefined;
  #decoder: BodyDecoder | undefined;
  #framing: BodyFraming['kind'] = 'none';
  #pump: Pump | undefined;
  /** Payload that came with the head, until the pump starts. */
  #leftover: Uint8Array = new Uint8Array();
  /** Nothing is awaited from the server: its silence is no stall. */
  #paused = false;
  /** The taker still uses the buffer. */
  #taking = false;
  #failure: SourceFailure | undefined;
  /** A response byte came since the last request. */
  answered = false;

  /**
   * @param stallMs while bytes are awaited, until it counts as failed: without a byte, without
   * the end of a head, or without the least of a body
   */
  constructor(origin: URL, stallMs: number, trust: Trust) {
    this.#stallMs = stallMs;
    this.#rate = new LeastRate(stallMs, (bytes) => {
      const what = bytes === 0 ? 'nothing' : `only ${bytes} bytes`;
      this.#fail(new SourceFailure(`sent ${what} for ${stallMs / 1000} s`));
    });
    const { socket, whenTrusted } = openSocket(
      origin,
      trust,
      (bytes) => this.#handleBytes(bytes),
      () => this.#room(),
    );
    this.#socket = socket;
    this.#whenTrusted = whenTrusted;
    this.#socket.setNoDelay(true);
    this.#socket.setTimeout(stallMs);
    this.#socket.on('timeout', () => {
      if (this.#paused) return;
      this.#fail(new SourceFailure(`sent nothing for ${stallMs / 1000} s`));
    });
    this.#socket.on('error', (error) => this.#fail(connectionFailure(error)));
    this.#socket.on('close', () => this.#handleClose());
  }

  /** Another request may be sent. */
  get reusable(): boolean {
    return (
      this.#failure === undefined &&
      !this.#socket.destroyed &&
      this.#awaited === undefined &&
      this.#head?.persistent === true &&
      this.#decoder?.done === true &&
      !this.#decoder.surplus
    );
  }

  close(): void {
    this.#fail(new SourceFailure('connection closed'));
  }

  /** Sends a request without a body; call pump() once the head is there. */
  request(method: string, head: string): Promise<ResponseHead> {
    invariant(this.#awaited === undefined, 'one request at a time');
    this.#method = method;
    this.#headBytes = Buffer.alloc(0);
    this.#interim = 0;
    this.#head = undefined;
    this.#decoder = undefined;
    this.answered = false;
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#awaited = { resolve, reject };
      this.#headTimer = setTimeout(() => {
        const what = this.answered ? 'no whole header' : 'nothing';
        this.#fail(new SourceFailure(`sent ${what} for ${this.#stallMs / 1000} s`));
      }, this.#stallMs);
      this.#whenTrusted(() => this.#socket.write(head, 'latin1'));
      this.#resume();
    });
  }

  /**
   * Hands the body to `take`; resolves at its end, rejects with what `take` threw.
   *
   * @param leastBytes that must come in each stallMs, unless the end does
   */
  pump(take: Take, room?: Room, leastBytes = LEAST_BYTES): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#pump = { take, room, resolve, reject };
      this.#rate.start(leastBytes);
      const bytes = this.#leftover;
      this.#leftover = new Uint8Array();
      if (this.#handleBody(bytes)) this.#resume();
    });
  }

  /** Only bytes without framing may go to their final place. */
  #room(): Uint8Array | undefined {
    if (this.#taking || this.#framing !== 'length') return undefined;
    return this.#pump?.room?.();
  }

  /** Returns false to stop reading. */
  #handleBytes(bytes: Uint8Array): boolean {
    if (this.#failure) return false;
    this.answered = true;
    if (this.#awaited) return this.#handleHead(bytes);
    if (this.#pump) return this.#handleBody(bytes);
    this.#fail(new SourceFailure('sent bytes that were not asked for'));
    return false;
  }

  #handleHead(bytes: Uint8Array): boolean {
    let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (this.#headBytes.length > 0) rest = Buffer.concat([this.#headBytes, rest]);
    for (;;) {
      const end = rest.subarray(0, MAX_HEAD_BYTES).indexOf(HEAD_END);
      if (end < 0) {
        if (rest.length >= MAX_HEAD_BYTES) return this.#violate('sent too long a header');
        this.#headBytes = Buffer.from(rest);
        return true;
      }
      const head = parseResponseHead(rest.subarray(0, end));
      if (typeof head === 'string') return this.#violate(head);
      if (head.status === 101) return this.#violate('switched protocols');
      rest = rest.subarray(end + HEAD_END.length);
      // Interim responses (RFC 9110 section 15.2) precede the one that counts.
      if (head.status >= 200) return this.#acceptHead(head, rest);
      if (++this.#interim > MAX_INTERIM) return this.#violate('sent interim answers without end');
    }
  }

  #acceptHead(head: ResponseHead, rest: Uint8Array): boolean {
    const framing = bodyFraming(this.#method, head);
    if (typeof framing === 'string') return this.#violate(framing);
    clearTimeout(this.#headTimer);
    this.#head = head;
    this.#framing = framing.kind;
    this.#decoder = createBodyDecoder(framing);
    this.#leftover = rest;
    this.#paused = true;
    const { resolve } = this.#awaited!;
    this.#awaited = undefined;
    resolve(head);
    return false;
  }

  #handleBody(bytes: Uint8Array): boolean {
    const decoder = this.#decoder!;
    const parts = decoder.decode(bytes);
    if (typeof parts === 'string') return this.#violate(parts);
    for (const part of parts) this.#rate.handleBytes(part.length);
    let wait: Promise<void> | undefined;
    try {
      wait = deliver(parts, 0, this.#pump!.take);
    } catch (error) {
      return this.#stop(error);
    }
    if (wait === undefined) return this.#afterTake();
    this.#paused = true;
    this.#taking = true;
    this.#rate.pause();
    wait.then(
      () => {
        if (this.#afterTake()) this.#resume();
      },
      (error: unknown) => this.#stop(error),
    );
    return false;
  }

  /** Returns whether to read on. */
  #afterTake(): boolean {
    const pump = this.#pump;
    this.#taking = false;
    if (!pump) return false;
    if (this.#failure) {
      this.#pump = undefined;
      pump.reject(this.#failure);
      return false;
    }
    if (!this.#decoder!.done) return true;
    this.#pump = undefined;
    this.#rate.pause();
    // Read on, so that the end of an idle connection is seen.
    this.#paused = false;
    pump.resolve();
    return true;
  }

  #resume(): void {
    this.#paused = false;
    if (this.#pump) this.#rate.resume();
    // Also winds the stall timer up again, which does not run for a reader's pauses.
    this.#socket.setTimeout(this.#stallMs);
    this.#socket.resume();
  }

  /** The taker gave up: its error is the pump's. */
  #stop(error: unknown): false {
    const pump = this.#pump;
    this.#pump = undefined;
    pump?.reject(error);
    this.close();
    return false;
  }

  #violate(reason: string): false {
    // A server that does not speak HTTP will not learn it.
    this.#fail(new SourceFailure(reason, { final: true }));
    return false;
  }

  #handleClose(): void {
    if (this.#failure) return;
    if (this.#pump && this.#decoder!.mayEnd) {
      const { resolve } = this.#pump;
      this.#pump = undefined;
      resolve();
    }
    this.#fail(new SourceFailure('connection closed before the end'));
  }

  #fail(failure: SourceFailure): void {
    if (this.#failure) return;
    this.#failure = failure;
    clearTimeout(this.#headTimer);
    this.#rate.pause();
    this.#socket.destroy();
    this.#awaited?.reject(failure);
    this.#awaited = undefined;
    // A taker at work is let end first: its pump is rejected then.
    if (this.#pump && !this.#taking) {
      const { reject } = this.#pump;
      this.#pump = undefined;
      reject(failure);
    }
  }
}

/** Hands the parts over one after another; undefined when nothing had to wait. */
function deliver(
  parts: readonly Uint8Array[],
  from: number,
  take: Take,
): Promise<void> | undefined {
  for (let i = from; i < parts.length; i++) {
    const wait = take(parts[i]!);
    if (wait !== undefined) return wait.then(() => deliver(parts, i + 1, take));
  }
  return undefined;
}
