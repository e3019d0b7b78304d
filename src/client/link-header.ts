// Other places of the same file that a server names: `Link: <URL>; rel=duplicate`
// (RFC 6249 section 2, syntax of RFC 8288 section 3). Whether they really have it is
// for others to find out. Geography (geo) and descriptions (rel=describedby) are read
// over. What a remote names is a stranger's wish: their number is capped, no
// credentials go along, and https is not left.
import { parseLinkedUrl } from './url.ts';

/** Chosen: more mirrors than that gain nothing. */
const MAX_DUPLICATES = 16;
/** RFC 6249 section 3.1: as if it were last. */
const LAST = 999_999;

const VALUE =
  /\s*<([^<>]*)>((?:\s*;\s*[\w!#$%&'*+.^`|~-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s";,]*))?)*)\s*(?:,|$)/y;
const PARAMETER = /;\s*([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";,]*)))?/g;

/** In the order of the server's preference, without duplicates. */
export function parseDuplicates(header: string | undefined, base: URL): URL[] {
  const found: { url: URL; priority: number }[] = [];
  const text = header ?? '';
  VALUE.lastIndex = 0;
  // A part that makes no sense ends it: what follows cannot be told apart.
  for (let match = VALUE.exec(text); match && match[0] !== ''; match = VALUE.exec(text)) {
    const parameters = parseParameters(match[2]!);
    const url = parseLinkedUrl(match[1]!, base);
    const relations = (parameters.get('rel') ?? '').toLowerCase().split(/\s+/);
    if (url && relations.includes('duplicate')) {
      found.push({ url, priority: priorityOf(parameters.get('pri')) });
    }
    if (VALUE.lastIndex >= text.length) break;
  }
  found.sort((a, b) => a.priority - b.priority);
  const byHref = new Map<string, URL>();
  for (const { url } of found) if (!byHref.has(url.href)) byHref.set(url.href, url);
  return [...byHref.values()].slice(0, MAX_DUPLICATES);
}

function parseParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name, quoted, token] of text.matchAll(PARAMETER)) {
    const key = name!.toLowerCase();
    // RFC 8288 section 3.3: the first rel counts.
    if (!parameters.has(key)) {
      parameters.set(key, quoted?.replace(/\\(.)/g, '$1') ?? token ?? '');
    }
  }
  return parameters;
}

function priorityOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,6}$/.test(text) && Number(text) > 0 ? Number(text) : LAST;
}
