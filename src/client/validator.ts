// What pins down one version of a file on a plain HTTP server (RFC 9110 section
// 8.8). Only a strong validator may join bytes of two answers: a weak one allows
// splicing two versions.

/**
 * RFC 9110 section 8.8.2.2 takes a date for strong when the answer is a second
 * younger; RFC 7232 asked for a minute, which also covers coarse file times.
 */
const STRONG_DATE_MS = 60_000;

export function strongTag(headers: ReadonlyMap<string, string>): string | undefined {
  const tag = headers.get('etag');
  return tag !== undefined && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(tag) ? tag : undefined;
}

export function strongValidator(headers: ReadonlyMap<string, string>): string | undefined {
  const tag = strongTag(headers);
  if (tag !== undefined) return tag;
  const modified = headers.get('last-modified');
  const age = Date.parse(headers.get('date') ?? '') - Date.parse(modified ?? '');
  return modified !== undefined && age >= STRONG_DATE_MS ? modified : undefined;
}
