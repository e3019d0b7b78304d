// What a connection of a private swarm is encrypted with below Noise: a key stream for each direction,
// which both ends apply to every byte in order. Noise proves who the remote is; this makes sure that
// nobody without the swarm's key sees even that.
import type { MessageStream } from '@libp2p/interface';

/** A stream cipher as `xsalsa20` has it. */
export interface Cipher {
  update(input: Uint8Array, output: Uint8Array): Uint8Array;
  /** Gives its memory back; nothing else may be called afterwards. */
  finalize(): void;
}

/**
 * All ciphers of `xsalsa20` share a memory of 640 KiB: one that takes more at once makes it grow, and
 * from then on each makes it grow for all others.
 */
const MOST_AT_ONCE = 64 * 1024;

export class KeyStream {
  readonly #cipher: Cipher;
  #hasEnded = false;

  constructor(cipher: Cipher) {
    this.#cipher = cipher;
  }

  /** Encrypts or decrypts in place. After end() the bytes are zero, so that none leaves readable. */
  apply(bytes: Uint8Array): void {
    if (this.#hasEnded) {
      bytes.fill(0);
      return;
    }
    for (let at = 0; at < bytes.length; at += MOST_AT_ONCE) {
      const part = bytes.subarray(at, at + MOST_AT_ONCE);
      this.#cipher.update(part, part);
    }
  }

  /** As apply, into memory of its own: what pnet itself calls. */
  update(bytes: Uint8Array): Uint8Array {
    const copy = Uint8Array.from(bytes);
    this.apply(copy);
    return copy;
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#cipher.finalize();
  }
}

export interface Protection {
  /** The connection below, whose bytes are encrypted. */
  readonly connection: MessageStream;
  readonly incoming: KeyStream;
  readonly outgoing: KeyStream;
}

const protections = new WeakMap<MessageStream, Protection>();

/** What lies below a protected connection; undefined for all others. */
export const protectionOf = (connection: MessageStream): Protection | undefined =>
  protections.get(connection);

export function noteProtection(connection: MessageStream, protection: Protection): void {
  protections.set(connection, protection);
}
