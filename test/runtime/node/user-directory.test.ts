import { expect, test } from 'vitest';
import { userDirectory } from '../../../src/runtime/node/user-directory.ts';

test.each([
  ['config', 'XDG_CONFIG_HOME', '.config'],
  ['data', 'XDG_DATA_HOME', '.local/share'],
  ['state', 'XDG_STATE_HOME', '.local/state'],
  ['cache', 'XDG_CACHE_HOME', '.cache'],
] as const)('the %s directory follows %s where it is absolute', (kind, variable, below) => {
  const before = process.env[variable];
  try {
    process.env[variable] = '/given';
    expect(userDirectory(kind)).toBe('/given/hubswarm');
    for (const ignored of ['relative', '']) {
      process.env[variable] = ignored;
      expect(userDirectory(kind)).toMatch(new RegExp(`^/.*/${below}/hubswarm$`));
    }
  } finally {
    if (before === undefined) delete process.env[variable];
    else process.env[variable] = before;
  }
});
