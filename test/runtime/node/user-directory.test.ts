import { homedir } from 'node:os';
import { expect, test, vi } from 'vitest';
import { userDirectory } from '../../../src/runtime/node/user-directory.ts';

vi.mock('node:os', async (original) => {
  const os = await original<typeof import('node:os')>();
  return { ...os, homedir: vi.fn(os.homedir) };
});

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

test('a user without a home, as in a container, is told what to set', () => {
  vi.mocked(homedir).mockImplementationOnce(() => {
    throw new Error('uv_os_homedir returned ENOENT');
  });
  vi.stubEnv('XDG_CACHE_HOME', '');
  try {
    expect(() => userDirectory('cache')).toThrow(
      expect.objectContaining({
        code: 'ERR_USAGE',
        message:
          'this user has no home directory; set XDG_CACHE_HOME or HOME to a directory that it may write',
      }),
    );
  } finally {
    vi.unstubAllEnvs();
  }
});
