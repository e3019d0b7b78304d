// A token is a JWT (RFC 7519) that says what its bearer may do. Claims:
//   aud    "hubswarm", so that no token made for another service with the same key passes
//   scope  "read write delete" or fewer, space-separated (RFC 8693 section 4.2)
//   paths  prefixes below /files/, names joined by '/', not escaped; absent: everything
//   sub, jti, exp, nbf, iat  as the RFC has them; without exp it never expires
// This file checks signature, times and shape. token-gate.ts holds the keys, revoked-tokens.ts the
// revoked ids.
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { type Rights, SCOPES, type Scope } from './rights.ts';
import type { TokenKey } from './token-key.ts';
import { TokenRefusal } from './token-refusal.ts';

const AUDIENCE = 'hubswarm';
/** Most difference between the clocks of two machines, in seconds. Chosen. */
const CLOCK_TOLERANCE_S = 5;

export interface TokenClaims {
  readonly scopes: readonly Scope[];
  readonly paths?: readonly (readonly string[])[] | undefined;
  readonly subject?: string | undefined;
  readonly id: string;
  readonly issuedAtMs: number;
  /** Milliseconds since the epoch; absent if the token never expires. */
  readonly expiresAtMs?: number | undefined;
}

/** Rights, with the times and the name of their token. */
export interface VerifiedToken extends Rights {
  readonly id?: string | undefined;
  /** Name of the token: the same whatever header brought it. */
  readonly name: string;
  readonly expiresAtMs: number;
}

/** @param key one that can sign */
export function signToken(key: TokenKey, claims: TokenClaims): Promise<string> {
  const { scopes, paths, subject, id, issuedAtMs, expiresAtMs } = claims;
  const payload: JWTPayload = {
    aud: AUDIENCE,
    scope: scopes.join(' '),
    ...(paths && { paths: paths.map((segments) => segments.join('/')) }),
    ...(subject !== undefined && { sub: subject }),
    jti: id,
    iat: Math.floor(issuedAtMs / 1000),
    ...(expiresAtMs !== undefined && { exp: Math.floor(expiresAtMs / 1000) }),
  };
  const header = { alg: key.algorithm, typ: 'JWT' };
  return new SignJWT(payload).setProtectedHeader(header).sign(key.signing!);
}

/** @throws TokenRefusal ERR_TOKEN_KEY when another key may have signed it, ERR_TOKEN_INVALID */
export async function verifyToken(
  key: TokenKey,
  token: string,
  nowMs: number,
): Promise<VerifiedToken> {
  try {
    const { payload } = await jwtVerify(token, key.verifying, {
      algorithms: [key.algorithm],
      audience: AUDIENCE,
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(nowMs),
    });
    return readClaims(payload, token);
  } catch (error) {
    throw reasonOf(error);
  }
}

function readClaims({ scope, paths, sub, jti, exp }: JWTPayload, token: string): VerifiedToken {
  if (typeof scope !== 'string') throw TokenRefusal.invalid('the token has no scope');
  const words = scope.split(' ');
  return {
    // Scopes of other services may stand beside ours.
    scopes: new Set(SCOPES.filter((known) => words.includes(known))),
    paths: readPaths(paths),
    subject: sub,
    holder: sub ?? jti ?? token,
    id: jti,
    name: jti ?? token,
    expiresAtMs: exp === undefined ? Number.POSITIVE_INFINITY : exp * 1000,
  };
}

/** A claim that is not understood must not widen what the token allows. */
function readPaths(claim: unknown): readonly (readonly string[])[] {
  if (claim === undefined) return [[]];
  if (!Array.isArray(claim)) throw TokenRefusal.invalid('the claim paths is not a list');
  return claim.map((path: unknown) => {
    if (typeof path !== 'string') throw TokenRefusal.invalid('the claim paths holds no path');
    const segments = path.split('/').filter((name) => name !== '');
    if (segments.some((name) => name === '.' || name === '..')) {
      throw TokenRefusal.invalid('the claim paths holds a name that is . or ..');
    }
    return segments;
  });
}

function reasonOf(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return TokenRefusal.invalid('the token has expired');
  if (error instanceof errors.JWTClaimValidationFailed) {
    return TokenRefusal.invalid(
      error.claim === 'nbf'
        ? 'the token is not valid yet'
        : `the claim ${error.claim} does not fit`,
    );
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return TokenRefusal.ofAnotherKey('the token is signed in a way that is not taken here');
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return TokenRefusal.ofAnotherKey('the token is not signed by a key of this server');
  }
  return error instanceof errors.JOSEError ? TokenRefusal.invalid('the token is malformed') : error;
}
