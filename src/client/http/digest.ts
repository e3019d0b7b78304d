// The sha-256 that a server names for a whole file: Repr-Digest (RFC 9530 section 3),
// or the Digest that it replaces (RFC 3230). Nothing is ever asked for in an encoding,
// so that the representation is the file itself.

/** Asks a server that has digests for one (RFC 9530 section 4). */
export const WANT_DIGEST = { 'want-repr-digest': 'sha-256=10' } as const;

const STRUCTURED = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/;
const LEGACY = /(?:^|,)\s*sha-256=([A-Za-z0-9+/]{43}=)\s*(?:,|$)/i;

/** In base64; undefined when none is named. */
export function reprDigest(headers: ReadonlyMap<string, string>): string | undefined {
  return (
    STRUCTURED.exec(headers.get('repr-digest') ?? '')?.[1] ??
    LEGACY.exec(headers.get('digest') ?? '')?.[1]
  );
}
