// The bytes of /hubswarm/dag/1.0.0 (dag-protocol.ts says what they mean). Sans-IO:
// chunks of any size go in, heads and blocks come out. A remote that breaks the
// rules is a violation, never a throw; a length is checked before memory is
// taken, and what is kept is never more than one frame and a chunk.
import { varint } from 'multiformats';
import type { CID } from 'multiformats/cid';
import { Uint8ArrayList } from 'uint8arraylist';
import { readCid } from '../../content/cid.ts';
import { MAX_PIECE_LENGTH } from '../../content/geometry.ts';
import { MAX_NODES } from '../../content/node-reader.ts';
import { LOSS_REASONS } from '../../content/store.ts';

/** A CIDv1 with sha2-256 has 36 bytes; 100 leaves room for longer hashes. Fits one varint byte. */
const MAX_CID_BYTES = 100;
/** NAME_MAX of the file systems in use. */
const MAX_NAME_BYTES = 255;
/** 2^20 pieces take some 55 MiB of links. */
export const MAX_DAG_BYTES = 64 * 2 ** 20;
/** Longest answer: the blocks, the head, and the blocks' lengths. */
export const MAX_ANSWER_BYTES = MAX_DAG_BYTES + 4 * 2 ** 20;
/** MAX_PIECE_LENGTH needs four bytes. */
const MAX_VARINT_BYTES = 4;

const STATUSES = ['ok', 'unknown', 'tooLarge', 'packed', ...LOSS_REASONS] as const;
export type Status = (typeof STATUSES)[number];

export function encodeRequest(cid: CID): Uint8Array {
  return lengthPrefixed(cid.bytes);
}

/** Encodes the head of an answer; the name is cut to its limit between two characters. */
export function encodeHead(status: Status, name = ''): Uint8Array {
  const byte = STATUSES.indexOf(status);
  if (isRefusal(status)) return Uint8Array.of(byte);
  const buffer = new Uint8Array(MAX_NAME_BYTES);
  const { written } = new TextEncoder().encodeInto(name, buffer);
  return Buffer.concat([Uint8Array.of(byte), lengthPrefixed(buffer.subarray(0, written))]);
}

const isRefusal = (status: Status): boolean => status !== 'ok' && status !== 'packed';

/** Encodes an answer that names the packed form. */
export function encodePacked(name: string, packed: CID): Uint8Array {
  return Buffer.concat([encodeHead('packed', name), lengthPrefixed(packed.bytes)]);
}

/** Encodes a block without copying it. */
export function encodeBlock(block: Uint8Array): Uint8Array[] {
  return [encodeBlockHead(block.length), block];
}

/** The bytes before a block of that length. */
export const encodeBlockHead = (length: number): Uint8Array => varintOf(length);

const varintOf = (value: number): Uint8Array =>
  varint.encodeTo(value, new Uint8Array(varint.encodingLength(value)));

const lengthPrefixed = (bytes: Uint8Array): Uint8Array =>
  Buffer.concat([varintOf(bytes.length), bytes]);

/** Reads length-prefixed frames from chunks of any size. */
class FrameReader {
  readonly #bytes = new Uint8ArrayList();

  get isEmpty(): boolean {
    return this.#bytes.byteLength === 0;
  }

  push(chunk: Uint8Array): void {
    this.#bytes.append(chunk);
  }

  /** The next byte; undefined if it has not come yet. */
  byte(): number | undefined {
    if (this.isEmpty) return undefined;
    const value = this.#bytes.get(0);
    this.#bytes.consume(1);
    return value;
  }

  /** The next frame, copied; undefined if it is incomplete; a violation if it is too long. */
  frame(limit: number): Uint8Array | { violation: string } | undefined {
    let length = 0;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      if (i >= this.#bytes.byteLength) return undefined;
      const byte = this.#bytes.get(i);
      length += (byte & 0x7f) * 2 ** (7 * i);
      if (byte >= 0x80) continue;
      if (length > limit) return { violation: `a length of ${length}; allowed are ${limit}` };
      if (this.#bytes.byteLength < i + 1 + length) return undefined;
      const frame = this.#bytes.slice(i + 1, i + 1 + length);
      this.#bytes.consume(i + 1 + length);
      return frame;
    }
    return { violation: 'a length that does not end' };
  }
}

const isViolation = (
  value: object | { violation: string } | undefined,
): value is { violation: string } => value !== undefined && 'violation' in value;

export class RequestDecoder {
  readonly #reader = new FrameReader();

