// The tokens of a running server. A token is verified once, then remembered by the whole credential
// that bore it: a request with a known token costs one look into a map, a signature some 200 us.
// Expiry and revocation are checked at each request. The map compares hashes of strings before the
// strings: the time of a look tells nothing of a token.

import { hasCode } from '../../runtime/errors.ts';
import { forgetOldest } from '../../runtime/forget-oldest.ts';
import { Gate } from '../../runtime/gate.ts';
import type { Emit } from '../../telemetry/event.ts';
import { RevokedTokens } from './revoked-tokens.ts';
import { type VerifiedToken, verifyToken } from './token.ts';
import { readTokenKey, type TokenKey } from './token-key.ts';
import { TokenRefusal } from './token-refusal.ts';

/**
 * Most signatures verified at once. Files are read in the same four threads, and forged tokens must
 * not take them all.
 */
const SIGNATURES_AT_ONCE = 2;
/** Most remembered tokens. Chosen: some 10 MB. A forgotten token is verified again. */
const MAX_KNOWN = 10_000;

export class TokenGate {
  readonly #files: readonly string[];
  readonly #revoked: RevokedTokens | undefined;
  readonly #emit: Emit;
  readonly #signatures = new Gate(SIGNATURES_AT_ONCE);
  #keys: readonly TokenKey[] = [];
  #known = new Map<string, VerifiedToken>();

  private constructor(files: readonly string[], revoked: RevokedTokens | undefined, emit: Emit) {
    this.#files = files;
    this.#revoked = revoked;
    this.#emit = emit;
  }

  /** @throws HubswarmError if a file cannot be read */
  static async open(
    keyFiles: readonly string[],
    revokedFile: string | undefined,
    emit: Emit,
  ): Promise<TokenGate> {
    const revoked =
      revokedFile === undefined ? undefined : await RevokedTokens.open(revokedFile, emit);
    const gate = new TokenGate(keyFiles, revoked, emit);
    await gate.reload();
    return gate;
  }

  /** Reads the keys again and forgets the tokens. @throws HubswarmError; then the old keys stay */
  async reload(): Promise<void> {
    const keys = await Promise.all(this.#files.map(readTokenKey));
    for (const [i, { exposed }] of keys.entries()) {
      if (!exposed) continue;
      const message = `${this.#files[i]}: others may read this key and make tokens; chmod 600 it`;
      this.#emit({ event: 'warned', message });
    }
    this.#keys = keys;
    this.#known = new Map();
  }

  close(): void {
    this.#revoked?.close();
  }

  /** The token of a credential that was verified before; undefined if it must be verified. */
  known(credential: string): VerifiedToken | undefined {
    const token = this.#known.get(credential);
    if (!token) return undefined;
    if (Date.now() < token.expiresAtMs && !this.#isRevoked(token)) return token;
    this.#known.delete(credential);
    return undefined;
  }

  /** @throws TokenRefusal */
  async verify(credential: string, text: string): Promise<VerifiedToken> {
    const known = this.#known;
    const token = await this.#signatures.run(() => this.#tryKeys(text));
    if (this.#isRevoked(token)) throw TokenRefusal.invalid('the token was revoked');
    // Requests with one token share one Rights object, however many come at once.
    const first = known.get(credential);
    if (first) return first;
    // Writes to the map of the keys that verified it: the keys may have changed meanwhile.
    known.set(credential, token);
    forgetOldest(known, MAX_KNOWN);
    return token;
  }

  /** Verifies by the first key that fits. If none does, throws the most telling reason. */
  async #tryKeys(token: string): Promise<VerifiedToken> {
    let reason: unknown;
    for (const key of this.#keys) {
      try {
        return await verifyToken(key, token, Date.now());
      } catch (error) {
        // An expired token says more than a token of another key.
        if (reason === undefined || !hasCode(error, 'ERR_TOKEN_KEY')) reason = error;
      }
    }
    throw reason;
  }

  #isRevoked({ id }: VerifiedToken): boolean {
    return id !== undefined && this.#revoked?.has(id) === true;
  }
}
