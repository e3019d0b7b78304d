// Digests that a client sends with an upload: Repr-Digest and Content-Digest (RFC 9530) and the
// older Digest (RFC 3230). An upload has no Content-Encoding here, so all three name the same
// bytes. Algorithms that are broken or unknown are ignored, as RFC 9530 section 2 asks; a known one
// must match.
import { createHash, type Hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { parseDictionary } from 'structured-headers';
import { HttpFailure } from '../message/http-failure.ts';

/** Node's name of each algorithm, and how many bytes it gives. */
const ALGORITHMS: Readonly<Record<string, readonly [string, number]>> = {
  'sha-256': ['sha256', 32],
  'sha-512': ['sha512', 64],
};

interface Expected {
  readonly field: string;
  readonly algorithm: string;
  readonly digest: Buffer;
}

export interface Verified {
  /** Repr-Digest for the answer, with the digests that were checked; undefined if none was. */
  readonly field: string | undefined;
  readonly sha256: Uint8Array | undefined;
}

export class UploadDigests {
  readonly #expected: readonly Expected[];
  readonly #hashes = new Map<string, Hash>();

  private constructor(expected: readonly Expected[]) {
    this.#expected = expected;
    for (const { algorithm } of expected) {
      this.#hashes.set(algorithm, createHash(ALGORITHMS[algorithm]![0]));
    }
  }

  /** @throws HttpFailure 400 */
  static of(headers: IncomingHttpHeaders): UploadDigests {
    const fields = ['Repr-Digest', 'Content-Digest'] as const;
    return new UploadDigests([
      ...fields.flatMap((field) => structured(field, headers[field.toLowerCase()])),
      ...legacy(headers.digest),
    ]);
  }

  /** Hashes that must get every byte. */
  get hashes(): readonly Hash[] {
    return [...this.#hashes.values()];
  }

  /**
   * Call once, after the last byte.
   *
   * @throws HttpFailure 422
   */
  check(): Verified {
    const found = new Map([...this.#hashes].map(([name, hash]) => [name, hash.digest()]));
    const wrong = this.#expected.find(
      ({ algorithm, digest }) => !found.get(algorithm)!.equals(digest),
    );
    if (wrong) {
      const what = `${wrong.field} (${wrong.algorithm})`;
      throw new HttpFailure(422, `the bytes that came do not match ${what}; nothing was stored`);
    }
    const members = [...found].map(([name, bytes]) => `${name}=:${bytes.toString('base64')}:`);
    return { field: members.join(', ') || undefined, sha256: found.get('sha-256') };
  }
}

function structured(field: string, value: string | string[] | undefined): Expected[] {
  if (value === undefined) return [];
  let members: ReturnType<typeof parseDictionary>;
  try {
    members = parseDictionary(String(value));
  } catch {
    throw malformed(field);
  }
  return [...members].flatMap(([algorithm, [item]]) => {
    if (!(item instanceof ArrayBuffer)) throw malformed(field);
    return expect(field, algorithm, Buffer.from(item));
  });
}

/** `SHA-256=<base64>`, several with commas between. */
function legacy(value: string | string[] | undefined): Expected[] {
  if (value === undefined) return [];
  return String(value)
    .split(',')
    .flatMap((member) => {
      const match = /^\s*([\w-]+)=([A-Za-z0-9+/]+=*)\s*$/.exec(member);
      if (!match) throw malformed('Digest');
      return expect('Digest', match[1]!.toLowerCase(), Buffer.from(match[2]!, 'base64'));
    });
}

function expect(field: string, algorithm: string, digest: Buffer): Expected[] {
  const known = ALGORITHMS[algorithm];
  if (!known) return [];
  if (digest.length !== known[1]) throw malformed(field);
  return [{ field, algorithm, digest }];
}

function malformed(field: string): HttpFailure {
  return new HttpFailure(
    400,
    `${field}: malformed; give an algorithm and its digest (as in sha-256=:BASE64:)`,
  );
}
