// `compare`: the options of a comparison in, its table and exit code out.
import { Command } from 'commander';
import type { CompareOptions } from '../../lab/compare.ts';
import type { Kill } from '../../lab/schedule/profile.ts';
import type { Progress } from '../../lab/schedule/progress.ts';
import type { Result } from '../../lab/terms/result.ts';
import { DEFAULTS, LINK_KINDS, type LinkKind, MAX_RECEIVERS } from '../../lab/terms/setting.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { choice, integer, needs, rate, size } from '../common/options.ts';
import { runCommand } from '../common/run.ts';
import { compareDiffCommand } from './diff.ts';
import { compareReportCommand, showResult } from './report.ts';

/** A repetition of the full catalogue takes minutes. */
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
  link?: LinkKind;
  offloads?: 'on' | 'off';
  kills?: Kill[];
  repetitions?: number;
  seed?: number;
  scenario?: string[];
  rivals?: string[] | true;
  rivalFile?: string[];
  full?: boolean;
  list?: boolean;
  json?: boolean;
  out?: string;
  resume?: string;
}

const names = (text: string): string[] => text.split(',').map((name) => name.trim());

const receivers = (text: string): number[] =>
  text.split(',').map((count) => integer('--receivers', 1, MAX_RECEIVERS)(count.trim()));

function kills(text: string): Kill[] {
  if (text === 'none') return [];
  return text.split(',').map((part) => {
    const copies = Number(part);
    if (part.trim() === 'first-copy') return 'first copy';
    if (/^\s*\d+(\.\d+)?\s*$/.test(part) && copies > 0) return copies;
    throw new HubswarmError(
      'ERR_USAGE',
      `--kills: '${part}' is not accepted; give copies sent before the kill, above 0, or first-copy, with commas (as in 0.5,first-copy,2), or none`,
    );
  });
}

function fileSize(text: string): number {
  const bytes = size('--size')(text);
  if (bytes > 0) return bytes;
  throw new HubswarmError('ERR_USAGE', `--size: '${text}' is not accepted; give 1 byte or more`);
}

const HELP = `
Measures real processes of this program on this machine and writes raw
traces, result.json, report.html, runs.csv and summary.csv.

Exit codes: 0 valid and every claim holds, 1 a claim failed or an error,
            2 usage, 3 unknown (the machine may have decided), 4 invalid,
            5 too little CPU for a swarm of processes: the server was measured,
            the swarm simulated, 130 stopped; --resume goes on.

Without options it first measures for two seconds how much CPU a swarm needs, and chooses
receivers, file and rate so that the links decide and not the CPU.
`;

export function compareCommand(): Command {
  return new Command('compare')
    .description(
      'Distribute one file by a server, a swarm and a hub that is a peer, and measure which is better.',
    )
    .option(
      '--file <path>',
      'distribute this file, or this directory as one archive (default: a file made from the seed)',
    )
    .option('--size <size>', 'size of the file made from the seed, as in 4MiB', fileSize)
    .option('--receivers <list>', 'numbers of receivers, as in 2,4,8', receivers)
    .option('--uplink <rate>', 'uplink of every node, as in 4MiB/s', rate('--uplink'))
    .option('--downlink <rate>', 'downlink of a receiver (default: 5 x uplink)', rate('--downlink'))
    .addOption(
      choice(
        '--link <kind>',
        'what limits the links: pacer (the programs themselves), netns (the kernel, a network namespace for each process; Linux, root) or none (default: pacer)',
        LINK_KINDS,
      ),
    )
    .addOption(
      choice(
        '--offloads <state>',
        'with --link netns: whether the kernel hands segments on in batches, on or off; a real uplink does not (default: off where ethtool is installed)',
        ['on', 'off'],
      ),
    )
    .option(
      '--kills <list>',
      'kill the origin after so many copies, as in 0.5,first-copy,2; or none',
      kills,
    )
    .option(
      '--repetitions <n>',
      'runs of each kind (default: as many as time allows and their spread needs)',
      integer('--repetitions', 1, MAX_REPETITIONS),
    )
    .option(
      '--seed <n>',
      `seed of the file and of all random choices (default: ${DEFAULT_SEED})`,
      integer('--seed', 0, MAX_SEED),
    )
    .option(
      '--scenario <list>',
      'only these scenarios of the catalogue, or files in the same form, as in kill,./mine.json',
      names,
    )
    .option(
      '--rivals [list]',
      'programs of others beside server and swarm, as in aria2,relay-chain (default: all that are installed); those that cannot limit their own uplink need --link netns',
      names,
    )
    .option('--rival-file <list>', 'rivals from files in the form of docs/lab.md', names)
    .option('--full', 'the whole catalogue: up to 40 minutes')
    .option('--list', 'print the catalogue; measure nothing')
    .option('--json', 'print result.json instead of the table')
    .option('--out <dir>', 'directory for the results (default: results/<time>)')
    .option('--resume <dir>', 'continue the comparison in that directory')
    .addHelpText('after', HELP)
    .addCommand(compareReportCommand())
    .addCommand(compareDiffCommand())
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
  if (options.list) return list();
  const { createProgress } = await import('../../lab/schedule/progress.ts');
  const progress = createProgress(process.stderr, () => performance.now());
  const outDir = options.resume ?? options.out ?? `results/${stamp(new Date())}`;
  try {
    const result = await measured(options, { version, signal, progress, outDir });
    progress.close();
    await showResult(result, outDir, options.json ?? false);
  } finally {
    progress.close();
  }
}

