// ~/.netrc: logins by the name of a machine, as curl, wget and ftp read them (GNU inetutils, "The
// .netrc file"). Pure. Whoever calls sends a login to the machine that the user named, and to no
// other.

export interface Login {
  readonly login: string;
  readonly password: string;
}

/** Words, quoted ones with spaces; a macro ends with an empty line, and what '#' begins is none. */
const WORD = /macdef\b[\s\S]*?(?:\n[\t ]*\r?\n|$)|#.*|"((?:[^"\\\n]|\\.)*)"|(\S+)/gy;
const SPACE = /\s*/y;

/**
 * The first entry for a machine, or the default one.
 *
 * @param user whose entry is wanted; one without a login is everybody's
 */
export function findLogin(text: string, machine: string, user?: string): Login | undefined {
  for (const { name = machine, login, password } of entriesOf(text)) {
    if (name.toLowerCase() !== machine.toLowerCase()) continue;
    if (login === undefined && password === undefined) continue;
    if (user !== undefined && login !== undefined && login !== user) continue;
    return { login: login ?? '', password: password ?? '' };
  }
  return undefined;
}

interface Entry extends Partial<Login> {
  /** Undefined for the default. */
  readonly name: string | undefined;
}

function* entriesOf(text: string): Generator<Entry> {
  const words = wordsOf(text);
  let entry: Entry | undefined;
  for (let word = words.next(); !word.done; word = words.next()) {
    if (word.value === 'machine' || word.value === 'default') {
      if (entry) yield entry;
      entry = { name: word.value === 'machine' ? (words.next().value ?? '') : undefined };
    } else if (['login', 'password', 'account'].includes(word.value)) {
      const value = words.next().value ?? '';
      if (entry) entry = { ...entry, [word.value]: value };
    }
  }
  if (entry) yield entry;
}

function* wordsOf(text: string): Generator<string, undefined> {
  for (let at = 0; at < text.length; ) {
    SPACE.lastIndex = at;
    SPACE.exec(text);
    WORD.lastIndex = SPACE.lastIndex;
    const match = WORD.exec(text);
    if (!match) return undefined;
    at = WORD.lastIndex;
    const word = match[1]?.replace(/\\(.)/g, '$1') ?? match[2];
    if (word !== undefined) yield word;
  }
  return undefined;
}
