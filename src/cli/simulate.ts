// `simulate`: the options of a simulated distribution in, its figures out.
import { Command, Option } from 'commander';
import { checkPieceLength, choosePieceLength } from '../content/piece-length.ts';
import { HubswarmError } from '../runtime/errors.ts';
import type { SimulationSetup } from '../simulate/setup.ts';
import type { Policy } from '../swarm/policy.ts';
import type { Emit } from '../telemetry/event.ts';
import { integer, positiveSeconds, rate, seconds, size } from './common/options.ts';
import { policyOf, withPolicyOptions } from './common/policy.ts';
import { runCommand } from './common/run.ts';

/** A simulated peer takes some 10 KiB and 25 bytes for each piece. */
const MAX_RECEIVERS = 100_000;
/** Receivers times pieces: about half a gigabyte, and minutes. */
const MAX_PIECES_HELD = 20_000_000;
/** Receivers times neighbours: a neighbour takes about a kilobyte at either end. */
const MAX_NEIGHBOURS = 1_000_000;
/** As the event schema promises for transfers. */
const PROGRESS_INTERVAL_MS = 100;
/** With more, all is bound long before it must be. */
const MAX_GRANTS = 64;
const MAX_SEED = 0xffff_ffff;
/** A receiver's downlink over its uplink, as in `compare`. */
const DOWNLINK_FACTOR = 5;

type Kill = NonNullable<SimulationSetup['kill']>;
type Lifetime = NonNullable<SimulationSetup['lifetime']>;

interface Options extends Policy {
  receivers: number;
  size: number;
  chunkSize?: number;
  uplink: number[];
  originUplink?: number;
  downlink?: number;
  latency: { least: number; most: number };
  buffer?: number;
  told: boolean;
  degree: number;
  turns?: number;
  seed: number;
  stagger: number;
  linger?: number;
  lifetime?: Lifetime;
  kill?: Kill;
  freeRiders: number;
  poisoners: number;
  limit: number;
  json?: boolean;
}

const refuse = (option: string, text: string, accepted: string): HubswarmError =>
  new HubswarmError('ERR_USAGE', `${option}: '${text}' is not accepted; give ${accepted}`);

function fileSize(text: string): number {
  const bytes = size('--size')(text);
  if (bytes > 0) return bytes;
  throw refuse('--size', text, '1 byte or more');
}

const uplinks = (text: string): number[] => text.split(',').map(rate('--uplink'));

