// SPAKE2 (RFC 9382), suite P256-SHA256-HKDF-HMAC: two who know the same password agree on a key, and
// each learns whether the other knew it. Who does not know it learns nothing beyond whether one guess
// was right: neither end sends anything that a guess could be checked against later.
import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';

const { Point } = p256;
const { Fn } = Point;
type Point = typeof Point.BASE;

/** Length of an uncompressed point, in bytes. */
export const SHARE_LENGTH = 65;
/** Length of a confirmation, in bytes. */
export const CONFIRMATION_LENGTH = 32;

/** The points that blind the shares of the two (RFC 9382, section 4). */
const BLINDS = {
  a: Point.fromHex('02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f'),
  b: Point.fromHex('03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49'),
};

/** The one that speaks first is a. */
export type Side = keyof typeof BLINDS;

export interface Spake2Init {
  readonly side: Side;
  /** What both identify themselves by: the key is bound to it. */
  readonly identities: Readonly<Record<Side, Uint8Array>>;
  /** The password, stretched by the caller: at least 40 bytes. */
  readonly password: Uint8Array;
  /** The secret scalar of this side. Only tests give one. */
  readonly secret?: bigint;
}

/** What follows from both shares. */
export interface Agreement {
  /** 16 bytes that both know. */
  readonly key: Uint8Array;
  /** To be sent: proves that this side knew the password. */
  readonly confirmation: Uint8Array;
  /** Whether what the other side sent proves that it knew it. */
  confirms(confirmation: Uint8Array): boolean;
}

export class Spake2 {
  /** To be sent, in SHARE_LENGTH bytes. */
  readonly share: Uint8Array;
  readonly #init: Spake2Init;
  readonly #password: bigint;
  readonly #secret: bigint;

  constructor(init: Spake2Init) {
    this.#init = init;
    this.#password = scalarOf(init.password);
    this.#secret = init.secret ?? scalarOf(p256.utils.randomSecretKey());
    const blind = BLINDS[init.side].multiply(this.#password);
    this.share = Point.BASE.multiply(this.#secret).add(blind).toBytes(false);
  }

  /** @returns undefined if the other's share is no point of the curve, or gives none. */
  agree(share: Uint8Array): Agreement | undefined {
    const other: Side = this.#init.side === 'a' ? 'b' : 'a';
    const point = pointOf(share)?.subtract(BLINDS[other].multiply(this.#password));
    if (!point || point.is0()) return undefined;
    const shares = { [this.#init.side]: this.share, [other]: share } as Record<Side, Uint8Array>;
    const { identities } = this.#init;
    const transcript = Buffer.concat(
      [
        identities.a,
        identities.b,
        shares.a,
        shares.b,
        point.multiply(this.#secret).toBytes(false),
        Fn.toBytes(this.#password),
      ].flatMap((part) => [lengthOf(part), part]),
    );
    return agreementOn(transcript, this.#init.side);
  }
}

function agreementOn(transcript: Uint8Array, side: Side): Agreement {
  const hash = createHash('sha256').update(transcript).digest();
  const keys = Buffer.from(hkdfSync('sha256', hash.subarray(16), '', 'ConfirmationKeys', 32));
  const macBy = (key: Uint8Array): Buffer => createHmac('sha256', key).update(transcript).digest();
  const confirmations = { a: macBy(keys.subarray(0, 16)), b: macBy(keys.subarray(16)) };
  const expected = confirmations[side === 'a' ? 'b' : 'a'];
  return {
    key: hash.subarray(0, 16),
    confirmation: confirmations[side],
    confirms: (given) => given.length === expected.length && timingSafeEqual(given, expected),
  };
}

/** A scalar that is not zero; even over all of them, if the bytes are 40 or more. */
const scalarOf = (bytes: Uint8Array): bigint =>
  Fn.create(BigInt(`0x${Buffer.from(bytes).toString('hex')}`)) || 1n;

function pointOf(bytes: Uint8Array): Point | undefined {
  if (bytes.length !== SHARE_LENGTH) return undefined;
  try {
    return Point.fromBytes(bytes);
  } catch {
    return undefined;
  }
}

/** Length in 8 bytes, the least significant first. */
function lengthOf({ length }: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(length));
  return bytes;
}
