// `compare`: the options of a comparison in, its table and exit code out.
import { Command } from 'commander';
import { LINK_KINDS, type LinkKind } from '../lab/scenario.ts';
import { HubswarmError } from '../runtime/errors.ts';
import { integer, oneOf, rate, size } from './options.ts';
import { EXIT, runCommand } from './run.ts';

/** Beyond what every command knows: what a result is worth. */
const EXIT_UNKNOWN = 3;
const EXIT_INVALID = 4;
/** One machine that runs more measures itself and not the architectures. */
const MAX_RECEIVERS = 64;
/** A repetition of the full profile takes minutes. */
const MAX_REPETITIONS = 99;
/** Seeds are 32 bits. */
const MAX_SEED = 0xffff_ffff;
const DEFAULT_SEED = 42;

interface CompareCliOptions {
  file?: string;
  size?: number;
  receivers?: number[];
  uplink?: number;
  downlink?: number;
  link: LinkKind;
  kills?: number[];
  repetitions?: number;
  seed: number;
  full?: boolean;
  json?: boolean;
  out?: string;
  redraw?: string;
}

const receivers = (text: string): number[] =>
  text.split(',').map((count) => integer('--receivers', 1, MAX_RECEIVERS)(count.trim()));

function kills(text: string): number[] {
  if (text === 'none') return [];
  return text.split(',').map((part) => {
    const copies = Number(part);
    if (/^\s*\d+(\.\d+)?\s*$/.test(part) && copies > 0) return copies;
    throw new HubswarmError(
      'ERR_USAGE',
      `--kills: '${part}' is not accepted; give copies sent before the kill, above 0, with commas (as in 0.5,1.25,2), or none`,
    );
  });
}

function fileSize(text: string): number {
  const bytes = size('--size')(text);
  if (bytes > 0) return bytes;
  throw new HubswarmError('ERR_USAGE', `--size: '${text}' is not accepted; give 1 byte or more`);
}

const HELP = `
Measures this very binary as real processes on this machine and writes
result.json, runs.ndjson and report.html.

Exit codes: 0 valid and every claim holds, 1 a claim failed or an error,
            2 usage, 3 unknown (the machine may have decided), 4 invalid.
`;

export function compareCommand(): Command {
  return new Command('compare')
    .description('Hand one file out by a server and by a swarm, and measure which serves better.')
    .option(
      '--file <path>',
      'hand out this file, or directory packed as one archive (default: a file made from the seed)',
    )
    .option('--size <size>', 'size of the file that is made, as in 4MiB', fileSize)
    .option('--receivers <list>', 'receivers, as in 2,4,8', receivers)
    .option('--uplink <rate>', 'what everybody may send, as in 4MiB/s', rate('--uplink'))
    .option(
      '--downlink <rate>',
      'what a receiver may take (default: 5 x uplink)',
      rate('--downlink'),
    )
    .option(
      '--link <kind>',
      'what holds the links: pacer (the programs themselves), netns (the kernel, a network namespace for each process; Linux, root) or none',
      (text) => oneOf('--link', text, LINK_KINDS),
      'pacer',
    )
    .option(
      '--kills <list>',
      'kill the origin after so many copies, as in 0.5,1.25,2; or none',
      kills,
    )
    .option(
      '--repetitions <n>',
      'runs of each kind (default: 2 or more as time allows)',
      integer('--repetitions', 1, MAX_REPETITIONS),
    )
    .option('--seed <n>', 'of the file', integer('--seed', 0, MAX_SEED), DEFAULT_SEED)
    .option('--full', 'up to 16 receivers, more kills, more repetitions: about half an hour')
    .option('--json', 'print result.json instead of the table')
    .option('--out <dir>', 'where results go (default: results/<time>)')
    .option('--redraw <dir>', 'measure nothing; draw the report of that directory again')
    .addHelpText('after', HELP)
    .action(async (options: CompareCliOptions, command: Command) => {
      // Quiet: the lab has lines and a table of its own.
      await runCommand({ quiet: true }, ({ signal }) =>
        act(options, command.parent?.version() ?? '', signal),
      );
    });
}

async function act(
  options: CompareCliOptions,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  checkTogether(options);
  const [{ compare, redraw }, { FULL, QUICK }, { createProgress }, { drawTable }] =
    await Promise.all([
      import('../lab/compare.ts'),
      import('../lab/profile.ts'),
      import('../lab/progress.ts'),
      import('../lab/report/table.ts'),
    ]);
  const outDir = options.redraw ?? options.out ?? `results/${stamp(new Date())}`;
  const progress = createProgress(process.stderr, () => performance.now());
  const profile = options.full ? FULL : QUICK;
  try {
    const result = options.redraw
      ? await redraw(options.redraw)
      : await compare({
          cliPath: process.argv[1]!,
          version,
          command: process.argv.slice(3),
          // Who asks for a number of repetitions has the time for them.
          profile: options.repetitions
            ? { ...profile, budgetMs: Number.POSITIVE_INFINITY }
            : profile,
          overrides: {
            link: options.link,
            fileBytes: options.size,
            receivers: options.receivers,
            killCopies: options.kills,
            uplinkBytesPerSecond: options.uplink,
            downlinkBytesPerSecond: options.downlink,
            repetitions: options.repetitions,
          },
          filePath: options.file,
          seed: options.seed,
          outDir,
          progress,
          signal,
        });
    progress.close();
    process.stdout.write(
      options.json
        ? `${JSON.stringify(result)}\n`
        : `${drawTable(result)}\nreport  ${outDir}/report.html\n`,
    );
    process.exitCode = exitCode(result);
  } finally {
    progress.close();
  }
}

function checkTogether(options: CompareCliOptions): void {
  for (const option of ['uplink', 'downlink'] as const) {
    if (options.link === 'none' && options[option] !== undefined) {
      throw new HubswarmError(
        'ERR_USAGE',
        `--${option}: not accepted with --link none, which holds nothing`,
      );
    }
  }
  if (options.file !== undefined && options.size !== undefined) {
    throw new HubswarmError(
      'ERR_USAGE',
      '--size: not accepted with --file, which has its own size',
    );
  }
}

/** `2026-11-21T10-20-31`: sorts by time and is a file name everywhere. */
function stamp(date: Date): string {
  return date.toISOString().slice(0, 19).replaceAll(':', '-');
}

function exitCode(result: {
  verdict: { state: 'valid' | 'unknown' | 'invalid' };
  claims: readonly { state: string }[];
}): number {
  if (result.verdict.state === 'invalid') return EXIT_INVALID;
  if (result.verdict.state === 'unknown') return EXIT_UNKNOWN;
  return result.claims.some(({ state }) => state === 'fails') ? EXIT.failed : EXIT.ok;
}
