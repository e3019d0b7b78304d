// hubswarm status: what the daemon is doing.
import { Command } from 'commander';
import type { AnswerLine } from '../daemon/call-daemon.ts';
import { joinStatus } from '../daemon/status.ts';
import { showJson } from '../runtime/shown-text.ts';
import { needDaemon } from './common/daemon-line.ts';
import { runCommand } from './common/run.ts';
import { formatStatus } from './terminal/status-table.ts';

interface Options {
  data?: string;
  json: boolean;
}

export function statusCommand(): Command {
  return new Command('status')
    .description('Show what the daemon that runs is doing: shares, transfers, neighbours, rates.')
    .option('--data <dir>', 'directory of the daemon (default: a directory of the user)')
    .option('--json', 'the status as one JSON object, with all shares', false)
    .action(run);
}

async function run(options: Options): Promise<void> {
  await runCommand({ quiet: true }, async ({ signal }) => {
    const line = await needDaemon(options);
    const parts: AnswerLine[] = [];
    await line.command('status', signal, (part) => parts.push(part));
    const status = joinStatus(parts);
    const text = options.json
      ? showJson(JSON.stringify(status, undefined, 2))
      : formatStatus(status, process.stdout.columns);
    process.stdout.write(`${text}\n`);
  });
}
