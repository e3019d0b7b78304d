// Where a user's own files go (XDG Base Directory Specification): a relative value
// of a variable must be ignored.
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** What a person may want to keep, copy or edit: keys. */
export const configDirectory = (): string => under(process.env.XDG_CONFIG_HOME, '.config');

/** What a process made and can make again. */
export const stateDirectory = (): string => under(process.env.XDG_STATE_HOME, '.local', 'state');

function under(variable: string | undefined, ...fallback: string[]): string {
  const base = variable && isAbsolute(variable) ? variable : join(homedir(), ...fallback);
  return join(base, 'hubswarm');
}
