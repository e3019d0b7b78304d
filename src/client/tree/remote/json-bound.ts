// Whether JSON of a listing's length may be parsed. A byte of it can become an object of fifty, so the
// number and depth of its values count, before memory is taken for them.

/** Deepest value. Chosen: a listing is three deep, and hubs to come may add to its entries. */
const MAX_DEPTH = 16;
/** Most objects and arrays. Chosen: more entries than fit into a page of a listing. */
const MAX_OPENINGS = 300_000;
/** Most members of objects. Chosen: ten for each of them. */
const MAX_MEMBERS = 3_000_000;

const [QUOTE, ESCAPE, COLON] = [0x22, 0x5c, 0x3a];
const OPENINGS = [0x7b, 0x5b];
const ENDINGS = [0x7d, 0x5d];

/** Takes linear time, and no memory. What is no JSON may pass: the parser will say so. */
export function isBounded(json: Uint8Array): boolean {
  let [depth, openings, members] = [0, 0, 0];
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]!;
    if (byte === QUOTE) at = endOfString(json, at + 1);
    else if (byte === COLON) members += 1;
    else if (OPENINGS.includes(byte)) {
      depth += 1;
      openings += 1;
    } else if (ENDINGS.includes(byte)) depth -= 1;
    if (depth > MAX_DEPTH || openings > MAX_OPENINGS || members > MAX_MEMBERS) return false;
  }
  return true;
}

function endOfString(json: Uint8Array, from: number): number {
  let at = from;
  while (at < json.length && json[at] !== QUOTE) at += json[at] === ESCAPE ? 2 : 1;
  return at;
}
