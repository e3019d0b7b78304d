// Where a user's programs keep what is theirs (XDG Base Directory Specification).
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

const KINDS = {
  /** What a person may want to copy or edit: keys. */
  config: ['XDG_CONFIG_HOME', '.config'],
  /** Must not be lost: keys, identities. */
  data: ['XDG_DATA_HOME', '.local/share'],
  /** Goes on after a restart, and is of no use elsewhere. */
  state: ['XDG_STATE_HOME', '.local/state'],
  /** Can be made anew. */
  cache: ['XDG_CACHE_HOME', '.cache'],
} as const;

/** Not made. A relative value in the environment must be ignored, says the specification. */
export function userDirectory(kind: keyof typeof KINDS): string {
  const [variable, below] = KINDS[kind];
  const given = process.env[variable];
  return join(given && isAbsolute(given) ? given : join(homedir(), below), 'hubswarm');
}
