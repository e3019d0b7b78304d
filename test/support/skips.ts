// Reporter: the tests that this machine could not run, by what it lacks.
import type { Reporter, TestCase, TestModule } from 'vitest/node';

export default class Skips implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')]);
    const lines = skipped.flatMap((test) => {
      const reason = reasonOf(test);
      return reason === undefined
        ? []
        : [`  ${test.module.relativeModuleId}: ${test.fullName} (${reason})`];
    });
    if (lines.length > 0) process.stdout.write(`\nSkipped on this machine:\n${lines.join('\n')}\n`);
  }
}

/** Undefined for a test that was not asked for. */
function reasonOf(test: TestCase): string | undefined {
  const { lacks } = test.meta();
  if (lacks !== undefined) return `lacks ${lacks}`;
  const result = test.result();
  return result.state === 'skipped' ? result.note : undefined;
}
