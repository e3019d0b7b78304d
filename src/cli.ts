// The program's entry (src/launch.ts loads it): the runtime shim before anything else, then the command table.
import './runtime/with-resolvers.ts';
import { Command, CommanderError } from 'commander';
import { attackCommand } from './cli/attack.ts';
import { balancerCommand } from './cli/balancer.ts';
import { cidCommand } from './cli/cid.ts';
import { clientCommand } from './cli/client/client.ts';
import { EXIT, reportFailure, wasToldToStop } from './cli/common/run.ts';
import { strict } from './cli/common/strict.ts';
import { compareCommand } from './cli/compare/compare.ts';
import { peerCommand } from './cli/peer.ts';
import { serverCommand } from './cli/server/server.ts';
import { simulateCommand } from './cli/simulate.ts';
import { tokenCommand } from './cli/token.ts';

const program = new Command('hubswarm')
  .description('One file to many machines: from a central server, or through a swarm of peers.')
  .version('0.1.0')
  .showSuggestionAfterError(true);

for (const command of [
  serverCommand,
  clientCommand,
  peerCommand,
  compareCommand,
  simulateCommand,
  attackCommand,
  cidCommand,
  balancerCommand,
  tokenCommand,
]) {
  program.addCommand(command());
}

/** Chosen: how long a reader may take nothing of what was said last. */
const FLUSH_MS = 500;

strict(program);
void main();

async function main(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    } else {
      process.exitCode = reportFailure(error);
    }
  }
  // A reader that takes nothing must not keep alive what was told to stop.
  if (wasToldToStop() || process.exitCode === EXIT.interrupted) leaveIdleReader();
  // All is closed and said by now; libp2p keeps a timer that would cost a second.
  process.stdout.write('', () => process.exit());
}

function leaveIdleReader(): void {
  let left = process.stdout.writableLength;
  setInterval(() => {
    if (process.stdout.writableLength >= left) process.exit();
    left = process.stdout.writableLength;
  }, FLUSH_MS);
}
