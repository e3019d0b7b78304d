import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/e2e/build.ts'],
    setupFiles: ['src/runtime/with-resolvers.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