function latency(text: string): { least: number; most: number } {
  const match = /^(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?ms$/.exec(text.replace('ms-', '-'));
  const least = Number(match?.[1]);
  const most = Number(match?.[2] ?? match?.[1]);
  if (match && least <= most) return { least, most };
  throw refuse('--latency', text, 'milliseconds, or a range of them (as in 5ms or 5ms-50ms)');
}

function milliseconds(text: string): number {
  const ms = Number(/^(\d+(?:\.\d+)?)ms$/.exec(text)?.[1]);
  if (ms > 0) return ms;
  throw refuse('--buffer', text, 'milliseconds above 0 (as in 100ms)');
}

function degree(text: string): number {
  if (text === 'all') return Number.POSITIVE_INFINITY;
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw refuse('--degree', text, 'a whole number above 0, or all');
}

function kill(text: string): Kill {
  if (text === 'first-copy') return { firstCopy: true };
  const match = /^(\d+(?:\.\d+)?)(s?)$/.exec(text);
  const value = Number(match?.[1]);
  if (match?.[2]) return { ms: value * 1000 };
  if (value > 0) return { copies: value };
  throw refuse(
    '--kill',
    text,
    'copies sent before it, above 0, seconds, or first-copy (as in 1.25 or 5s)',
  );
}

function lifetime(text: string): Lifetime {
  const share = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (share === undefined) return { meanMs: seconds('--lifetime')(text) * 1000 };
  if (Number(share) > 0 && Number(share) <= 100) return { meanShare: Number(share) / 100 };
  throw refuse('--lifetime', text, 'seconds, or a share above 0, up to 100% (as in 30, 50%)');
}

const HELP = `
The very sessions of 'hubswarm peer', on a virtual clock and links of so many bytes per
second: what a swarm of thousands would do, without the machines. The same options give
the same run. Not simulated: CPU and connecting.

  hubswarm simulate --receivers 1000 --degree 12
  hubswarm simulate --uplink 5Mbit/s,20Mbit/s,80Mbit/s --origin-uplink 20Mbit/s
  hubswarm simulate --uplink 5Mbit/s --buffer 100ms --no-told
  hubswarm simulate --receivers 16 --kill 1.05 --linger 0
`;

export function simulateCommand(): Command {
  const command = new Command('simulate')
    .description('Simulate a swarm of any size on a virtual clock, and compare it with its bound.')
    .option(
      '--receivers <n>',
      'number of peers that fetch',
      integer('--receivers', 1, MAX_RECEIVERS),
      8,
    )
    .addOption(
      new Option('--size <size>', 'size of the file')
        .argParser(fileSize)
        .default(32 * 2 ** 20, '32MiB'),
    )
    .option('--chunk-size <size>', 'length of a piece (default: by size)', (text) =>
      checkPieceLength('--chunk-size', size('--chunk-size')(text)),
    )
    .addOption(
      new Option(
        '--uplink <rates>',
        'uplink of each receiver; several rates, with commas, are dealt to the receivers in turn',
      )
        .argParser(uplinks)
        .default([2_500_000], '20Mbit/s'),
    )
    .option(
      '--origin-uplink <rate>',
      'uplink of the origin (default: the first of --uplink)',
      rate('--origin-uplink'),
    )
    .option(
      '--downlink <rate>',
      `downlink of each receiver (default: ${DOWNLINK_FACTOR} x its uplink)`,
      rate('--downlink'),
    )
    .addOption(
      new Option('--latency <time>', 'one-way delay; a range is drawn from for each stream')
        .argParser(latency)
        .default({ least: 5, most: 5 }, '5ms'),
    )
    .option(
      '--buffer <time>',
      'access lines with a buffer of so many milliseconds, which drop what does not fit, and TCP over them (as in 100ms; default: links that carry blocks at their rates)',
      milliseconds,
    )
    .option('--no-told', 'peers are not told the rates of their uplinks; needs --buffer')
    .option('--degree <n>', 'neighbours of each receiver, the origin included; or all', degree, 6)
    .option(
      '--turns <n>',
      'grants of its uplink that each keeps open (default: measured)',
      integer('--turns', 1, MAX_GRANTS),
    )
    .option('--seed <n>', 'seed of all random choices', integer('--seed', 0, MAX_SEED), 42)
    .option(
      '--stagger <seconds>',
      'each receiver joins so long after the last one',
      seconds('--stagger'),
      0,
    )
    .option(
      '--linger <seconds>',
      'a receiver leaves so long after it is complete, and up to 30 s later while others lack pieces that only complete peers have (default: it stays)',
      seconds('--linger'),
    )
    .option(
      '--lifetime <mean>',
      'receivers vanish at random, after so many seconds on average; or every second one vanishes, with such a share of the file on average (as in 30, 50%; default: never)',
      lifetime,
    )
    .option(
      '--kill <when>',
      'the origin dies when it has sent so many copies, at that time, or when some receiver has each piece (as in 1.25, 5s, first-copy)',
      kill,
    )
    .option(
      '--free-riders <n>',
      'number of receivers that take and never give',
      integer('--free-riders', 0, MAX_RECEIVERS),
      0,
    )
    .option(
      '--poisoners <n>',
      'number of further peers, which send wrong bytes',
      integer('--poisoners', 0, MAX_RECEIVERS),
      0,
    )
    .option(
      '--limit <seconds>',
      'simulated time after which the run ends',
      positiveSeconds('--limit'),
      86_400,
    )
    .option('--json', 'one JSON object: SimulationResult of src/simulate/result.ts')
    .addHelpText('after', HELP)
    .action(act);
  return withPolicyOptions(command);
}

async function act(options: Options): Promise<void> {
  const setup = setupOf(options, policyOf(options));
  checkTogether(setup);
  const { simulate } = await import('../simulate/simulate.ts');
  const { drawTable } = await import('../simulate/table.ts');
  let answer = '';
  // Events are for a person's progress bar alone: the answer is one object or table.
  await runCommand({ quiet: options.json ?? false }, async ({ emit, signal }) => {
    const startedAt = performance.now();
    const result = await simulate(setup, { signal, onProgress: progress(emit) });
    const wallMs = performance.now() - startedAt;
    answer = options.json ? JSON.stringify({ ...result, wallMs }) : drawTable(result, wallMs);
  });
  process.stdout.write(`${answer}\n`);
}

/** For a terminal, as bytes: what all receivers together have of what they want. */
function progress(emit: Emit): (bytes: number, total: number) => void {
  let next = performance.now() + PROGRESS_INTERVAL_MS;
  return (bytes, total) => {
    if (!process.stderr.isTTY || performance.now() < next) return;
    next = performance.now() + PROGRESS_INTERVAL_MS;
    emit({ event: 'transfer_progressed', bytes, total, name: 'simulation' });
  };
}

function setupOf(options: Options, policy: Policy): SimulationSetup {
  const inMs = (s: number | undefined): number | null => (s === undefined ? null : s * 1000);
  return {
    fileBytes: options.size,
    pieceLength: options.chunkSize ?? choosePieceLength(options.size),
    receivers: options.receivers,
    originUplink: options.originUplink ?? options.uplink[0]!,
    classes: options.uplink.map((uplink) => ({
      uplink,
      downlink: options.downlink ?? DOWNLINK_FACTOR * uplink,
    })),
    latencyMs: options.latency,
    line: lineOf(options),
    turns: options.turns ?? null,
    picker: policy.picker ?? 'rarest',
    choker: policy.choker ?? 'cooperative',
    degree: Number.isFinite(options.degree) ? options.degree : null,
    seed: options.seed,
    staggerMs: options.stagger * 1000,
    lingerMs: inMs(options.linger),
    lifetime: options.lifetime ?? null,
    kill: options.kill ?? null,
    freeRiders: options.freeRiders,
    poisoners: options.poisoners,
    limitMs: options.limit * 1000,
  };
}

function lineOf({ buffer, told }: Options): SimulationSetup['line'] {
  if (buffer !== undefined) return { bufferMs: buffer, told };
  if (told) return null;
  throw new HubswarmError(
    'ERR_USAGE',
    '--no-told: without --buffer no uplink has a line behind it',
  );
}

function checkTogether(setup: SimulationSetup): void {
  const { receivers, freeRiders, poisoners, fileBytes, pieceLength, degree } = setup;
  const peers = receivers + poisoners;
  if (freeRiders > receivers) {
    throw refuse('--free-riders', String(freeRiders), `at most ${receivers}, the receivers`);
  }
  const pieces = Math.ceil(fileBytes / pieceLength);
  if (peers * pieces > MAX_PIECES_HELD) {
    throw refuse(
      '--size',
      `${peers} peers x ${pieces} pieces`,
      `a file of at most ${Math.floor(MAX_PIECES_HELD / peers)} pieces for so many peers`,
    );
  }
  const neighbours = Math.min(degree ?? peers, peers);
  if (peers * neighbours > MAX_NEIGHBOURS) {
    throw refuse(
      '--degree',
      degree === null ? 'all' : String(degree),
      `at most ${Math.floor(MAX_NEIGHBOURS / peers)} for so many peers`,
    );
  }
}
