// hubswarm client: fetches from, sends to and lists HTTP servers.
import { Command } from 'commander';
import { parseHttpUrl } from '../client/url.ts';
import { type AccessFlags, accessOf, addAccessOptions } from './client-access.ts';
import { getCommand } from './client-get.ts';
import { clean } from './human.ts';
import { rate } from './options.ts';
import { EXIT_CODES, runCommand } from './run.ts';

/** Chosen: long enough for a hub to restart. */
const TIMEOUT_SECONDS = 30;

export function clientCommand(): Command {
  return new Command('client')
    .description('Fetch from, send to and list HTTP servers: hubs, and plain ones.')
    .addHelpText('after', EXIT_CODES)
    .addCommand(getCommand())
    .addCommand(putCommand())
    .addCommand(listCommand());
}

interface PutFlags {
  uplink?: number;
  json: boolean;
}

function putCommand(): Command {
  return new Command('put')
    .description('Send a file to a hub that is writable.')
    .argument('<file>', 'a regular file')
    .argument('<url>', "where to; one that ends in '/' gets the file's name")
    .option('--uplink <rate>', 'send at most so fast (as in 20Mbit/s or 4MiB/s)', rate('--uplink'))
    .option('--json', 'events as JSON, one a line, on standard output', false)
    .action(put);
}

async function put(path: string, text: string, flags: PutFlags): Promise<void> {
  const url = parseHttpUrl(text);
  const { putFile } = await import('../client/put.ts');
  await runCommand(flags, async ({ emit, signal }) => {
    const stored = await putFile({
      path,
      url,
      uplinkBytesPerSecond: flags.uplink,
      stallMs: TIMEOUT_SECONDS * 1000,
      emit,
      signal,
    });
    if (!flags.json) process.stdout.write(`${clean(stored.url)}\n${clean(stored.etag ?? '')}\n`);
  });
}

function listCommand(): Command {
  return addAccessOptions(new Command('ls'))
    .description('List a directory of a hub.')
    .argument('<url>', 'as in http://127.0.0.1:8080/files/')
    .option('--json', 'as the hub gives it', false)
    .action(list);
}

async function list(text: string, flags: AccessFlags & { json: boolean }): Promise<void> {
  const url = parseHttpUrl(text);
  const access = await accessOf(flags, [url]);
  const { fetchListing, formatListing } = await import('../client/list.ts');
  await runCommand({ quiet: true }, async ({ signal }) => {
    const listing = await fetchListing(url, TIMEOUT_SECONDS * 1000, signal, access);
    const text = flags.json ? JSON.stringify(listing, undefined, 2) : formatListing(listing, clean);
    process.stdout.write(`${text}\n`);
  });
}
