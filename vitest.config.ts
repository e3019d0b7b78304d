import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { USER_DIRECTORY } from './test/e2e/build.ts';

/** Measure time, and run when all others are done. */
const ALONE = ['test/e2e/control.test.ts', 'test/e2e/quick-compare.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'all', include: ['test/**/*.test.ts'], exclude: ALONE },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
    globalSetup: ['test/e2e/build.ts'],
    setupFiles: ['src/runtime/with-resolvers.ts'],
    // What the binary keeps for itself is not mixed with the user's own.
    env: Object.fromEntries(
      ['XDG_CACHE_HOME', 'XDG_STATE_HOME', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME'].map((name) => [
        name,
        join(USER_DIRECTORY, name),
      ]),
    ),
    // By default one fewer than there are cores, which on two leaves one idle: most tests wait.
    maxWorkers: '100%',
    // Machines differ by ten times, and a test that fails says so at once.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
