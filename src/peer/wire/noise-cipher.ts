// The transport phase of Noise (https://noiseprotocol.org/noise.html, 11.2): ChaCha20-Poly1305 with
// a key for each direction and a nonce that counts messages. Both ends of a connection must handle
// messages in order, each exactly once.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { asCrypto } from '@chainsafe/libp2p-noise/crypto';

const ALGORITHM = 'chacha20-poly1305';
const TAG_LENGTH = 16;
const OPTIONS = { authTagLength: TAG_LENGTH };
const LENGTH_BYTES = 2;
/** Longest plaintext of a message: its length is a u16 and counts the tag. */
export const MAX_PLAIN_LENGTH = 0xffff - TAG_LENGTH;
/** Below this WebAssembly is faster than an object of OpenSSL. Measured: equal at 200 bytes. */
const SMALL_LENGTH = 256;
/** Sealed parts below this are joined: one more part of a write costs more than the copy. Chosen. */
const JOIN_BELOW = 4096;
/** As @chainsafe/libp2p-noise has it: it counts no further, so messages after this are not read. */
const MAX_NONCE = 0xffff_ffff;
const NOTHING = new Uint8Array(0);

/** Reasons for which a message is not opened. */
export const TOO_SHORT = 'a message shorter than its tag';
export const NOT_AUTHENTIC = 'a message that is not authentic';
export const SPENT = 'too many messages under one key';

class Nonce {
  /** 32 bits of zero, then the count as a little-endian u64. */
  readonly bytes = Buffer.alloc(12);
  #count: number;

  constructor(from: number) {
    this.#count = from;
  }

  /** False when all have been used. */
  next(): boolean {
    if (this.#count > MAX_NONCE) return false;
    this.bytes.writeUInt32LE(this.#count++, 4);
    return true;
  }
}

let smallBelow: number | undefined;

/** Where WebAssembly cannot be made (`--jitless`, little address space), none counts as small. */
function isSmall(length: number): boolean {
  smallBelow ??= canMakeSmall() ? SMALL_LENGTH : 0;
  return length < smallBelow;
}

function canMakeSmall(): boolean {
  try {
    asCrypto.chaCha20Poly1305Encrypt(NOTHING, Buffer.alloc(12), NOTHING, Buffer.alloc(32));
    return true;
  } catch {
    return false;
  }
}

export class Opener {
  readonly #key: Uint8Array;
  readonly #nonce: Nonce;

  /** @param from count of the first message, for tests */
  constructor(key: Uint8Array, from = 0) {
    this.#key = key;
    this.#nonce = new Nonce(from);
  }

  /** The plaintext in memory of its own, or the reason why there is none. */
  open(record: Uint8Array): Uint8Array | string {
    const length = record.length - TAG_LENGTH;
    if (length < 0) return TOO_SHORT;
    if (!this.#nonce.next()) return SPENT;
    const { bytes: nonce } = this.#nonce;
    try {
      if (isSmall(length)) {
        const into = Buffer.allocUnsafe(length);
        return asCrypto.chaCha20Poly1305Decrypt(record, nonce, NOTHING, this.#key, into) as Buffer;
      }
      const decipher = createDecipheriv(ALGORITHM, this.#key, nonce, OPTIONS);
      decipher.setAuthTag(record.subarray(length));
      const plain = decipher.update(record.subarray(0, length));
      decipher.final();
      return plain;
    } catch {
      return NOT_AUTHENTIC;
    }
  }
}

export class Sealer {
  readonly #key: Uint8Array;
  readonly #nonce: Nonce;

  /** @param from count of the first message, for tests */
  constructor(key: Uint8Array, from = 0) {
    this.#key = key;
    this.#nonce = new Nonce(from);
  }

  /**
   * Seals all parts as one text, in as many messages as it takes, each with its length before it.
   * The parts are not needed afterwards. Undefined when the key has sealed as many as it may.
   */
  seal(parts: readonly Uint8Array[], length: number): Uint8Array[] | undefined {
    if (isSmall(length)) return this.#sealSmall(parts, length);
    const sealed = new Joined();
    const text = new Cursor(parts);
    for (let left = length; left > 0; left -= MAX_PLAIN_LENGTH) {
      if (!this.#nonce.next()) return undefined;
      const size = Math.min(left, MAX_PLAIN_LENGTH);
      sealed.add(lengthOf(size));
      const cipher = createCipheriv(ALGORITHM, this.#key, this.#nonce.bytes, OPTIONS);
      for (let rest = size; rest > 0; ) {
        const part = text.take(rest);
        sealed.add(cipher.update(part));
        rest -= part.length;
      }
      cipher.final();
      sealed.add(cipher.getAuthTag());
    }
    return sealed.end();
  }

  #sealSmall(parts: readonly Uint8Array[], length: number): Uint8Array[] | undefined {
    if (!this.#nonce.next()) return undefined;
    const plain = parts.length === 1 ? parts[0]! : Buffer.concat(parts, length);
    const { bytes: nonce } = this.#nonce;
    const text = asCrypto.chaCha20Poly1305Encrypt(plain, nonce, NOTHING, this.#key) as Uint8Array;
    const message = Buffer.allocUnsafe(LENGTH_BYTES + text.length);
    message.writeUInt16BE(text.length);
    message.set(text, LENGTH_BYTES);
    return [message];
  }
}

function lengthOf(plainLength: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES);
  bytes.writeUInt16BE(plainLength + TAG_LENGTH);
  return bytes;
}

/** Hands out a list of parts in pieces of at most a given length. */
class Cursor {
  readonly #parts: readonly Uint8Array[];
  #at = 0;
  #offset = 0;

  constructor(parts: readonly Uint8Array[]) {
    this.#parts = parts;
  }

  take(most: number): Uint8Array {
    const part = this.#parts[this.#at]!;
    const end = Math.min(part.length, this.#offset + most);
    const piece =
      this.#offset === 0 && end === part.length ? part : part.subarray(this.#offset, end);
    this.#offset = end;
    if (end === part.length) {
      this.#at++;
      this.#offset = 0;
    }
    return piece;
  }
}

/** Buffers in order, small neighbours joined. */
class Joined {
  readonly #whole: Uint8Array[] = [];
  #small: Uint8Array[] = [];

  add(bytes: Uint8Array): void {
    if (bytes.length < JOIN_BELOW) this.#small.push(bytes);
    else {
      this.#join();
      this.#whole.push(bytes);
    }
  }

  end(): Uint8Array[] {
    this.#join();
    return this.#whole;
  }

  #join(): void {
    if (this.#small.length === 0) return;
    this.#whole.push(this.#small.length === 1 ? this.#small[0]! : Buffer.concat(this.#small));
    this.#small = [];
  }
}
