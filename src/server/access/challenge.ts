// The refusals of who is unknown (401) and of who may not (403), as RFC 6750
// section 3 words them. Basic is offered beside Bearer, so that a browser asks for
// the token as a password.

import type { Scope } from '../message/grant.ts';
import { HttpFailure } from '../message/http-failure.ts';

const REALM = 'realm="hubswarm"';
/** One header each: browsers read only the first challenge of a line. */
const challenges = (bearer: string): readonly string[] => [
  `Bearer ${REALM}${bearer}`,
  `Basic ${REALM}, charset="UTF-8"`,
];

/** No token came, and one is needed. Without an error code, as section 3.1 asks. */
export function tokenMissing(scope: Scope): HttpFailure {
  return new HttpFailure(
    401,
    `a token with the scope '${scope}' is needed: send 'Authorization: Bearer TOKEN', or the token as password`,
    { 'WWW-Authenticate': challenges('') },
  );
}

/** @param reason no quotes and no backslash: it stands in a quoted string. */
export function tokenInvalid(reason: string): HttpFailure {
  return new HttpFailure(401, reason, {
    'WWW-Authenticate': challenges(`, error="invalid_token", error_description="${reason}"`),
  });
}

export function scopeInsufficient(scope: Scope): HttpFailure {
  return new HttpFailure(403, `the token does not allow to ${scope} here`, {
    'WWW-Authenticate': [`Bearer ${REALM}, error="insufficient_scope", scope="${scope}"`],
  });
}
