// `compare report`: conclusions drawn anew from the raw data of a directory. And how any
// result is shown, and what exit code it is worth.
import { basename, relative } from 'node:path';
import { Command } from 'commander';
import type { Result } from '../../lab/terms/result.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { EXIT, runCommand } from '../common/run.ts';

/** Beyond what every command knows: what a result is worth. */
const EXIT_UNKNOWN = 3;
const EXIT_INVALID = 4;
/** Too little CPU for a swarm of processes: the server was measured, the swarm is simulated. */
const EXIT_SIMULATED = 5;

export function compareReportCommand(): Command {
  return new Command('report')
    .description(
      'Evaluate the raw data of a comparison again; rewrites result.json, report and CSVs.',
    )
    .argument('<dir>', 'directory of a comparison, also of an interrupted one')
    .option('--json', 'print result.json instead of the table')
    .action((dir: string, _: unknown, command: Command) =>
      runCommand({ quiet: true }, async () => {
        const json = asksJson(command);
        const { concludeDirectory } = await import('../../lab/conclusion.ts');
        await showResult(await concludeDirectory(dir), dir, json);
      }),
    );
}

/**
 * Of a command below `compare`, which takes its own options wherever they stand.
 *
 * @throws HubswarmError ERR_USAGE for any that measures
 */
export function asksJson(command: Command): boolean {
  const { json, ...others } = command.optsWithGlobals();
  const [other] = Object.keys(others);
  if (other === undefined) return json === true;
  throw new HubswarmError(
    'ERR_USAGE',
    `--${other}: not accepted with ${command.name()}, which measures nothing`,
  );
}

/** Prints it, and sets the exit code. */
export async function showResult(result: Result, dir: string, json: boolean): Promise<void> {
  const { drawTable } = await import('../../lab/terminal/result-table.ts');
  const table = (): string =>
    drawTable(result, { dir, program: programText(), width: process.stdout.columns });
  process.stdout.write(
    json ? `${JSON.stringify(result)}\n` : `${table()}\nreport  ${dir}/report.html\n`,
  );
  process.exitCode = exitCode(result);
}

/** How a person runs this program from where they are. */
function programText(): string {
  const path = process.argv[1] ?? '';
  return path.endsWith('.js') ? `node ${relative(process.cwd(), path)}` : basename(path);
}

function exitCode({ verdict, claims, choice }: Result): number {
  if (verdict.state === 'invalid') return EXIT_INVALID;
  if (choice?.swarm === 'simulated') return EXIT_SIMULATED;
  if (verdict.state === 'unknown') return EXIT_UNKNOWN;
  return claims.some(({ state }) => state === 'fails') ? EXIT.failed : EXIT.ok;
}
