// hubswarm client put and rm: what changes a hub.
import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import { parseHttpUrl } from '../../client/http/url.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { showText } from '../../runtime/shown-text.ts';
import { positiveSeconds, rate } from '../common/options.ts';
import { runCommand } from '../common/run.ts';
import { type AccessFlags, accessOf, addAccessOptions } from './access.ts';

/** Chosen: long enough for a hub to restart. */
const TIMEOUT_SECONDS = 30;

interface PutFlags extends AccessFlags {
  recursive: boolean;
  delete: boolean;
  ifAbsent: boolean;
  preserve: boolean;
  uplink?: number;
  timeout: number;
  quiet: boolean;
  json: boolean;
}

export function putCommand(): Command {
  return addAccessOptions(new Command('put'))
    .description('Send a file, or a directory, to a hub that is writable.')
    .argument('<file>', 'a regular file; with -r a directory')
    .argument('<url>', "the target; if it ends in '/', the file's name is added")
    .option('-r, --recursive', 'send a directory to the URL of one: only what changed', false)
    .option(
      '--delete',
      'with -r: delete what the hub has there and the directory does not have',
      false,
    )
    .option('--no-preserve', 'do not keep the time of last change, nor the executable bit')
    .option('--if-absent', 'fail if the hub has a file of that name', false)
    .option(
      '--uplink <rate>',
      'most bytes per second sent (as in 20Mbit/s or 4MiB/s)',
      rate('--uplink'),
    )
    .option(
      '--timeout <seconds>',
      'give up after so long without progress',
      positiveSeconds('--timeout'),
      TIMEOUT_SECONDS,
    )
    .option('--quiet', 'print nothing but errors', false)
    .option('--json', 'events as JSON, one a line, on standard output', false)
    .action(put);
}

async function put(path: string, text: string, flags: PutFlags): Promise<void> {
  const url = parseHttpUrl(text);
  if (flags.delete && !flags.recursive) {
    throw new HubswarmError(
      'ERR_USAGE',
      '--delete: only goes with -r; give both, or use client rm',
    );
  }
  const access = await accessOf(flags, [url]);
  const results: string[] = [];
  await runCommand(flags, async ({ emit, signal }) => {
    const options = {
      path,
      url,
      ifAbsent: flags.ifAbsent,
      preserve: flags.preserve,
      access,
      uplinkBytesPerSecond: flags.uplink,
      stallMs: flags.timeout * 1000,
      emit,
      signal,
    };
    if (flags.recursive) {
      const { putDirectory } = await import('../../client/tree/put-directory.ts');
      const summary = await putDirectory({ ...options, remove: flags.delete });
      results.push(
        `${summary.sent} sent, ${summary.unchanged} unchanged, ${summary.removed} deleted`,
      );
      return;
    }
    if ((await stat(path).catch(() => undefined))?.isDirectory()) {
      throw new HubswarmError('ERR_USAGE', `${path}: is a directory; -r sends it`);
    }
    const { putFile } = await import('../../client/upload/put.ts');
    const stored = await putFile(options);
    results.push(stored.url, stored.etag ?? '');
  });
  // Now that the progress bar has ended its line.
  if (flags.json || flags.quiet) return;
  for (const line of results) process.stdout.write(`${showText(line)}\n`);
}

export function removeCommand(): Command {
  return addAccessOptions(new Command('rm'))
    .description('Delete a file, or an empty directory, of a hub that is writable.')
    .argument('<url...>', 'as in http://127.0.0.1:8080/files/name')
    .option(
      '--timeout <seconds>',
      'give up after so long without an answer',
      positiveSeconds('--timeout'),
      TIMEOUT_SECONDS,
    )
    .action(remove);
}

async function remove(texts: string[], flags: AccessFlags & { timeout: number }): Promise<void> {
  const urls = texts.map((text) => parseHttpUrl(text));
  const access = await accessOf(flags, urls);
  const { removeFile } = await import('../../client/upload/remove.ts');
  await runCommand({ quiet: true }, async ({ signal }) => {
    for (const url of urls)
      await removeFile({ url, access, stallMs: flags.timeout * 1000, signal });
  });
}
