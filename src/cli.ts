// The program's entry (src/launch.ts loads it): the runtime shim before anything else, then the command table.
import './runtime/with-resolvers.ts';
import { CommanderError } from 'commander';
import { EXIT, reportFailure, reportUnwritten, wasToldToStop } from './cli/common/run.ts';
import { createProgram } from './cli/program.ts';

/** Chosen: how long a reader may take nothing of what was said last. */
const FLUSH_MS = 500;

void main();

async function main(): Promise<void> {
  let unwritten: unknown;
  process.stdout.on('error', (error) => {
    unwritten ??= error;
  });
  // Where failures are told, none of its own can be.
  process.stderr.on('error', () => undefined);
  try {
    const program = await createProgram(process.argv[2]);
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
  process.stdout.write('', (error) => {
    unwritten ??= error;
    const isEnded = wasToldToStop() || (process.exitCode ?? EXIT.ok) !== EXIT.ok;
    if (unwritten && !isEnded) process.exitCode = reportUnwritten(unwritten);
    process.exit();
  });
}

function leaveIdleReader(): void {
  let left = process.stdout.writableLength;
  setInterval(() => {
    if (process.stdout.writableLength >= left) process.exit();
    left = process.stdout.writableLength;
  }, FLUSH_MS);
}
