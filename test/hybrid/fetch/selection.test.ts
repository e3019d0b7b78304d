import { describe, expect, it } from 'vitest';
import { parseCid } from '../../../src/content/cid.ts';
import { Geometry } from '../../../src/content/geometry.ts';
import type { Manifest } from '../../../src/content/manifest.ts';
import { wantedBy } from '../../../src/hybrid/fetch/glob.ts';
import { listingOf } from '../../../src/hybrid/fetch/list.ts';
import { selectionOf } from '../../../src/hybrid/fetch/selection.ts';

const ROOT = parseCid('test', 'bafybeifluaxqm2mxtjgownkgurj5rre7wvrldqftz2b3otdgukd3zm6lhy');

const directory = (paths: readonly string[], more: Partial<Manifest> = {}): Manifest => ({
  root: ROOT,
  kind: 'directory',
  files: paths.map((path, at) => ({ path, length: 10, firstPiece: at, pieceCount: 1 })),
  directories: [],
  geometry: new Geometry(paths.map(() => 10)),
  digests: new Uint8Array(),
  ...more,
});

const TREE = directory([
  'a.pdf',
  'docs/a.pdf',
  'docs/b.txt',
  'docs/in/c.pdf',
  'docs/in/d.pdf',
  'x/y/z.pdf',
]);

describe('the fewest paths', () => {
  it.each<[pattern: string, paths: string[]]>([
    ['*.pdf', ['a.pdf', 'docs/a.pdf', 'docs/in', 'x']],
    ['docs', ['docs']],
    ['docs/in/*', ['docs/in']],
    ['**', ['']],
    ['b.txt', ['docs/b.txt']],
  ])('of %s', (pattern, paths) => {
    expect(selectionOf(TREE, wantedBy('--select', [pattern]))).toEqual(paths);
  });

  it('leave a symbolic link out that was not asked for', () => {
    const tree = directory(['d/a', 'd/b'], { links: [{ path: 'd/l', target: 'a' }] });
    expect(selectionOf(tree, wantedBy('--select', ['a', 'b']))).toEqual(['d/a', 'd/b']);
  });

  it('of nothing are told with what is there', () => {
    expect(() => selectionOf(TREE, wantedBy('--select', ['*.iso']))).toThrow(
      /no file matches --select; it holds a\.pdf, docs\/a\.pdf/,
    );
  });
});

describe('a listing without content', () => {
  it('has directories first, with the bytes below them', () => {
    const tree = directory(['b10', 'b9', 'd/a', 'd/e/f'], {
      directories: ['d', 'd/e', 'empty'],
      links: [{ path: 'l', target: 'b9' }],
    });
    expect(listingOf(tree, 'tree')).toEqual({
      path: 'tree/',
      entries: [
        { name: 'd', type: 'directory', url: 'd/', size: 20 },
        { name: 'empty', type: 'directory', url: 'empty/', size: 0 },
        { name: 'b9', type: 'file', url: 'b9', size: 10 },
        { name: 'b10', type: 'file', url: 'b10', size: 10 },
        { name: 'l', type: 'file', url: 'l', link: true },
      ],
    });
  });

  it('of a file is the file', () => {
    const manifest = directory([''], { kind: 'file' });
    expect(listingOf(manifest, 'a b.pdf')).toEqual({
      path: 'a b.pdf',
      entries: [{ name: 'a b.pdf', type: 'file', url: 'a%20b.pdf', size: 10 }],
    });
  });
});
