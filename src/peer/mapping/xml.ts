// Reads what is needed of the XML of UPnP devices, in one pass each: no entities, no namespaces, no
// nesting that could be deep. What is no XML has none of it.

/** The texts between `<name>` and `</name>`, in order; prefixes of names count for nothing. */
export function textsOf(xml: string, name: string, most: number): string[] {
  const found: string[] = [];
  let at = 0;
  while (found.length < most) {
    const start = indexOfTag(xml, name, at);
    if (start < 0) break;
    const begin = xml.indexOf('>', start) + 1;
    const end = begin === 0 ? -1 : xml.indexOf('</', begin);
    if (end < 0) break;
    const inner = name === 'service' ? endOf(xml, name, begin) : end;
    if (inner < 0) break;
    found.push(xml.slice(begin, inner).trim());
    at = inner + 2;
  }
  return found;
}

/** Longest prefix of a name, with what opens the tag. Chosen. */
const MOST_PREFIX = 32;

/** Where the name of the next such tag begins, with or without a prefix. */
function indexOfTag(xml: string, name: string, from: number): number {
  for (let at = xml.indexOf(name, from); at >= 0; at = xml.indexOf(name, at + name.length)) {
    const head = xml.slice(Math.max(from, at - MOST_PREFIX), at);
    const isName = /<(\w+:)?$/.test(head);
    if (isName && /^[\s>]/.test(xml.slice(at + name.length, at + name.length + 1))) return at;
  }
  return -1;
}

const endOf = (xml: string, name: string, from: number): number => xml.indexOf(`</${name}>`, from);
