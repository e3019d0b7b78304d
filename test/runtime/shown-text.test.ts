import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { showJson, showText } from '../../src/runtime/shown-text.ts';

describe('showText', () => {
  it.each([
    ['a\u202egpj.exe', 'a?gpj.exe'],
    ['\u2066a\u2069\u2067b\u2068', '?a??b?'],
    ['\u202aa\u202b\u202c\u202d', '?a???'],
    ['\u200ea\u200fb\u061cc', '?a?b?c'],
    ['\u001b[31mred\u001b[0m', '?[31mred?[0m'],
    ['\u009b31m\u0085\u007f', '?31m??'],
    ['a\r\nb\tc\0', 'a??b?c?'],
    ['a\u2028b\u2029c', 'a?b?c'],
    ['a\u200bb\u200cc\u200dd\u2060e\ufefff', 'a?b?c?d?e?f'],
    ['a\u00adb\u034fc\u180ed', 'a?b?c?d'],
    ['\u3164\uffa0\u115f\u2800', '????'],
    ['a\ufe0fb\u{e0100}', 'a?b?'],
    ['x\u{e0041}\u{e007f}', 'x??'],
    ['\ud800a\udc00', '?a?'],
    ['\u200d\u{1f468}', '?\u{1f468}'],
    ['\u{1f468}\u200d', '\u{1f468}?'],
    ['\u{1f468}\u200dx', '\u{1f468}?x'],
  ])('replaces what is not seen: %j', (text, shown) => {
    expect(showText(text)).toBe(shown);
    expect(showText(text, '_')).toBe(shown.replaceAll('?', '_'));
  });

  it.each([
    'plain name (1).tar.gz',
    'é e\u0301 日本語 العربية עברית',
    '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}',
    '\u{1f469}\u{1f3fd}\u200d\u{1f680}',
    '\u{1f3f3}\ufe0f\u200d\u{1f308}',
    '\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}',
    '1\ufe0f\u20e3 \u2764\ufe0f \u2764\ufe0e',
    '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645',
    '\u0915\u094d\u200d\u0937 \u0d28\u0d4d\u200d',
    '\u845b\u{e0100} \u1820\u180b',
    '\u0600\u06dd',
  ])('keeps what writing needs: %s', (text) => {
    expect(showText(text)).toBe(text);
    expect(showJson(JSON.stringify(text))).toBe(JSON.stringify(text));
  });
});

describe('showJson', () => {
  it('means the same, and shows nothing unseen but its own white space', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.nat(2), (value, indent) => {
        const shown = showJson(JSON.stringify(value, undefined, indent));
        expect(JSON.parse(shown)).toEqual(JSON.parse(JSON.stringify(value)));
        const rest = shown.replaceAll('\n', '');
        expect(rest).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });

  it('escapes units of UTF-16', () => {
    expect(showJson('"a\u202e\u{e0001}\u009b"')).toBe('"a\\u202e\\udb40\\udc01\\u009b"');
  });
});
