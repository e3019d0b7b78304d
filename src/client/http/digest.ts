// The sha-256 that a server names for a whole file: Repr-Digest (RFC 9530 section 3), or the Digest
// that it replaces (RFC 3230). The client never asks for a content coding, so the representation is
// the file itself.

/** Header that asks a server for a digest (RFC 9530 section 4). */
export const WANT_DIGEST = { 'want-repr-digest': 'sha-256=10' } as const;

const STRUCTURED = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/;
const LEGACY = /(?:^|,)\s*sha-256=([A-Za-z0-9+/]{43}=)\s*(?:,|$)/i;

/** The sha-256 in base64; undefined if the server names none. */
export function reprDigest(headers: ReadonlyMap<string, string>): string | undefined {
  return (
    STRUCTURED.exec(headers.get('repr-digest') ?? '')?.[1] ??
    LEGACY.exec(headers.get('digest') ?? '')?.[1]
  );
}