async function measured(
  options: CompareCliOptions,
  given: { version: string; signal: AbortSignal; progress: Progress; outDir: string },
): Promise<Result> {
  const { compare, resume } = await import('../../lab/compare.ts');
  const shared = { ...given, cliPath: process.argv[1]!, filePath: options.file };
  if (options.resume !== undefined) return resume(shared);
  return compare({
    ...shared,
    command: process.argv.slice(3),
    profile: await profileOf(options),
    overrides: overridesOf(options),
    rivals: await rivalsOf(options),
    seed: options.seed ?? DEFAULT_SEED,
  });
}

const overridesOf = (options: CompareCliOptions): CompareOptions['overrides'] => ({
  link: options.link,
  offloads: options.offloads && options.offloads === 'on',
  fileBytes: options.size,
  receivers: options.receivers,
  kills: options.kills,
  uplinkBytesPerSecond: options.uplink,
  downlinkBytesPerSecond: options.downlink,
  repetitions: options.repetitions,
});

/** What is given is run as it is given, and what is left open then as on any machine. */
const GIVEN: readonly (keyof CompareCliOptions)[] = [
  'file',
  'size',
  'receivers',
  'uplink',
  'downlink',
  'link',
  'kills',
  'repetitions',
];

async function profileOf(options: CompareCliOptions): Promise<CompareOptions['profile']> {
  const { scenario, full, link } = options;
  const { chosenProfile, findScenario, FULL } = await import('../../lab/schedule/profile.ts');
  if (!scenario) {
    if (full) return FULL;
    if (GIVEN.every((option) => options[option] === undefined)) return 'fitted';
    const { quickProfile } = await import('../../lab/schedule/quick.ts');
    return quickProfile(link ?? DEFAULTS.link);
  }
  const { loadScenario } = await import('../../lab/schedule/load-scenario.ts');
  const isFile = (name: string): boolean => name.includes('/') || name.endsWith('.json');
  const chosen = await Promise.all(
    scenario.map((name) => (isFile(name) ? loadScenario(name, DEFAULTS) : findScenario(name))),
  );
  const twin = chosen.find(({ id }, i) => chosen.findIndex((other) => other.id === id) !== i);
  if (twin) {
    throw new HubswarmError('ERR_USAGE', `--scenario: '${twin.id}' is given twice; give it once`);
  }
  return chosenProfile(chosen);
}

async function rivalsOf({
  rivals,
  rivalFile = [],
}: CompareCliOptions): Promise<CompareOptions['rivals']> {
  if (rivals === undefined && rivalFile.length === 0) return [];
  const { chooseRivals } = await import('../../lab/schedule/choose-rivals.ts');
  return chooseRivals(rivals === true ? 'all' : (rivals ?? []), rivalFile);
}

async function list(): Promise<void> {
  const [{ CATALOGUE }, { describeScenario }] = await Promise.all([
    import('../../lab/catalogue/catalogue.ts'),
    import('../../lab/schedule/profile.ts'),
  ]);
  process.stdout.write(`${CATALOGUE.map(describeScenario).join('\n\n')}\n`);
}

/** What stands in experiment.json, and so cannot be chosen again. */
const BEGUN_WITH: readonly (keyof CompareCliOptions)[] = [
  'size',
  'receivers',
  'uplink',
  'downlink',
  'link',
  'offloads',
  'kills',
  'repetitions',
  'seed',
  'scenario',
  'rivals',
  'rivalFile',
  'full',
  'out',
];

function checkTogether(options: CompareCliOptions): void {
  const refuse = (option: string, why: string): never => {
    throw new HubswarmError('ERR_USAGE', `--${option}: not accepted with ${why}`);
  };
  for (const option of BEGUN_WITH) {
    if (options.resume === undefined || options[option] === undefined) continue;
    refuse(kebab(option), '--resume, which goes on as it was begun');
  }
  for (const option of ['uplink', 'downlink'] as const) {
    if (options.link !== 'none' || options[option] === undefined) continue;
    refuse(option, '--link none, which holds nothing');
  }
  if (!options.full && !options.scenario) {
    needs('--offloads', options.offloads, '--link netns', options.link === 'netns');
  }
  if (options.file !== undefined && options.size !== undefined) {
    refuse('size', '--file, which has its own size');
  }
  if (options.full && options.scenario) {
    refuse('full', '--scenario, which takes each at its full size');
  }
}

const kebab = (option: string): string => option.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

/** `2026-11-21T10-20-31`: sorts by time and is a file name everywhere. */
function stamp(date: Date): string {
  return date.toISOString().slice(0, 19).replaceAll(':', '-');
}
