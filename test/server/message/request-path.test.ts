import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filesUrl } from '../../../src/api/files-url.ts';
import { parseRequestPath, targetPath } from '../../../src/server/message/request-path.ts';
import { toHttp } from '../../../src/server/message/to-http.ts';

const statusOf = (rest: string): number => {
  try {
    parseRequestPath(rest);
    return 200;
  } catch (error) {
    const failure = toHttp(error);
    if (failure) return failure.status;
    throw error;
  }
};

describe('parseRequestPath', () => {
  it.each([
    ['', [], true],
    ['a', ['a'], false],
    ['a/', ['a'], true],
    ['a/b%20c', ['a', 'b c'], false],
    ['%E2%82%AC', ['\u20ac'], false],
    // Decoded once, not until nothing changes.
    ['%252e%252e', ['%2e%2e'], false],
    ['a..b', ['a..b'], false],
    ['~', ['~'], false],
  ])('%s', (rest, segments, trailingSlash) => {
    expect(parseRequestPath(rest)).toEqual({ segments, trailingSlash });
  });

  it.each([
    ['..', 400],
    ['../x', 400],
    ['a/../x', 400],
    ['./x', 400],
    ['%2e%2e/x', 400],
    ['%2E./x', 400],
    ['..%2fx', 400],
    ['a%2Fb', 400],
    ['..%5cx', 400],
    ['a\\b', 400],
    ['%00', 400],
    ['a//b', 400],
    ['/a', 400],
    ['/', 400],
    ['%', 400],
    ['%zz', 400],
    ['%ff', 400],
    // An overlong encoding of '/', and a surrogate.
    ['%c0%af', 400],
    ['%ed%a0%80', 400],
    ['.hidden', 404],
    ['%2ehidden', 404],
    ['a/.git/config', 404],
    ['..../x', 404],
    ['a'.repeat(256), 414],
    ['\u20ac'.repeat(100), 414],
    ['a/'.repeat(3000), 414],
    ['%61'.repeat(5000), 414],
  ])('refuses %s', (rest, status) => {
    expect(statusOf(rest)).toBe(status);
  });

  it('gives names that stay below the root, or refuses, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('.', '/', '%', '2', 'e', 'f', '5', 'c', '0', '\\', 'a'),
        }),
        (rest) => {
          if (statusOf(rest) !== 200) return;
          for (const name of parseRequestPath(rest).segments) {
            expect(name).not.toMatch(/^\.|[/\\\0]|^$/);
          }
        },
      ),
    );
  });

  it('reads back what filesUrl wrote', () => {
    const name = fc
      .string({ minLength: 1, maxLength: 40, unit: 'grapheme' })
      .filter((text) => !/^\.|[/\\\0]/.test(text) && Buffer.byteLength(text) < 256);
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (segments) => {
        const rest = filesUrl(segments).slice('/files/'.length);
        expect(parseRequestPath(rest)).toEqual({ segments, trailingSlash: false });
      }),
    );
  });
});

describe('targetPath', () => {
  it.each([
    ['/files/a?x=/b#c', '/files/a'],
    ['http://host:80/files/a?x', '/files/a'],
    ['http://host', '/'],
    ['*', '*'],
    ['//x', '//x'],
  ])('%s', (target, path) => {
    expect(targetPath(target)).toBe(path);
  });
});
