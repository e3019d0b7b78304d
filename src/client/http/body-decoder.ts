// Removes the framing of a response's body: bytes from the socket go in, views of the payload come
// out. It holds no payload itself. Chunk extensions and trailers are skipped (RFC 9112 section
// 7.1); their length is capped.
import { type BodyFraming, MAX_HEAD_BYTES } from './http-head.ts';

export interface BodyDecoder {
  /** Returns the payload in order, as views of `bytes`, or a violation's text. */
  decode(bytes: Uint8Array): Uint8Array[] | string;
  /** Whether the last payload byte was seen: the connection is at the next message. */
  readonly done: boolean;
  /** Whether bytes came after the end of the message. */
  readonly surplus: boolean;
  /** Whether the body is complete if the connection ends now. */
  readonly mayEnd: boolean;
}

export function createBodyDecoder(framing: BodyFraming): BodyDecoder {
  if (framing.kind === 'chunked') return new ChunkedDecoder();
  if (framing.kind === 'close') return new LengthDecoder(Number.POSITIVE_INFINITY);
  return new LengthDecoder(framing.kind === 'length' ? framing.bytes : 0);
}

class LengthDecoder implements BodyDecoder {
  readonly #untilClose: boolean;
  #left: number;
  surplus = false;

  constructor(bytes: number) {
    this.#left = bytes;
    this.#untilClose = bytes === Number.POSITIVE_INFINITY;
  }

  get done(): boolean {
    return this.#left === 0;
  }

  get mayEnd(): boolean {
    return this.done || this.#untilClose;
  }

  decode(bytes: Uint8Array): Uint8Array[] {
    this.surplus ||= bytes.length > this.#left;
    const payload = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= payload.length;
    return payload.length > 0 ? [payload] : [];
  }
}

/** Of a line, and of a trailer: as of a head. */
const MAX_LINE_BYTES = MAX_HEAD_BYTES;

/** A size, and what follows it: an extension, or junk, as curl, wget and aria2 take it. */
const SIZE = /^0*([0-9a-f]{1,13})(?![0-9a-f])(.*)$/is;
/** After a zero no data would show that it was misread (0x1f): the file would end there. */
const AFTER_ZERO = /^(?:[\t\r ;,]|$)/;

const LF = 0x0a;

class ChunkedDecoder implements BodyDecoder {
  #state: 'size' | 'data' | 'data-end' | 'trailer' | 'done' = 'size';
  #line = '';
  #left = 0;
  #trailerBytes = 0;
  surplus = false;

  get done(): boolean {
    return this.#state === 'done';
  }

  get mayEnd(): boolean {
    return this.done;
  }

  decode(bytes: Uint8Array): Uint8Array[] | string {
    const payload: Uint8Array[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.done) {
        this.surplus = true;
        break;
      }
      if (this.#state === 'data') {
        const part = bytes.subarray(at, at + this.#left);
        payload.push(part);
        at += part.length;
        this.#left -= part.length;
        if (this.#left === 0) this.#state = 'data-end';
        continue;
      }
      const lf = bytes.indexOf(LF, at);
      const end = lf < 0 ? bytes.length : lf + 1;
      if (this.#line.length + end - at > MAX_LINE_BYTES) return 'sent an endless chunk line';
      this.#line += Buffer.from(bytes.subarray(at, end)).toString('latin1');
      at = end;
      if (lf >= 0) {
        const violation = this.#endLine();
        if (violation) return violation;
      }
    }
    return payload;
  }

  #endLine(): string | undefined {
    // A line may end in LF alone, as curl takes it.
    const line = this.#line.slice(0, this.#line.endsWith('\r\n') ? -2 : -1);
    this.#line = '';
    if (this.#state === 'size') {
      const [, digits, rest = ''] = SIZE.exec(line) ?? [];
      const left = Number.parseInt(digits ?? '', 16);
      if (!(left > 0 || (left === 0 && AFTER_ZERO.test(rest))))
        return 'sent a malformed chunk size';
      this.#left = left;
      this.#state = this.#left === 0 ? 'trailer' : 'data';
    } else if (this.#state === 'data-end') {
      if (line !== '') return 'sent a malformed chunk';
      this.#state = 'size';
    } else {
      if (line.includes('\0')) return 'sent a null byte in its trailer';
      this.#trailerBytes += line.length;
      if (this.#trailerBytes > MAX_LINE_BYTES) return 'sent an endless trailer';
      if (line === '') this.#state = 'done';
    }
    return undefined;
  }
}
