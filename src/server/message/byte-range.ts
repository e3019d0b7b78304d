// Parses a Range header (RFC 9110 section 14). Pure. A header that is malformed or in another unit
// is ignored, as the RFC says. So is one with many ranges, which only makes a server work (sections
// 14.2 and 17.15). Several ranges come back sorted; they are joined where a part's own header would
// cost more than the gap (section 15.3.7.2).

export interface ByteRange {
  readonly first: number;
  /** Length in bytes, at least 1. */
  readonly length: number;
}

export type RangeAnswer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'unsatisfiable' }
  /** One or more ranges, ascending and apart from one another. */
  | { readonly kind: 'ranges'; readonly ranges: readonly ByteRange[] };

/** Chosen: players and resuming clients ask for one to five. */
const MAX_RANGES = 16;
/** Bytes of a part's delimiter and fields, as RFC 9110 section 15.3.7.2 reckons. */
const JOIN_GAP_BYTES = 80;

const WHOLE: RangeAnswer = { kind: 'whole' };

/** @param size of the representation, in bytes. */
export function parseRange(header: string | undefined, size: number): RangeAnswer {
  const set = /^bytes=(.*)$/i.exec(header ?? '')?.[1];
  if (set === undefined) return WHOLE;
  // A list may have empty elements (section 5.6.1.2).
  const specs = set
    .split(',')
    .map((spec) => spec.trim())
    .filter((spec) => spec !== '');
  if (specs.length === 0 || specs.length > MAX_RANGES) return WHOLE;
  const ranges: ByteRange[] = [];
  for (const spec of specs) {
    const range = parseSpec(spec, size);
    if (range === 'malformed') return WHOLE;
    if (range !== 'unsatisfiable') ranges.push(range);
  }
  if (ranges.length === 0) return { kind: 'unsatisfiable' };
  // Of an empty file a suffix can be satisfied, but no Content-Range can say so.
  if (size === 0) return WHOLE;
  return { kind: 'ranges', ranges: join(ranges) };
}

function parseSpec(spec: string, size: number): ByteRange | 'malformed' | 'unsatisfiable' {
  const match = /^(\d*)-(\d*)$/.exec(spec);
  if (!match || spec === '-') return 'malformed';
  const [, from, to] = match;
  if (from === '') {
    const length = Math.min(Number(to), size);
    return Number(to) === 0 ? 'unsatisfiable' : { first: size - length, length };
  }
  const first = Number(from);
  if (to !== '' && Number(to) < first) return 'malformed';
  if (first >= size) return 'unsatisfiable';
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  return { first, length: last - first + 1 };
}

function join(ranges: readonly ByteRange[]): ByteRange[] {
  const joined: ByteRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = joined.at(-1);
    const end = before ? before.first + before.length : 0;
    if (before && range.first - end < JOIN_GAP_BYTES) {
      const length = Math.max(end, range.first + range.length) - before.first;
      joined[joined.length - 1] = { first: before.first, length };
    } else joined.push(range);
  }
  return joined;
}
