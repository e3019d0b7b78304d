// One connection to an HTTP/1.1 server, one request at a time. It exists for speed: the socket
// reads straight to where the payload is wanted, or into one fixed buffer (`onread`), and the taker
// gets views of the bytes. With the same hashing and writing this takes half the CPU of node:http
// or undici. http-client.ts handles redirects, retries and reuse.
import type { Socket } from 'node:net';
import { invariant } from '../../runtime/invariant.ts';
import type { Trust } from './access.ts';
import { type BodyDecoder, createBodyDecoder } from './body-decoder.ts';
import {
  type BodyFraming,
  bodyFraming,
  HeadReader,
  MAX_INTERIM,
  parseResponseHead,
  type ResponseHead,
} from './http-head.ts';
import { HeadRate, LeastRate, type Limits } from './least-rate.ts';
import { type OpenSocket, openSocket, type Way } from './open-socket.ts';
import { closedEarly, connectionFailure, SourceFailure } from './source-failure.ts';

/** First byte of a TLS record that refuses what came before it (RFC 8446 section 5.1). */
const TLS_ALERT = 0x15;
/** Longest wait for a connection. Chosen: three lost packets in a row, and some more. */
const CONNECT_WITHIN_MS = 10_000;
/** Silence after which the system asks whether the other end is still there. Chosen. */
const KEEP_ALIVE_MS = 5000;
/** A connection that was idle for longer may have died unseen. Chosen. */
const MAX_IDLE_MS = 10_000;

/**
 * Takes payload in order. The bytes are valid until this returns, or until the promise that it
 * returns settles. Nothing more is read before that.
 */
export type Take = (chunk: Uint8Array) => Promise<void> | undefined;

interface Pending {
  readonly resolve: (head: ResponseHead) => void;
  readonly reject: (failure: SourceFailure) => void;
}