  /** Takes a chunk. Returns the CID once it is complete, undefined before. */
  push(chunk: Uint8Array): CID | { violation: string } | undefined {
    this.#reader.push(chunk);
    return nextCid(this.#reader);
  }
}

function nextCid(reader: FrameReader): CID | { violation: string } | undefined {
  const frame = reader.frame(MAX_CID_BYTES);
  if (frame === undefined || isViolation(frame)) return frame;
  return readCid(frame) ?? { violation: 'not a CID' };
}

export interface AnswerHandler {
  /** Called once, before any block. */
  handleHead(status: Status, name: string): void;
  handleBlock(block: Uint8Array): void;
  /** Called in place of blocks after the head of a `packed` answer. */
  handlePacked?(packed: CID): void;
}

export class AnswerDecoder {
  readonly #reader = new FrameReader();
  readonly #handler: AnswerHandler;
  #status: Status | undefined;
  #named = false;
  #blockBytes = 0;
  #blockCount = 0;
  #packed = false;

  constructor(handler: AnswerHandler) {
    this.#handler = handler;
  }

  /**
   * Takes a chunk and calls the handlers. Returns a violation, if there is one; then push nothing
   * more.
   */
  push(chunk: Uint8Array): string | undefined {
    this.#reader.push(chunk);
    return this.#head() ?? (this.#status === 'packed' ? this.#cid() : this.#blocks());
  }

  /** Call when the stream has ended. Returns the violation of an incomplete answer. */
  end(): string | undefined {
    const status = this.#status;
    const whole = this.#reader.isEmpty && status !== undefined;
    const body = status === 'packed' ? this.#packed : this.#named;
    return whole && (body || isRefusal(status)) ? undefined : 'an answer cut short';
  }

  #head(): string | undefined {
    if (this.#status === undefined) {
      const byte = this.#reader.byte();
      if (byte === undefined) return undefined;
      this.#status = STATUSES[byte];
      if (this.#status === undefined) return `a status of ${byte}`;
      if (isRefusal(this.#status)) this.#handler.handleHead(this.#status, '');
    }
    if (isRefusal(this.#status)) return this.#reader.isEmpty ? undefined : 'bytes after a refusal';
    if (this.#named) return undefined;
    const name = this.#reader.frame(MAX_NAME_BYTES);
    if (name === undefined) return undefined;
    if (isViolation(name)) return name.violation;
    this.#named = true;
    this.#handler.handleHead(this.#status, Buffer.from(name).toString('utf8'));
    return undefined;
  }

  #cid(): string | undefined {
    if (this.#packed) return this.#reader.isEmpty ? undefined : 'bytes after the packed CID';
    const packed = this.#named ? nextCid(this.#reader) : undefined;
    if (packed === undefined) return undefined;
    if ('violation' in packed) return packed.violation;
    this.#packed = true;
    this.#handler.handlePacked?.(packed);
    return this.#reader.isEmpty ? undefined : 'bytes after the packed CID';
  }

  #blocks(): string | undefined {
    while (this.#named) {
      const block = this.#reader.frame(MAX_PIECE_LENGTH);
      if (block === undefined) return undefined;
      if (isViolation(block)) return block.violation;
      // An inner node is never empty; only a root that is a leaf may be.
      if (++this.#blockCount > 1 && block.length === 0) return 'an empty block after the first';
      if (this.#blockCount > MAX_NODES) return `more than ${MAX_NODES} blocks`;
      this.#blockBytes += block.length;
      if (this.#blockBytes > MAX_DAG_BYTES) return `more than ${MAX_DAG_BYTES} bytes of blocks`;
      this.#handler.handleBlock(block);
    }
    return undefined;
  }
}
