// Pages lead somewhere: their links to files that are there, the sources that they name, and
// the glossary's names of the code.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import ts from 'typescript';
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

/** Words of a name, in lower case and without a plural's s: of `MOST_GRANTS`, most and grant. */
const wordsOf = (name: string): string[] =>
  name.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/).map((word) => word.toLowerCase().replace(/s$/, ''));

/** A file's own name, and the names that its code has. */
function namesIn(path: string, text: string): Set<string> {
  const names = new Set([basename(path, '.ts')]);
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return names;
}

interface Retired {
  /** As the glossary has it: `turn, slot (of an uplink)`. */
  readonly title: string;
  readonly words: readonly string[];
  readonly rooms: readonly string[];
}

const retiredNames = (path: string, text: string, { words }: Retired): string[] =>
  [...namesIn(path, text)].filter((name) => wordsOf(name).some((word) => words.includes(word)));

/** Rows of the glossary's last table that name rooms. */
function retiredWords(): Retired[] {
  const [, table = ''] = read('docs/glossary.md').split('## Words that we do not use');
  const rows = table.split('\n').map((row) => row.split('|').map((cell) => cell.trim()));
  return rows.flatMap(([, title = '', , cell = '']) => {
    const rooms = [...cell.matchAll(/`(\w+)\/`/g)].map(([, room]) => room!);
    const words = title.replace(/\(.*\)/, '').split(',');
    return rooms.length === 0 ? [] : [{ title, words: words.map((word) => word.trim()), rooms }];
  });
}

it('CHANGELOG.md has this version below what is unreleased', () => {
  const heads = [...read('CHANGELOG.md').matchAll(/^## \[(.+?)\]/gm)].map(([, head]) => head);
  expect(heads.slice(0, 2)).toEqual(['Unreleased', JSON.parse(read('package.json')).version]);
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

  const retired = retiredWords();

  it.each(retired)('no name says $title in $rooms', (row) => {
    const files = SOURCES.filter((path) => row.rooms.includes(path.split('/')[1]!));
    expect(files.length).toBeGreaterThan(row.rooms.length);
    expect(files.flatMap((path) => retiredNames(path, read(path), row))).toEqual([]);
  });

  it('finds a retired word in a name and in the name of a file', () => {
    const turn = retired.find(({ words }) => words.includes('turn'))!;
    const planted = 'class TurnWindow { #mostTurns = RETURNS; }\nconst LEAST_TURNS = 1; // a turn';
    expect(retiredNames('src/exchange/turn-window.ts', planted, turn)).toEqual([
      ...['turn-window', 'TurnWindow', '#mostTurns', 'LEAST_TURNS'],
    ]);
  });
});
