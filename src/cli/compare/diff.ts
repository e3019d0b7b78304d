// `compare diff`: two results side by side.
import { Command } from 'commander';
import { EXIT, runCommand } from '../common/run.ts';
import { asksJson } from './report.ts';

const HELP = `
Exit codes: 0, or 1 when a claim that held in the first result fails in the other.
`;

export function compareDiffCommand(): Command {
  return new Command('diff')
    .description('Compare two results: changed claims first, then every cell.')
    .argument('<path>', 'a directory of results, or a result.json')
    .argument('<other-path>', 'the result to compare it with')
    .option('--json', 'print the differences as JSON')
    .addHelpText('after', HELP)
    .action((a: string, b: string, _: unknown, command: Command) =>
      runCommand({ quiet: true }, async () => {
        const json = asksJson(command);
        const [{ diffResults }, { drawDiff }, { loadResult }] = await Promise.all([
          import('../../lab/results/diff.ts'),
          import('../../lab/terminal/diff-table.ts'),
          import('../../lab/results/save.ts'),
        ]);
        const diff = diffResults(await loadResult(a), await loadResult(b));
        process.stdout.write(
          `${json ? JSON.stringify(diff) : drawDiff(diff, process.stdout.columns)}\n`,
        );
        process.exitCode = diff.worse ? EXIT.failed : EXIT.ok;
      }),
    );
}
