// Addresses as a hello and a peers message carry them: each with its length in front.

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder('utf-8', { fatal: true });

export function encodeAddresses(addresses: readonly string[]): Uint8Array {
  const encoded = addresses.map((address) => textEncoder.encode(address));
  const bytes = new Uint8Array(encoded.reduce((sum, text) => sum + 1 + text.length, 0));
  let at = 0;
  for (const text of encoded) {
    bytes[at] = text.length;
    bytes.set(text, at + 1);
    at += 1 + text.length;
  }
  return bytes;
}

/** Up to `most` addresses from `from` on; undefined when one is cut off or not text. */
export function decodeAddresses(
  body: Uint8Array,
  from: number,
  most: number,
): { addresses: string[]; end: number } | undefined {
  const addresses: string[] = [];
  let at = from;
  while (at < body.length && addresses.length < most) {
    const end = at + 1 + body[at]!;
    if (end > body.length) return undefined;
    try {
      addresses.push(textDecoder.decode(body.subarray(at + 1, end)));
    } catch {
      return undefined;
    }
    at = end;
  }
  return { addresses, end: at };
}
