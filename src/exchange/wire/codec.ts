// Messages to frames and back. Encoding never copies payload; decoding takes
// chunks of any size as they come and keeps a block as the parts it came in. A
// length is checked against its type's limit before a byte of the body is kept.
// Malformed input is a violation, handed back as data; nothing here throws.
import { LOSS_REASONS } from '../../content/store.ts';
import { decodeAddresses, encodeAddresses } from './addresses.ts';
import {
  MAX_ADDRESS_LENGTH,
  MAX_ADDRESSES,
  MAX_BLOCK_LENGTH,
  MAX_CID_LENGTH,
  MAX_HAVES,
  MAX_HINTS,
  MAX_PEERS,
  MAX_PIECES,
  type Message,
  PROTOCOL_VERSION,
} from './message.ts';

const TYPES = [
  'hello',
  'have',
  'interest',
  'grant',
  'request',
  'decline',
  'revoke',
  'block',
  'cancel',
  'peers',
  'withdraw',
] as const;
const TYPE_CODE = Object.fromEntries(TYPES.map((type, code) => [type, code])) as Record<
  Message['type'],
  number
>;

const HEADER_LENGTH = 5;
const BLOCK_HEAD_LENGTH = 8;
/** Chunks of a frame are kept as they come, unless they are this many or this small. Chosen. */
const MOST_CHUNKS = 64;
const CHUNK_LENGTH = 1024;
/** Of a hello without CID, addresses and bitfield. */
const HELLO_HEAD_LENGTH = 7;

/** [shortest, longest] body of each type. */
const BODY_LIMITS: Record<Message['type'], readonly [number, number]> = {
  hello: [
    HELLO_HEAD_LENGTH,
    HELLO_HEAD_LENGTH + MAX_CID_LENGTH + MAX_ADDRESSES * (1 + MAX_ADDRESS_LENGTH) + MAX_PIECES / 8,
  ],
  have: [4, 4 * MAX_HAVES],
  interest: [1, 1],
  grant: [4, 4 + 4 * MAX_HINTS],
  request: [8, 8],
  decline: [4, 4],
  revoke: [4, 4],
  block: [BLOCK_HEAD_LENGTH + 1, BLOCK_HEAD_LENGTH + MAX_BLOCK_LENGTH],
  cancel: [4, 4],
  peers: [1, MAX_PEERS * (1 + MAX_ADDRESS_LENGTH)],
  withdraw: [9, 9],
};

/** A message as one frame, in parts: a block's payload is passed on, not copied. */
export function encodeMessage(message: Message): Uint8Array[] {
  if (message.type === 'block') {
    const head = frame('block', BLOCK_HEAD_LENGTH, message.length);
    const view = viewOf(head);
    view.setUint32(HEADER_LENGTH, message.piece);
    view.setUint32(HEADER_LENGTH + 4, message.begin);
    return [head, ...message.parts];
  }
  return [encodeControl(message)];
}

function encodeControl(message: Exclude<Message, { type: 'block' }>): Uint8Array {
  switch (message.type) {
    case 'hello':
      return encodeHello(message);
    case 'have':
      return words('have', message.pieces);
    case 'interest': {
      const bytes = frame('interest', 1);
      bytes[HEADER_LENGTH] = message.interested ? 1 : 0;
      return bytes;
    }
    case 'grant':
      return words('grant', [message.grant, ...message.hints]);
    case 'request':
      return words('request', [message.grant, message.piece]);
    case 'decline':
    case 'revoke':
      return words(message.type, [message.grant]);
    case 'cancel':
      return words('cancel', [message.piece]);
    case 'peers':
      return withBody('peers', encodeAddresses(message.addresses));
    case 'withdraw': {
      const bytes = frame('withdraw', 9);
      bytes[HEADER_LENGTH] = LOSS_REASONS.indexOf(message.reason);
      viewOf(bytes).setUint32(HEADER_LENGTH + 1, message.first);
      viewOf(bytes).setUint32(HEADER_LENGTH + 5, message.count);
      return bytes;
    }
  }
}

