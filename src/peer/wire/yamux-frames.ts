/**
 * Frames of yamux/1.0.0 (https://github.com/hashicorp/yamux/blob/master/spec.md).
 *
 *     u8 version 0, u8 type, u16 flags, u32 stream, u32 length; of a data frame, `length` bytes follow
 *
 * The length of a window update is the bytes granted, of a ping its value, of a go-away its reason.
 * Stream 0 is the session.
 */
export const HEADER_LENGTH = 12;

export const TYPE = { data: 0, windowUpdate: 1, ping: 2, goAway: 3 } as const;

export const FLAG = { syn: 1, ack: 2, fin: 4, rst: 8 } as const;

export const GO_AWAY = { normal: 0, protocolError: 1, internalError: 2 } as const;

/** Bytes that each side may send on a new stream: fixed by the specification. */
export const INITIAL_WINDOW = 256 * 1024;

export function writeHeader(
  into: Uint8Array,
  at: number,
  type: number,
  flags: number,
  stream: number,
  length: number,
): void {
  into[at] = 0;
  into[at + 1] = type;
  into[at + 2] = flags >>> 8;
  into[at + 3] = flags;
  writeWord(into, at + 4, stream);
  writeWord(into, at + 8, length);
}

function writeWord(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

/** Receives frames as they are read. */
export interface FrameHandler {
  /**
   * A header came. Returns what the remote did wrong, if anything; nothing is handed on after that.
   */
  handleHeader(type: number, flags: number, stream: number, length: number): string | undefined;
  /** The next bytes of the data frame whose header came last; views of what was read. */
  handlePayload(bytes: Uint8Array): void;
  /** The data frame whose header came last is whole. */
  handlePayloadEnd(): void;
}

/** Reads frames from bytes that are cut anywhere. Keeps a header at the most, and no payload. */
export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #head = new Uint8Array(HEADER_LENGTH);
  #headLength = 0;
  #left = 0;
  #stopped = false;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** Whether a frame has begun and is not whole. */
  get inFrame(): boolean {
    return this.#headLength > 0 || this.#left > 0;
  }

  /** Nothing is handed on any more. May be called by the handler. */
  stop(): void {
    this.#stopped = true;
  }

  /** Returns what the remote did wrong, if anything; then the reader has stopped. */
  read(bytes: Uint8Array): string | undefined {
    let at = 0;
    while (at < bytes.length && !this.#stopped) {
      if (this.#left > 0) {
        at = this.#readPayload(bytes, at);
        continue;
      }
      let head = bytes;
      let from = at;
      if (this.#headLength > 0 || bytes.length - at < HEADER_LENGTH) {
        at = this.#keepHead(bytes, at);
        if (this.#headLength < HEADER_LENGTH) return undefined;
        this.#headLength = 0;
        head = this.#head;
        from = 0;
      } else at += HEADER_LENGTH;
      const violation = this.#readHeader(head, from);
      if (violation === undefined) continue;
      this.#stopped = true;
      return violation;
    }
    return undefined;
  }

  #keepHead(bytes: Uint8Array, at: number): number {
    const end = Math.min(bytes.length, at + HEADER_LENGTH - this.#headLength);
    for (let i = at; i < end; i++) this.#head[this.#headLength++] = bytes[i]!;
    return end;
  }

  #readHeader(head: Uint8Array, at: number): string | undefined {
    if (head[at] !== 0) return `a frame of yamux version ${head[at]}`;
    const type = head[at + 1]!;
    const flags = (head[at + 2]! << 8) | head[at + 3]!;
    const length = readWord(head, at + 8);
    const violation = this.#handler.handleHeader(type, flags, readWord(head, at + 4), length);
    if (violation !== undefined || type !== TYPE.data || this.#stopped) return violation;
    this.#left = length;
    if (length === 0) this.#handler.handlePayloadEnd();
    return undefined;
  }

  #readPayload(bytes: Uint8Array, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    this.#handler.handlePayload(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    if (this.#left === 0 && !this.#stopped) this.#handler.handlePayloadEnd();
    return end;
  }
}

function readWord(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  );
}
