import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wantedBy } from '../../../src/hybrid/fetch/glob.ts';

const PATHS = [
  ...['a.pdf', 'b.txt', 'docs/a.pdf', 'docs/in/c.pdf', 'docs/in/d.txt', 'img/x1.png', 'img/x2.png'],
  ...['img/xa.png', 'notes/größe.txt', 'odd/[x].txt', 'odd/a*b.txt'],
];

describe('patterns of --select', () => {
  it.each<[patterns: string[], wanted: string[]]>([
    [['*.pdf'], ['a.pdf', 'docs/a.pdf', 'docs/in/c.pdf']],
    [['a.pdf'], ['a.pdf', 'docs/a.pdf']],
    [['/a.pdf'], ['a.pdf', 'docs/a.pdf']],
    [['docs/*.pdf'], ['docs/a.pdf']],
    [['docs/**/*.pdf'], ['docs/a.pdf', 'docs/in/c.pdf']],
    [['docs/**'], ['docs/a.pdf', 'docs/in/c.pdf', 'docs/in/d.txt']],
    [['docs'], ['docs/a.pdf', 'docs/in/c.pdf', 'docs/in/d.txt']],
    [['docs/'], ['docs/a.pdf', 'docs/in/c.pdf', 'docs/in/d.txt']],
    [['./docs/in'], ['docs/in/c.pdf', 'docs/in/d.txt']],
    [['**/in/*'], ['docs/in/c.pdf', 'docs/in/d.txt']],
    [['**'], PATHS],
    [['img/x?.png'], ['img/x1.png', 'img/x2.png', 'img/xa.png']],
    [['img/x[0-9].png'], ['img/x1.png', 'img/x2.png']],
    [['img/x[!0-9].png'], ['img/xa.png']],
    [['gr??e.txt'], ['notes/größe.txt']],
    [['odd/\\[x\\].txt'], ['odd/[x].txt']],
    [['a\\*b.txt'], ['odd/a*b.txt']],
    [
      ['a.pdf', 'b.txt'],
      ['a.pdf', 'b.txt', 'docs/a.pdf'],
    ],
    [['nothing'], []],
  ])('%j', (patterns, wanted) => {
    expect(PATHS.filter(wantedBy('--select', patterns))).toEqual(wanted);
  });

  it.each(['', '/', './', 'x'.repeat(1025)])('%j is none', (pattern) => {
    expect(() => wantedBy('--select', [pattern])).toThrow(/is no pattern/);
  });

  it.each([
    ['[', /'\[' without a '\]'/],
    ['[x.txt', /'\[' without a '\]'/],
    ['docs/a[0-9', /'\[' without a '\]'/],
    ['\\\\[', /'\[' without a '\]'/],
    ['[]', /'\[' without a '\]'/],
    ['../x', /matches nothing/],
    ['docs/../x', /matches nothing/],
    ['docs//x', /matches nothing/],
    ['docs/./x', /matches nothing/],
    ['.', /matches nothing/],
  ])('%j is refused, since it can match nothing that is meant', (pattern, reason) => {
    expect(() => wantedBy('--select', [pattern])).toThrow(reason);
  });

  it('match a path as it is, whatever characters it has', () => {
    const name = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((text) => !/[/\0]/.test(text) && text !== '.' && text !== '..');
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
    fc.assert(
      fc.property(path, (text) => {
        const literal = text.replaceAll(/[*?[\\]/g, '\\$&').replace(/^(\.?)\//, '\\$1/');
        fc.pre(!/^\.?\//.test(text));
        expect(wantedBy('--select', [literal])(text)).toBe(true);
        expect(wantedBy('--select', ['**/*'])(text)).toBe(true);
      }),
    );
  });

  it('end on names that were made to be slow', () => {
    const slow = wantedBy('--select', [`${'*a'.repeat(200)}b`]);
    expect(slow('a'.repeat(255))).toBe(false);
    const deep = wantedBy('--select', [`${'**/a/'.repeat(100)}b`]);
    expect(deep(Array.from({ length: 2000 }, () => 'a').join('/'))).toBe(false);
  });
});