function encodeHello(message: Extract<Message, { type: 'hello' }>): Uint8Array {
  const { file, bitfield } = message;
  const addresses = encodeAddresses(message.addresses);
  const bytes = frame(
    'hello',
    HELLO_HEAD_LENGTH + file.length + addresses.length + bitfield.length,
  );
  let at = HEADER_LENGTH;
  bytes[at++] = PROTOCOL_VERSION;
  bytes[at++] = file.length;
  bytes.set(file, at);
  at += file.length;
  viewOf(bytes).setUint32(at, message.pieceCount);
  bytes[at + 4] = message.addresses.length;
  bytes.set(addresses, at + 5);
  bytes.set(bitfield, at + 5 + addresses.length);
  return bytes;
}

/** A frame with its header filled in; `payload` bytes follow outside of it. */
function frame(type: Message['type'], bodyLength: number, payload = 0): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + bodyLength);
  viewOf(bytes).setUint32(0, 1 + bodyLength + payload);
  bytes[4] = TYPE_CODE[type];
  return bytes;
}

function withBody(type: Message['type'], body: Uint8Array): Uint8Array {
  const bytes = frame(type, body.length);
  bytes.set(body, HEADER_LENGTH);
  return bytes;
}

function words(type: Message['type'], values: readonly number[]): Uint8Array {
  const bytes = frame(type, 4 * values.length);
  const view = viewOf(bytes);
  for (let i = 0; i < values.length; i++) view.setUint32(HEADER_LENGTH + 4 * i, values[i]!);
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What a chunk completed: messages in order, then perhaps the reason to stop. */
export interface Decoded {
  messages: Message[];
  /** What the remote did wrong; the decoder takes no more after it. */
  violation?: string;
}

/** Turns a stream's chunks, cut anywhere, into messages. Holds at most one frame. */
export class FrameDecoder {
  readonly #chunks: Uint8Array[] = [];
  #available = 0;
  #type: Message['type'] | undefined;
  #bodyLength = 0;
  #broken = false;

  push(chunk: Uint8Array): Decoded {
    const messages: Message[] = [];
    if (this.#broken) return { messages };
    if (chunk.length > 0) {
      this.#chunks.push(chunk);
      this.#available += chunk.length;
      if (this.#chunks.length > MOST_CHUNKS + this.#available / CHUNK_LENGTH) this.#join();
    }
    for (;;) {
      const next = this.#next();
      if (next === undefined) return { messages };
      if (typeof next === 'string') {
        this.#broken = true;
        this.#chunks.length = 0;
        return { messages, violation: next };
      }
      messages.push(next);
    }
  }

  /** A byte at a time, each in a chunk of its own, must cost little more than a byte. */
  #join(): void {
    const available = this.#available;
    const joined = this.#takeCopy(available);
    this.#chunks.push(joined);
    this.#available = available;
  }

  /** A message, a violation's reason, or undefined when more bytes are needed. */
  #next(): Message | string | undefined {
    if (this.#type === undefined) {
      if (this.#available < HEADER_LENGTH) return undefined;
      const violation = this.#readHeader();
      if (violation !== undefined) return violation;
    }
    if (this.#available < this.#bodyLength) return undefined;
    const type = this.#type!;
    this.#type = undefined;
    if (type === 'block') return this.#readBlock();
    return decodeControl(type, this.#takeCopy(this.#bodyLength));
  }

  #readHeader(): string | undefined {
    const header = this.#takeCopy(HEADER_LENGTH);
    const type = TYPES[header[4]!];
    if (type === undefined) return `unknown message type ${header[4]}`;
    const bodyLength = viewOf(header).getUint32(0) - 1;
    const [shortest, longest] = BODY_LIMITS[type];
    if (bodyLength < shortest || bodyLength > longest) {
      return `a ${type} of ${bodyLength} bytes`;
    }
    this.#type = type;
    this.#bodyLength = bodyLength;
    return undefined;
  }

  #readBlock(): Message {
    const head = viewOf(this.#takeCopy(BLOCK_HEAD_LENGTH));
    const length = this.#bodyLength - BLOCK_HEAD_LENGTH;
    return {
      type: 'block',
      piece: head.getUint32(0),
      begin: head.getUint32(4),
      parts: this.#takeParts(length),
      length,
    };
  }

  /** The next `length` bytes as views of the chunks they came in. */
  #takeParts(length: number): Uint8Array[] {
    const parts: Uint8Array[] = [];
    this.#available -= length;
    let left = length;
    while (left > 0) {
      const chunk = this.#chunks[0]!;
      if (chunk.length <= left) {
        parts.push(chunk);
        this.#chunks.shift();
        left -= chunk.length;
      } else {
        parts.push(chunk.subarray(0, left));
        this.#chunks[0] = chunk.subarray(left);
        left = 0;
      }
    }
    return parts;
  }

  #takeCopy(length: number): Uint8Array {
    const parts = this.#takeParts(length);
    if (parts.length === 1) return parts[0]!;
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
}

function decodeControl(type: Message['type'], body: Uint8Array): Message | string {
  const view = viewOf(body);
  const word = (index: number): number => view.getUint32(4 * index);
  switch (type) {
    case 'hello':
      return decodeHello(body);
    case 'have': {
      if (body.length % 4 !== 0) return 'a have that is cut off';
      return { type, pieces: decodeWords(view, 0) };
    }
    case 'interest':
      return body[0]! <= 1 ? { type, interested: body[0] === 1 } : 'an interest that is not 0 or 1';
    case 'grant': {
      if (body.length % 4 !== 0) return 'a grant that is cut off';
      return { type, grant: word(0), hints: decodeWords(view, 4) };
    }
    case 'request':
      return { type, grant: word(0), piece: word(1) };
    case 'decline':
    case 'revoke':
      return { type, grant: word(0) };
    case 'cancel':
      return { type, piece: word(0) };
    case 'peers': {
      const read = decodeAddresses(body, 0, MAX_PEERS);
      return read?.end === body.length ? { type, addresses: read.addresses } : 'a malformed peers';
    }
    case 'withdraw': {
      const reason = LOSS_REASONS[body[0]!];
      if (reason === undefined) return `a withdraw for reason ${body[0]}`;
      return { type, reason, first: view.getUint32(1), count: view.getUint32(5) };
    }
    case 'block':
      return 'a block out of place';
  }
}

function decodeHello(body: Uint8Array): Message | string {
  if (body[0] !== PROTOCOL_VERSION) return `a hello of version ${body[0]}`;
  const at = 2 + body[1]!;
  if (body[1]! > MAX_CID_LENGTH || at + 5 > body.length) return 'a hello with a malformed CID';
  const pieceCount = viewOf(body).getUint32(at);
  const count = body[at + 4]!;
  if (count > MAX_ADDRESSES) return `a hello with ${count} addresses`;
  const read = decodeAddresses(body, at + 5, count);
  if (!read || read.addresses.length !== count) return 'a hello with malformed addresses';
  const bitfield = body.slice(read.end);
  if (pieceCount > MAX_PIECES || bitfield.length !== Math.ceil(pieceCount / 8)) {
    return `a hello of ${pieceCount} pieces with ${bitfield.length} bytes of bitfield`;
  }
  const file = body.slice(2, at);
  return { type: 'hello', file, pieceCount, addresses: read.addresses, bitfield };
}

function decodeWords(view: DataView, from: number): number[] {
  const values: number[] = [];
  for (let at = from; at < view.byteLength; at += 4) values.push(view.getUint32(at));
  return values;
}
