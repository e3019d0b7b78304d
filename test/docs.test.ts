// Pages lead somewhere: their links to files that are there, the sources that they name, and
// the glossary's names of the code.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Paths below a folder, relative to the root. */
const below = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
    join(folder, path),
  );

const PAGES = [...readdirSync(ROOT), ...below('docs'), ...below('deploy')].filter(
  (path) => path.endsWith('.md') && path !== 'CHANGELOG.md',
);
const SOURCES = below('src').filter((path) => path.endsWith('.ts'));
const ROOMS = readdirSync(join(ROOT, 'src'));

/** In backticks: files and folders from the root, or from a room of src/. */
function namedSources(text: string): string[] {
  const named = [...text.matchAll(/`(\w+\/[\w/-]*(?:\.(?:ts|mjs|sh))?)`/g)].map(
    ([, path]) => path!,
  );
  return named.filter((path) =>
    ['src', 'test', 'scripts', 'fixtures', ...ROOMS].includes(path.split('/')[0]!),
  );
}

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  it('links to files that are there', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(([, to]) => to!);
    expect(links.filter((to) => !existsSync(resolve(ROOT, dirname(page), to)))).toEqual([]);
  });

  it('names sources that are there', () => {
    const isThere = (path: string): boolean =>
      existsSync(join(ROOT, path)) || existsSync(join(ROOT, 'src', path));
    expect(namedSources(text).filter((path) => !isThere(path))).toEqual([]);
  });
});

describe('docs/glossary.md', () => {
  const rows = read('docs/glossary.md')
    .split('\n')
    .filter((row) => row.startsWith('| **'));

  it('explains each word once', () => {
    const words = rows.flatMap((row) => /\*\*(.+?)\*\*/.exec(row)![1]!.split(', '));
    expect(words.length).toBeGreaterThan(50);
    expect(words).toEqual([...new Set(words)]);
  });

  it('names types, functions and fields that the code has', () => {
    const code = SOURCES.map(read).join('\n');
    const cells = rows.map((row) => row.split(' | ').at(-1)!);
    const names = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
    expect(names.length).toBeGreaterThan(50);
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
  });
});
