// hubswarm get: fetches whatever a person has: a share link, a CID, URLs.
import { resolve } from 'node:path';
import { Command } from 'commander';
import type { GetCommand } from '../daemon/commands.ts';
import { HubswarmError, hasCode } from '../runtime/errors.ts';
import type { Event } from '../telemetry/event.ts';
import { type AccessFlags, accessOf, addAccessOptions } from './client/access.ts';
import { addEntryOptions, type EntryFlags, entryOf } from './client/entry.ts';
import { noDaemonOption, openDaemon } from './common/daemon-line.ts';
import { each, minRateOption, positiveSeconds, rate, seconds } from './common/options.ts';
import { runCommand } from './common/run.ts';

interface Options extends AccessFlags, EntryFlags {
  out: string;
  force: boolean;
  check: boolean;
  select: string[];
  data?: string;
  uplink?: number;
  downlink?: number;
  timeout?: number;
  minRate: number;
  linger: number;
  daemon: boolean;
  json: boolean;
  quiet: boolean;
}

export function getCommand(): Command {
  const command = addAccessOptions(new Command('get'))
    .description(
      'Fetch from a share link, a CID or a URL; several are mirrors. A daemon that runs (hubswarm daemon) fetches links and CIDs, and shares them from then on (client get and peer --get have more options).',
    )
    .argument(
      '<things...>',
      'share links, a code phrase (7-word-word), CIDs, CID/path, ipfs://CID, URLs: of one file or directory',
    )
    .option('-o, --out <dir>', "directory for what is fetched; '-' for standard output", '.')
    .option(
      '--force',
      'replace an existing file or directory with other content; what a directory holds beside is put aside',
      false,
    )
    .option(
      '--check',
      'fetch nothing: hash what lies in the directory, and name each file that differs',
      false,
    )
    .option(
      '--select <glob>',
      "only these files of a directory, as in '*.pdf' or 'docs/**'; may be repeated",
      each,
      [],
    )
    .option('--data <dir>', 'directory for identities (default: a directory of the user)')
    .option(
      '--uplink <rate>',
      'most bytes per second sent (as in 20Mbit/s or 4MiB/s)',
      rate('--uplink'),
    )
    .option('--downlink <rate>', 'most bytes per second fetched', rate('--downlink'))
    .option(
      '--timeout <seconds>',
      'give up after so long without progress (default: 30 for URLs; never for links and CIDs)',
      positiveSeconds('--timeout'),
    )
    .addOption(minRateOption('comes by HTTP'))
    .option(
      '--linger <seconds>',
      'serve peers for so long when it is complete, and up to 30 s more until those that still fetch have every piece among them',
      seconds('--linger'),
      0,
    )
    .addOption(noDaemonOption())
    .option('--json', 'events as JSON, one a line, on standard output', false)
    .option('--quiet', 'print nothing but errors', false)
    .action(run);
  return addEntryOptions(command, 'find the content through');
}

async function run(things: string[], options: Options): Promise<void> {
  const { out, json, timeout, minRate, linger, select } = options;
  if (json && out === '-') {
    throw new HubswarmError(
      'ERR_USAGE',
      "--json: cannot be given with '--out -': standard output carries the file",
    );
  }
  if (select.length > 0 && out === '-') {
    throw new HubswarmError(
      'ERR_USAGE',
      "--select: cannot be given with '--out -', which takes one file; give CID/path",
    );
  }
  const { get, wayOf } = await import('../hybrid/fetch/get.ts');
  const { wantedBy } = await import('../hybrid/fetch/glob.ts');
  const way = await wayOf(things);
  const isOfSwarm =
    way.kind === 'content' && way.urls.length === 0 && way.callable.hubs.length === 0;
  if (isOfSwarm && (await leftToDaemon(things, options))) return;
  // The write that failed reports it (EPIPE when the reader leaves); unheard it would end the process.
  process.stdout.on('error', () => undefined);
  const choice = {
    ...options,
    wants: select.length > 0 ? wantedBy('--select', select) : undefined,
    timeoutMs: timeout === undefined ? undefined : timeout * 1000,
    minBytesPerSecond: minRate,
    lingerMs: linger * 1000,
    access: (urls: readonly URL[]) => accessOf(options, urls),
    stdout: process.stdout,
  };
  // It loads libp2p, which URLs do without.
  const act = options.check ? (await import('../hybrid/fetch/check.ts')).check : get;
  await runCommand(
    options,
    async (context) => act(way, { ...choice, ...(await entryOf(options, context.emit)) }, context),
    { goesOn: true },
  );
}

/**
 * Whether a daemon that runs did it: it takes one link or CID, for a directory, where no option is about
 * a peer of this command's own. What the daemon shares already is fetched from it.
 */
async function leftToDaemon(things: readonly string[], options: Options): Promise<boolean> {
  const { out, force, check, select, join, timeout, linger, daemon } = options;
  const about = [options.uplink, options.downlink, options.swarmKey, options.allow];
  const isOwn = check || out === '-' || select.length > 0 || linger > 0;
  const [thing, ...more] = things;
  const isOther = more.length > 0 || join.some((address) => !address.startsWith('/'));
  if (!daemon || !thing || isOwn || isOther || about.some((each) => each !== undefined)) {
    return false;
  }
  const line = await openDaemon(options);
  if (!line) return false;
  const command: GetCommand = { thing, out: resolve(out), force, timeout, joins: join };
  let isDone = true;
  await runCommand(options, async ({ emit, signal }) => {
    try {
      await line.command(`get ${JSON.stringify(command)}`, signal, (told) =>
        emit(told as unknown as Event),
      );
    } catch (error) {
      if (!hasCode(error, 'ERR_CONFLICT')) throw error;
      isDone = false;
    }
  });
  return isDone;
}
