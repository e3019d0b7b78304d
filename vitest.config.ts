import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { USER_DIRECTORIES } from './test/support/user-directory.ts';

/**
 * A lane is run by its name (`npx vitest run --project unit`), and what it needs is made for it
 * only. Each test is in the first lane that takes it, and in `unit` if none does.
 */
const LANES: Record<string, string[]> = {
  /** Measure time, and run when all others are done. */
  alone: ['test/e2e/peer/control.test.ts', 'test/e2e/lab/quick-compare.test.ts'],
  /** Run the built binary. */
  e2e: [
    'test/e2e/**/*.test.ts',
    'test/lab/run/balancer.test.ts',
    'test/lab/simulated/simulated.test.ts',
  ],
  /** Peers of libp2p. */
  libp2p: ['test/{attack,contract,hybrid,peer}/**/*.test.ts'],
  /** Hubs and their clients. */
  http: ['test/{client,edge,library,server}/**/*.test.ts', 'test/hub/catalogue/*.test.ts'],
  unit: ['test/**/*.test.ts'],
};

const RUN_THE_BINARY = ['alone', 'e2e'];

function lane(name: string, at: number): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      include: LANES[name],
      exclude: Object.values(LANES).slice(0, at).flat(),
      globalSetup: RUN_THE_BINARY.includes(name) ? ['test/support/build.ts'] : [],
      ...(name === 'alone' && { maxWorkers: 1, sequence: { groupOrder: 1 } }),
    },
  };
}

export default defineConfig({
  test: {
    projects: Object.keys(LANES).map(lane),
    reporters: ['default', './test/support/skips.ts'],
    coverage: { include: ['src/**'], reporter: ['text-summary', 'html'] },
    globalSetup: ['test/support/user-directory.ts'],
    setupFiles: ['src/runtime/with-resolvers.ts'],
    env: USER_DIRECTORIES,
    // By default one fewer than there are cores, which on two leaves one idle: most tests wait.
    maxWorkers: '100%',
    // Machines differ by ten times, and a test that fails says so at once.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
