// Which paths of a directory a person wants, by patterns: `*` and `?` stand for characters of one name,
// `[a-z]` for one of them, `**` for any number of directories. A pattern without a slash is held
// against the last name; any other against the whole path from the directory. What matches
// a directory takes all below it. Paths are a remote's: a pattern takes time linear in each path.
import { HubswarmError } from '../../runtime/errors.ts';

/** Longest pattern. Chosen: longer than paths that people type. */
const MAX_LENGTH = 1024;

/** @returns whether a file with that path is wanted; with no pattern all are. @throws HubswarmError ERR_USAGE */
export function wantedBy(option: string, patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length === 0) return () => true;
  const all = patterns.map((pattern) => parsePattern(option, pattern));
  return (path) => all.some((matches) => matches(path.split('/')));
}

type Names = readonly string[];
/** One name of a pattern; undefined for `**`. */
type Part = ((name: string) => boolean) | undefined;

function parsePattern(option: string, pattern: string): (names: Names) => boolean {
  const plain = pattern.replace(/^\.?\//, '').replace(/\/+$/, '');
  const refusal = (reason: string): HubswarmError =>
    new HubswarmError('ERR_USAGE', `${option}: '${pattern}' ${reason}`);
  if (plain === '' || pattern.length > MAX_LENGTH) {
    throw refusal('is no pattern; give one as in *.pdf or docs/**');
  }
  const texts = plain.split('/');
  if (texts.some((text) => text === '..' || text === '.' || text === '')) {
    throw refusal("matches nothing: paths below the directory have no '.', '..' or empty name");
  }
  if (texts.some(isOpen)) throw refusal("has a '[' without a ']'; write \\[ for the character");
  const parts = texts.map(partOf);
  const [only, ...more] = parts;
  if (only && more.length === 0) return (names) => names.some(only);
  return (names) => startsWith(names, parts);
}

const SET = /^\[([!^]?)(\]?[^\]]*)\]/;

/** Whether it has a `[` that begins no set, as in `[x`. */
const isOpen = (text: string): boolean => {
  for (let rest = text; rest !== ''; rest = rest.slice(1)) {
    if (rest[0] === '\\') rest = rest.slice(1);
    else if (rest[0] === '[') {
      const [whole, , set = ''] = SET.exec(rest) ?? [];
      if (whole === undefined || set === '') return true;
      rest = rest.slice(whole.length - 1);
    }
  }
  return false;
};

const partOf = (text: string): Part => (text === '**' ? undefined : nameMatcher(text));

/** Whether the first names, or all of them, match. */
function startsWith(names: Names, parts: readonly Part[]): boolean {
  /** Numbers of parts that the names so far may have matched. */
  let reached = new Set([0]);
  for (const name of names) {
    if (reached.has(parts.length)) return true;
    reached = stepped(reached, parts, (part) => part(name));
  }
  return skipped(reached, parts).has(parts.length);
}

function stepped(
  reached: ReadonlySet<number>,
  parts: readonly Part[],
  matches: (part: NonNullable<Part>) => boolean,
): Set<number> {
  const next = new Set<number>();
  for (const at of skipped(reached, parts)) {
    if (at === parts.length) continue;
    const part = parts[at];
    if (part === undefined) next.add(at);
    else if (matches(part)) next.add(at + 1);
  }
  return next;
}

/** With `**` standing for no directory as well. */
function skipped(reached: ReadonlySet<number>, parts: readonly Part[]): Set<number> {
  const all = new Set(reached);
  for (const at of all) if (at < parts.length && parts[at] === undefined) all.add(at + 1);
  return all;
}

/** One character of a pattern: which it stands for; undefined for `*`. */
type Token = ((char: string) => boolean) | undefined;

function nameMatcher(text: string): (name: string) => boolean {
  const tokens = [...tokensOf(text)];
  return (name) => matchesTokens([...name], tokens);
}

/** After a mismatch goes on behind the last `*` only: so each character is held against few tokens. */
function matchesTokens(chars: readonly string[], tokens: readonly Token[]): boolean {
  let [at, token] = [0, 0];
  let star: { at: number; token: number } | undefined;
  while (at < chars.length) {
    if (token < tokens.length && tokens[token] === undefined) {
      star = { at, token };
      token++;
    } else if (token < tokens.length && tokens[token]!(chars[at]!)) {
      at++;
      token++;
    } else if (star) {
      star.at++;
      at = star.at;
      token = star.token + 1;
    } else return false;
  }
  return tokens.slice(token).every((each) => each === undefined);
}

function* tokensOf(text: string): Generator<Token> {
  for (let rest = text; rest !== ''; ) {
    const [whole, negated, set] = SET.exec(rest) ?? [];
    const [char = ''] = rest;
    if (whole !== undefined && set !== '') {
      const isIn = inSet(set!);
      yield negated === '' ? isIn : (each) => !isIn(each);
      rest = rest.slice(whole.length);
      continue;
    }
    const escaped = char === '\\' && rest.length > 1 ? [...rest][1]! : undefined;
    const meant = escaped ?? char;
    if (escaped === undefined && char === '*') yield undefined;
    else if (escaped === undefined && char === '?') yield () => true;
    else yield (each) => each === meant;
    rest = rest.slice((escaped === undefined ? '' : '\\').length + meant.length);
  }
}

/** `a-z0-9_`. */
function inSet(set: string): (char: string) => boolean {
  const ranges: [from: string, to: string][] = [];
  const chars = [...set];
  for (let i = 0; i < chars.length; i++) {
    const isRange = chars[i + 1] === '-' && i + 2 < chars.length;
    ranges.push([chars[i]!, isRange ? chars[i + 2]! : chars[i]!]);
    if (isRange) i += 2;
  }
  return (char) => ranges.some(([from, to]) => char >= from && char <= to);
}