/**
 * Returns memory to read payload into, so that it need not be copied. It is asked while no taken
 * bytes are waited for.
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
  readonly #limits: Limits;
  readonly #rate: LeastRate;
  readonly #headRate: HeadRate;
  #connectTimer: NodeJS.Timeout | undefined;
  #idleSince = 0;
  #method = '';
  #awaited: Pending | undefined;
  #heads = new HeadReader();
  /** Number of interim responses (1xx) to this request. */
  #interim = 0;
  #head: ResponseHead | undefined;
  #decoder: BodyDecoder | undefined;
  #framing: BodyFraming['kind'] = 'none';
  #pump: Pump | undefined;
  /** Payload that came with the head, before the pump starts. */
  #leftover: Uint8Array = new Uint8Array();
  /** True while we do not read: the server's silence is then no stall. */
  #paused = false;
  /** True while the taker uses the buffer. */
  #taking = false;
  #failure: SourceFailure | undefined;
  #remoteAddress: string | undefined;
  /** Whether it failed because too little came in its time. */
  stalled = false;

  /**
   * @param limits the connection fails after stallMs without a byte, or without leastBytes of a body
   */
  constructor(origin: URL, limits: Limits, trust: Trust, way: Way = {}) {
    this.#limits = limits;
    this.#rate = new LeastRate(limits, (bytes) =>
      this.#stall(bytes === 0 ? 'nothing' : `only ${bytes} bytes`),
    );
    this.#headRate = new HeadRate(limits, (what, ms) => this.#stall(what, ms));
    const { socket, whenTrusted } = openSocket(
      origin,
      trust,
      way,
      (bytes) => this.#handleBytes(bytes),
      () => this.#room(),
    );
    this.#socket = socket;
    this.#whenTrusted = whenTrusted;
    this.#socket.setNoDelay(true);
    // A server that thinks may be waited for; one that is gone without a word is noticed.
    this.#socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#limitConnecting(origin.protocol === 'https:' ? 'secureConnect' : 'connect');
    this.#socket.once('connect', () => {
      this.#remoteAddress = this.#socket.remoteAddress;
    });
    this.#socket.setTimeout(limits.stallMs);
    this.#socket.on('timeout', () => {
      if (!this.#paused) this.#stall('nothing');
    });
    this.#socket.on('error', (error) => this.#fail(connectionFailure(error)));
    this.#socket.on('close', () => this.#handleClose());
  }

  /** The server's IP address; undefined before it is connected. */
  get remoteAddress(): string | undefined {
    return this.#remoteAddress;
  }

  /** Whether a byte of an answer came to the last request. */
  get answered(): boolean {
    return this.#headRate.begun;
  }

  /** Whether another request may be sent. */
  get reusable(): boolean {
    return (
      this.#failure === undefined &&
      !this.#socket.destroyed &&
      this.#awaited === undefined &&
      this.#head?.persistent === true &&
      this.#decoder?.done === true &&
      !this.#decoder.surplus &&
      performance.now() - this.#idleSince < MAX_IDLE_MS
    );
  }

  close(failure = new SourceFailure('connection closed')): void {
    this.#fail(failure);
  }

  /** Sends a request without a body. Resolves to the head; call pump() then. */
  request(method: string, head: string): Promise<ResponseHead> {
    invariant(this.#awaited === undefined, 'one request at a time');
    this.#method = method;
    this.#heads = new HeadReader();
    this.#interim = 0;
    this.#head = undefined;
    this.#decoder = undefined;
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#awaited = { resolve, reject };
      this.#headRate.start();
      this.#whenTrusted(() => this.#socket.write(head, 'latin1'));
      this.#resume();
    });
  }

  /**
   * Hands the body to `take`. Resolves at its end; rejects with what `take` threw.
   *
   * @param leastBytes must come in each stallMs, or the end
   */
  pump(take: Take, room?: Room, leastBytes = this.#limits.leastBytes): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#pump = { take, room, resolve, reject };
      this.#rate.start(leastBytes);
      const bytes = this.#leftover;
      this.#leftover = new Uint8Array();
      if (this.#handleBody(bytes)) this.#resume();
    });
  }

  /** Only a body without chunks may be read into its final place. */
  #room(): Uint8Array | undefined {
    if (this.#taking || this.#framing !== 'length') return undefined;
    return this.#pump?.room?.();
  }

  /** Handles bytes from the socket. Returns false to stop reading. */
  #handleBytes(bytes: Uint8Array): boolean {
    if (this.#failure) return false;
    if (this.#awaited) return this.#handleHead(bytes);
    if (this.#pump) return this.#handleBody(bytes);
    this.#fail(new SourceFailure('sent bytes that were not asked for'));
    return false;
  }

  #handleHead(bytes: Uint8Array): boolean {
    this.#headRate.handleBytes(bytes.length);
    if (this.#failure) return false;
    let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (rest[0] === TLS_ALERT) return this.#violate('speaks TLS there; give https://');
    for (;;) {
      const taken = this.#heads.take(rest);
      if (taken === undefined) return true;
      if (taken === 'too long') return this.#violate('sent too long a header');
      const head = parseResponseHead(taken.head);
      if (typeof head === 'string') return this.#violate(head);
      if (head.status === 101) return this.#violate('switched protocols');
      rest = taken.rest;
      // Interim responses (RFC 9110 section 15.2) precede the one that counts.
      if (head.status >= 200) return this.#acceptHead(head, rest);
      if (++this.#interim > MAX_INTERIM) return this.#violate('sent interim answers without end');
    }
  }

  #acceptHead(head: ResponseHead, rest: Uint8Array): boolean {
    const framing = bodyFraming(this.#method, head);
    if (typeof framing === 'string') return this.#violate(framing);
    this.#headRate.end();
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
    if (this.#failure) return false;
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

  /** Called when the taker is done. Returns whether to read on. */
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
    // Keep reading, so that the end of an idle connection is seen.
    this.#paused = false;
    this.#idleSince = performance.now();
    pump.resolve();
    return true;
  }

  #resume(): void {
    this.#paused = false;
    if (this.#pump) this.#rate.resume();
    // Restarts the stall timer as well: it does not run while the reader pauses.
    this.#socket.setTimeout(this.#limits.stallMs);
    this.#socket.resume();
  }

  /** The taker failed: the pump rejects with its error. */
  #stop(error: unknown): false {
    const pump = this.#pump;
    this.#pump = undefined;
    pump?.reject(error);
    this.close();
    return false;
  }

  #limitConnecting(connected: 'connect' | 'secureConnect'): void {
    const withinMs = Math.min(this.#limits.stallMs, CONNECT_WITHIN_MS);
    this.#connectTimer = setTimeout(() => {
      const error = 'connection_timeout';
      this.#fail(new SourceFailure(`no connection in ${withinMs / 1000} s`, { error }));
    }, withinMs);
    this.#socket.once(connected, () => clearTimeout(this.#connectTimer));
  }

  #stall(what: string, ms = this.#limits.stallMs): void {
    this.stalled = true;
    const error = 'http_response_timeout';
    this.#fail(new SourceFailure(`sent ${what} for ${ms / 1000} s`, { error }));
  }

  #violate(reason: string): false {
    // Cut the connection: the server does not speak HTTP.
    this.#fail(new SourceFailure(reason, { final: true, error: 'http_protocol_error' }));
    return false;
  }

  #handleClose(): void {
    if (this.#failure) return;
    if (this.#pump && this.#decoder!.mayEnd) {
      const { resolve } = this.#pump;
      this.#pump = undefined;
      resolve();
    }
    this.#fail(closedEarly());
  }

  #fail(failure: SourceFailure): void {
    if (this.#failure) return;
    this.#failure = failure;
    clearTimeout(this.#connectTimer);
    this.#headRate.end();
    this.#rate.pause();
    this.#socket.destroy();
    this.#awaited?.reject(failure);
    this.#awaited = undefined;
    // Wait for a taker at work; its pump is rejected then.
    if (this.#pump && !this.#taking) {
      const { reject } = this.#pump;
      this.#pump = undefined;
      reject(failure);
    }
  }
}

/** Hands the parts over one after another. Undefined if none had to wait. */
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
