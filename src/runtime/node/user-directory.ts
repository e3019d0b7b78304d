// Where a user's programs keep what is theirs (XDG Base Directory Specification).
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { HubswarmError } from '../errors.ts';

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

/**
 * Not made. A relative value in the environment must be ignored, says the specification.
 *
 * @throws HubswarmError ERR_USAGE for a user without a home, as in many containers
 */
export function userDirectory(kind: keyof typeof KINDS): string {
  const [variable, below] = KINDS[kind];
  const given = process.env[variable];
  return join(given && isAbsolute(given) ? given : join(homeFor(variable), below), 'hubswarm');
}

function homeFor(variable: string): string {
  try {
    return homedir();
  } catch {
    throw new HubswarmError(
      'ERR_USAGE',
      `this user has no home directory; set ${variable} or HOME to a directory that it may write`,
    );
  }
}
