// Other places of the same file that a server names: `Link: <URL>; rel=duplicate` (RFC 6249 section
// 2, syntax of RFC 8288 section 3). The caller finds out whether they really have it. Geography
// (geo) and descriptions (rel=describedby) are ignored. A remote's wish is not trusted: the number
// of places is capped, no credentials are sent there, and https does not change to http.
import { parseLinkedUrl } from './url.ts';

/** Chosen: more mirrors than that gain nothing. */
const MAX_DUPLICATES = 16;
/** The priority of a link without `pri` (RFC 6249 section 3.1: last). */
const LAST = 999_999;

/** The longest value: as long as a whole head. */
const MAX_CHARACTERS = 16 * 1024;

// Each pattern matches at one place and never looks at it twice, so a text costs as many steps as
// it has characters. One expression for a whole value took exponentially many.
const SPACE = /\s*/y;
const TARGET = /<([^<>]*)>/y;
const NAME = /;\s*([\w!#$%&'*+.^`|~-]+)/y;
const EQUALS = /=\s*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const TOKEN = /([^\s";,]*)/y;
const END = /,|$/y;

/** Returns the URLs in the order of the server's preference, each once. */
export function parseDuplicates(header: string | undefined, base: URL): URL[] {
  const found: { url: URL; priority: number }[] = [];
  if (header === undefined || header.length > MAX_CHARACTERS) return [];
  const reader = new Reader(header);
  // A malformed part ends the parsing: what follows cannot be told apart.
  while (!reader.isAtEnd) {
    const target = reader.take(TARGET);
    const parameters = target === undefined ? undefined : readParameters(reader);
    if (target === undefined || !parameters || reader.take(END) === undefined) break;
    const url = parseLinkedUrl(target, base);
    const relations = (parameters.get('rel') ?? '').toLowerCase().split(/\s+/);
    if (url && relations.includes('duplicate')) {
      found.push({ url, priority: priorityOf(parameters.get('pri')) });
    }
  }
  found.sort((a, b) => a.priority - b.priority);
  const byHref = new Map<string, URL>();
  for (const { url } of found) if (!byHref.has(url.href)) byHref.set(url.href, url);
  return [...byHref.values()].slice(0, MAX_DUPLICATES);
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /**
   * Returns what the pattern's group matches here, after white space; undefined if it does not
   * match.
   */
  take(pattern: RegExp): string | undefined {
    SPACE.lastIndex = this.#at;
    SPACE.exec(this.#text);
    const from = SPACE.lastIndex;
    pattern.lastIndex = from;
    const match = pattern.exec(this.#text);
    if (!match) return undefined;
    this.#at = from + match[0].length;
    return match[1] ?? '';
  }
}

/** Reads `;name=value` as often as it comes. */
function readParameters(reader: Reader): Map<string, string> {
  const parameters = new Map<string, string>();
  for (let name = reader.take(NAME); name !== undefined; name = reader.take(NAME)) {
    const key = name.toLowerCase();
    const value = reader.take(EQUALS) === undefined ? '' : readValue(reader);
    // RFC 8288 section 3.3: the first rel counts.
    if (!parameters.has(key)) parameters.set(key, value);
  }
  return parameters;
}

function readValue(reader: Reader): string {
  const quoted = reader.take(QUOTED);
  return quoted?.replace(/\\(.)/g, '$1') ?? reader.take(TOKEN) ?? '';
}

function priorityOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,6}$/.test(text) && Number(text) > 0 ? Number(text) : LAST;
}
