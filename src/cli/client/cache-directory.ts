// Where this program keeps what may be lost (XDG Base Directory Specification: a
// relative value must be ignored).
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

export function cacheDirectory(): string {
  const cache = process.env.XDG_CACHE_HOME;
  return join(cache && isAbsolute(cache) ? cache : join(homedir(), '.cache'), 'hubswarm');
}
