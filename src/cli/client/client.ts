// hubswarm client: one command of its own for each thing that is done to a server.
import { Command } from 'commander';
import { parseHttpUrl } from '../../client/http/url.ts';
import { showJson } from '../../runtime/shown-text.ts';
import { minRateOption, positiveSeconds } from '../common/options.ts';
import { EXIT_CODES, runCommand } from '../common/run.ts';
import { type AccessFlags, accessOf, addAccessOptions } from './access.ts';
import { getCommand } from './get.ts';
import { putCommand, removeCommand } from './put.ts';
import { watchCommand } from './watch.ts';

/** Chosen: long enough for a hub to restart. */
const TIMEOUT_SECONDS = 30;

export function clientCommand(): Command {
  const client = new Command('client')
    .description(
      'Fetch from, send to and list HTTP servers: hubs, and plain ones. In short: hubswarm get.',
    )
    .addCommand(getCommand())
    .addCommand(putCommand())
    .addCommand(removeCommand())
    .addCommand(listCommand())
    .addCommand(watchCommand());
  for (const command of [client, ...client.commands]) command.addHelpText('after', EXIT_CODES);
  return client;
}

function listCommand(): Command {
  return addAccessOptions(new Command('ls'))
    .description('List a directory of a hub.')
    .argument('<url>', 'as in http://127.0.0.1:8080/files/')
    .option('--json', 'the listing as the hub sends it', false)
    .option(
      '--timeout <seconds>',
      'give up after so long without progress',
      positiveSeconds('--timeout'),
      TIMEOUT_SECONDS,
    )
    .addOption(minRateOption('comes'))
    .action(list);
}

async function list(
  text: string,
  flags: AccessFlags & { json: boolean; timeout: number; minRate: number },
): Promise<void> {
  const url = parseHttpUrl(text);
  const access = await accessOf(flags, [url]);
  const { fetchListing, inNaturalOrder } = await import('../../client/tree/remote/list.ts');
  const { formatListing } = await import('../terminal/listing-table.ts');
  await runCommand({ quiet: true }, async ({ signal }) => {
    const limits = { stallMs: flags.timeout * 1000, minBytesPerSecond: flags.minRate };
    const listing = await fetchListing(url, limits, signal, access);
    const text = flags.json
      ? showJson(JSON.stringify(listing, undefined, 2))
      : formatListing(inNaturalOrder(listing, url), process.stdout.columns);
    process.stdout.write(`${text}\n`);
  });
}
