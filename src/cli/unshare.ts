// hubswarm unshare: the daemon shares a path no more.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { looksLikeCid } from '../content/cid-target.ts';
import type { UnshareCommand } from '../daemon/commands.ts';
import { needDaemon, obeyEach } from './common/daemon-line.ts';
import { runCommand } from './common/run.ts';

interface Options {
  data?: string;
  json: boolean;
  quiet: boolean;
}

export function unshareCommand(): Command {
  return new Command('unshare')
    .description('End shares of the daemon that runs; the files stay where they are.')
    .argument('<paths-or-cids...>', 'what was shared, as hubswarm status lists it')
    .option('--data <dir>', 'directory of the daemon (default: a directory of the user)')
    .option('--json', 'events as JSON, one a line, on standard output', false)
    .option('--quiet', 'print nothing but errors', false)
    .action(run);
}

async function run(all: string[], options: Options): Promise<void> {
  await runCommand(options, async ({ emit, signal }) => {
    const first = await needDaemon(options);
    first.close();
    await obeyEach(options, all.map(commandFor), signal, emit);
  });
}

function commandFor(given: string): string {
  // A share may be of a path that is gone.
  const isCid = looksLikeCid(given) && !existsSync(given);
  const command: UnshareCommand = { what: isCid ? given : resolve(given) };
  return `unshare ${JSON.stringify(command)}`;
}
