// Reads the token from an Authorization header: from Bearer (RFC 6750 section 2.1), or as the
// password of Basic (RFC 7617; curl -u x:TOKEN, a browser's dialog). A token in the query (section
// 2.3) is not read: logs, histories and Referer keep URLs.
import { TokenRefusal } from '../../hub/access/token-refusal.ts';

/** Longest header that is decoded. Chosen: a token with twenty long paths. */
const MAX_HEADER_LENGTH = 4096;

/** @throws TokenRefusal */
export function tokenOf(authorization: string): string {
  if (authorization.length > MAX_HEADER_LENGTH) throw TokenRefusal.invalid('the token is too long');
  const [, scheme = '', rest = ''] =
    /^([A-Za-z]+) +([A-Za-z0-9._~+/=-]+) *$/.exec(authorization) ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return rest;
    case 'basic':
      return passwordOf(rest);
    default:
      throw malformed();
  }
}

function passwordOf(encoded: string): string {
  const pair = Buffer.from(encoded, 'base64').toString();
  const colon = pair.indexOf(':');
  if (colon === -1) throw malformed();
  return pair.slice(colon + 1);
}

function malformed(): TokenRefusal {
  return TokenRefusal.invalid('give Bearer TOKEN, or Basic with the token as password');
}
