// The digest of a representation (RFC 9530): header fields, and which requests ask for one. Pure.
// Only sha-256: clients know it, and a file's hash tree has it anyway. The older pair (RFC 3230:
// Want-Digest, Digest) is supported too, since aria2 knows no other.
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { parseDictionary } from 'structured-headers';

/** `Repr-Digest` and `Digest` of the whole; no fields if the digest is unknown. */
export function digestHeaders(sha256: Uint8Array | undefined): OutgoingHttpHeaders {
  if (sha256 === undefined) return {};
  const base64 = Buffer.from(sha256).toString('base64');
  return { 'Repr-Digest': `sha-256=:${base64}:`, Digest: `SHA-256=${base64}` };
}

/** Whether this request asks for a digest. */
export function wantsDigest(headers: IncomingHttpHeaders): boolean {
  return (
    weightInDictionary(headers['want-repr-digest']) > 0 || weightInList(headers['want-digest']) > 0
  );
}

/** RFC 9530 section 4: weights from 0 (not acceptable) to 10; a malformed field is ignored. */
function weightInDictionary(field: string | string[] | undefined): number {
  if (field === undefined) return 0;
  let weight: unknown;
  try {
    weight = parseDictionary(String(field)).get('sha-256')?.[0];
  } catch {
    return 0;
  }
  return typeof weight === 'number' ? weight : 0;
}

/** RFC 3230 section 4.3.1. */
function weightInList(field: string | string[] | undefined): number {
  for (const member of String(field ?? '').split(',')) {
    const [algorithm, weight] = member.split(';', 2).map((part) => part.trim());
    if (algorithm?.toLowerCase() !== 'sha-256') continue;
    const q = weight === undefined ? '1' : /^q=([\d.]+)$/i.exec(weight)?.[1];
    return Number(q ?? 0);
  }
  return 0;
}
