// `compare report`: conclusions drawn anew from the raw data of a directory. And how any
// result is shown, and what exit code it is worth.
import { Command } from 'commander';
import type { Result } from '../lab/result.ts';
import { EXIT, runCommand } from './run.ts';

/** Beyond what every command knows: what a result is worth. */
const EXIT_UNKNOWN = 3;
const EXIT_INVALID = 4;

export function compareReportCommand(): Command {
  return new Command('report')
    .description('Fold the raw data of a comparison anew; rewrites result.json, report and CSVs.')
    .argument('<dir>', 'of a comparison, also one that was broken off')
    .option('--json', 'print result.json instead of the table')
    .action((dir: string, options: { json?: boolean }) =>
      runCommand({ quiet: true }, async () => {
        const { concludeDirectory } = await import('../lab/conclusion.ts');
        await showResult(await concludeDirectory(dir), dir, options.json ?? false);
      }),
    );
}

/** Prints it, and sets the exit code. */
export async function showResult(result: Result, dir: string, json: boolean): Promise<void> {
  const { drawTable } = await import('../lab/report/table.ts');
  process.stdout.write(
    json ? `${JSON.stringify(result)}\n` : `${drawTable(result)}\nreport  ${dir}/report.html\n`,
  );
  process.exitCode = exitCode(result);
}

function exitCode({ verdict, claims }: Result): number {
  if (verdict.state === 'invalid') return EXIT_INVALID;
  if (verdict.state === 'unknown') return EXIT_UNKNOWN;
  return claims.some(({ state }) => state === 'fails') ? EXIT.failed : EXIT.ok;
}
