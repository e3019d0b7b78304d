// WWW-Authenticate of a refusal that a token would lift, as RFC 6750 section 3 words it. Basic is
// offered beside Bearer, so that a browser asks for the token as a password. Pure.
import type { TokenRefusal } from '../../hub/access/token-refusal.ts';

const REALM = 'realm="hubswarm"';
/** One header each: browsers read only the first challenge of a line. */
const challenges = (bearer: string): readonly string[] => [
  `Bearer ${REALM}${bearer}`,
  `Basic ${REALM}, charset="UTF-8"`,
];

/** Values of WWW-Authenticate. */
export function challengesFor({ code, message, scope }: TokenRefusal): readonly string[] {
  switch (code) {
    case 'ERR_TOKEN_MISSING':
      // Without an error code, as section 3.1 asks.
      return challenges('');
    case 'ERR_SCOPE':
      return [`Bearer ${REALM}, error="insufficient_scope", scope="${scope}"`];
    default:
      return challenges(`, error="invalid_token", error_description="${message}"`);
  }
}
