// Which content codings a request takes (RFC 9110 section 12.5.3). Pure. Without the header the
// server may choose, and sends the plain file: a client that can decode says so. Malformed parts
// are ignored.

export const CODINGS = ['br', 'gzip'] as const;
export type Coding = (typeof CODINGS)[number];

/**
 * The accepted codings that the client prefers to plain bytes, or likes as much; the best first.
 */
export function acceptedCodings(header: string | undefined): readonly Coding[] {
  if (header === undefined) return [];
  const weights = parseWeights(header);
  const weightOf = (coding: string): number => weights.get(coding) ?? weights.get('*') ?? 0;
  // If identity is not named, it is acceptable, and liked less than every named coding.
  const identity = weights.get('identity') ?? 0;
  return CODINGS.filter((coding) => weightOf(coding) > 0 && weightOf(coding) >= identity).sort(
    (a, b) => weightOf(b) - weightOf(a),
  );
}

const ELEMENT = /^([!#$%&'*+.^_`|~\w-]+)[ \t]*(?:;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i;

function parseWeights(header: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const element of header.split(',')) {
    const found = ELEMENT.exec(element.trim());
    if (!found) continue;
    // Section 8.4.1.3: x-gzip is gzip.
    const coding = found[1]!.toLowerCase().replace(/^x-gzip$/, 'gzip');
    weights.set(coding, Number(found[2] ?? 1));
  }
  return weights;
}
