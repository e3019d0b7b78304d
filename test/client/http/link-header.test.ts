import fc from 'fast-check';
import { expect, it } from 'vitest';
import { reprDigest } from '../../../src/client/http/digest.ts';
import { parseDuplicates } from '../../../src/client/http/link-header.ts';

const BASE = new URL('https://a.example/files/x.bin');
const SUM = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

it.each([
  ['<https://b.example/x>; rel=duplicate', ['https://b.example/x']],
  ['<https://b.example/x>; rel="duplicate"', ['https://b.example/x']],
  ['</y>;rel=Duplicate ; pri=1', ['https://a.example/y']],
  [
    '<https://b.example/x>; rel=duplicate, <https://c.example/x>; rel=duplicate; pri=2; geo=de, <https://d.example/x>; rel=duplicate; pri=1',
    ['https://d.example/x', 'https://c.example/x', 'https://b.example/x'],
  ],
  [
    '<https://b.example/x>; rel=duplicate, <https://b.example/x>; rel=duplicate; pri=1',
    ['https://b.example/x'],
  ],
  ['<https://b.example/x>; title="a, b; rel=x"; rel="next duplicate"', ['https://b.example/x']],
  ['<https://b.example/x.meta4>; rel=describedby; type="application/metalink4+xml"', []],
  ['<https://b.example/x>; rel=next; rel=duplicate', []],
  ['<https://u:p@b.example/x>; rel=duplicate', ['https://b.example/x']],
  ['<http://b.example/x>; rel=duplicate', []],
  ['<ftp://b.example/x>; rel=duplicate', []],
  ['<file:///etc/passwd>; rel=duplicate', []],
  ['<https://b.example/x>; rel=duplicate; pri=0', ['https://b.example/x']],
  ['nonsense <https://b.example/x>; rel=duplicate', []],
  ['<https://b.example/x', []],
  [`<http://127.0.0.1:9/x>${';a= '.repeat(26)}"`, []],
  [`<https://b.example/x>; rel=duplicate; a="${'x'.repeat(16 * 1024)}"`, []],
  ['<https://b.example/x>;a= ;b;c = "\\"d" ; rel = duplicate', ['https://b.example/x']],
  ['', []],
  [undefined, []],
])('reads Link: %s', (header, expected) => {
  expect(parseDuplicates(header, BASE).map(({ href }) => href)).toEqual(expected);
});

it('takes sixteen at most', () => {
  const header = Array.from({ length: 50 }, (_, i) => `<https://m${i}.example/>; rel=duplicate`);
  expect(parseDuplicates(header.join(', '), BASE)).toHaveLength(16);
});

it('ends with any text, and soon', () => {
  const piece = fc.constantFrom('<', '>', ';', ',', '"', '\\', ' ', '=', 'rel', 'duplicate', 'x');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 400 }), (parts) => {
      for (const url of parseDuplicates(parts.join(''), BASE)) {
        expect(url.protocol).toBe('https:');
      }
    }),
  );
});

it.each([
  [{ 'repr-digest': `sha-256=:${SUM}:` }, SUM],
  [{ 'repr-digest': `sha-512=:AAAA:, sha-256=:${SUM}:` }, SUM],
  [{ digest: `SHA-256=${SUM}` }, SUM],
  [{ digest: `md5=abc, sha-256=${SUM}` }, SUM],
  [{ 'repr-digest': `sha-256=${SUM}` }, undefined],
  [{ 'repr-digest': 'sha-256=:short:' }, undefined],
  [{}, undefined],
])('reads the digest of %j', (headers, expected) => {
  expect(reprDigest(new Map(Object.entries(headers)))).toBe(expected);
});
