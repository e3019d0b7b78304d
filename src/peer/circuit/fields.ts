// Protobuf, as far as libp2p's protocols of relays need it: numbers and byte strings by their field
// numbers. What a remote sends is malformed as a whole or not at all; its length is capped before.
import { varint } from 'multiformats';

/** Kinds of values: the lowest three bits of a tag. */
const NUMBER = 0;
const BYTES = 2;

export type Field = readonly [number: number, value: number | Uint8Array | undefined];

/** Fields in this order; those without a value are left out. */
export function encodeFields(fields: readonly Field[]): Uint8Array {
  const parts = fields.flatMap(([number, value]) => {
    if (value === undefined) return [];
    if (typeof value === 'number') return [varintOf(number * 8 + NUMBER), varintOf(value)];
    return [varintOf(number * 8 + BYTES), varintOf(value.length), value];
  });
  return Buffer.concat(parts);
}

/** What a message holds. Of a field that may stand once, the last counts. */
export class Fields {
  readonly #numbers = new Map<number, number>();
  readonly #bytes = new Map<number, Uint8Array[]>();

  number(field: number): number | undefined {
    return this.#numbers.get(field);
  }

  bytes(field: number): Uint8Array | undefined {
    return this.#bytes.get(field)?.at(-1);
  }

  all(field: number): readonly Uint8Array[] {
    return this.#bytes.get(field) ?? [];
  }

  /** The message in a field; undefined if it is missing or malformed. */
  message(field: number): Fields | undefined {
    const bytes = this.bytes(field);
    return bytes && decodeFields(bytes);
  }

  note(field: number, value: number | Uint8Array): void {
    if (typeof value === 'number') this.#numbers.set(field, value);
    else this.#bytes.set(field, [...(this.#bytes.get(field) ?? []), value]);
  }
}

/** @returns undefined if it is malformed */
export function decodeFields(bytes: Uint8Array): Fields | undefined {
  const fields = new Fields();
  let at = 0;
  const next = (): number => {
    const [value, length] = varint.decode(bytes, at);
    at += length;
    return value;
  };
  try {
    while (at < bytes.length) {
      const tag = next();
      const value = next();
      const field = Math.floor(tag / 8);
      if (tag % 8 === NUMBER) fields.note(field, value);
      else if (tag % 8 !== BYTES || at + value > bytes.length) return undefined;
      else {
        fields.note(field, bytes.subarray(at, at + value));
        at += value;
      }
    }
    return fields;
  } catch {
    // A number that ends nowhere, or is longer than 53 bits.
    return undefined;
  }
}

const varintOf = (value: number): Uint8Array =>
  varint.encodeTo(value, new Uint8Array(varint.encodingLength(value)));
