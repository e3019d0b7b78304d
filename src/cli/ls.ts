// hubswarm ls: what is in a directory, wherever it is, without fetching it.
import { Command } from 'commander';
import { showJson } from '../runtime/shown-text.ts';
import { type AccessFlags, accessOf, addAccessOptions } from './client/access.ts';
import { addEntryOptions, type EntryFlags, entryOf } from './client/entry.ts';
import { minRateOption, positiveSeconds } from './common/options.ts';
import { runCommand } from './common/run.ts';
import { formatListing } from './terminal/listing-table.ts';

interface Options extends AccessFlags, EntryFlags {
  data?: string;
  json: boolean;
  timeout: number;
  minRate: number;
}

/** Chosen: long enough for a hub to restart, and for a peer to be found. */
const TIMEOUT_SECONDS = 30;

export function listCommand(): Command {
  const command = addAccessOptions(new Command('ls'))
    .description('List a directory, without its content: of a share link, a CID or a URL of a hub.')
    .argument(
      '<thing>',
      'share link, CID, CID/path, ipfs://CID, or a URL as in http://hub:8080/files/',
    )
    .option('--data <dir>', 'directory for identities (default: a directory of the user)')
    .option('--json', 'the listing as one JSON object', false)
    .option(
      '--timeout <seconds>',
      'give up after so long without an answer',
      positiveSeconds('--timeout'),
      TIMEOUT_SECONDS,
    )
    .addOption(minRateOption('comes by HTTP'))
    .action(run);
  return addEntryOptions(command, 'find the content through');
}

async function run(thing: string, options: Options): Promise<void> {
  const { data, json, timeout, minRate } = options;
  const { wayOf } = await import('../hybrid/fetch/get.ts');
  const { list } = await import('../hybrid/fetch/list.ts');
  const way = await wayOf([thing]);
  const access = (urls: readonly URL[]) => accessOf(options, urls);
  const limits = { timeoutMs: timeout * 1000, minBytesPerSecond: minRate };
  await runCommand(
    { quiet: true },
    async (context) => {
      const entry = await entryOf(options, context.emit);
      const choice = { ...entry, data, access, ...limits };
      const listing = await list(way, choice, context);
      const text = json
        ? showJson(JSON.stringify(listing, undefined, 2))
        : formatListing(listing, process.stdout.columns);
      process.stdout.write(`${text}\n`);
    },
    { goesOn: true },
  );
}
