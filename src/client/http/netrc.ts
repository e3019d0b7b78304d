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

/** The first entry for a machine, or the default one. */
export function findLogin(text: string, machine: string): Login | undefined {
  const words = wordsOf(text);
  let isIts = false;
  let found: { login?: string; password?: string } | undefined;
  for (let word = words.next(); !word.done; word = words.next()) {
    if (word.value === 'machine' || word.value === 'default') {
      if (isIts) break;
      const name = word.value === 'machine' ? words.next().value : machine;
      isIts = name?.toLowerCase() === machine.toLowerCase();
    } else if (['login', 'password', 'account'].includes(word.value)) {
      const value = words.next().value ?? '';
      if (isIts) found = { ...found, [word.value]: value };
    }
  }
  return found && { login: found.login ?? '', password: found.password ?? '' };
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
