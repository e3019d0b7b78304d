// --control: commands on standard input, one a line, while a process runs. Only when
// asked for: a process that reads an input that is not meant for it takes the lines of
// the script around it, and is stopped when it runs in the background of a terminal.
import { type Controlled, obeyRate, RATE_COMMANDS } from '../../link/rate-command.ts';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import type { Emit } from '../../telemetry/event.ts';

/** Until the input ends, which ends nothing else. A line that is no command is warned of. */
export async function obeyLines(
  lines: AsyncIterable<string>,
  controlled: Controlled,
  emit: Emit,
): Promise<void> {
  for await (const line of lines) {
    if (line.trim() === '') continue;
    try {
      obey(line.trim(), controlled);
    } catch (error) {
      emit({ event: 'warned', message: `standard input: ${describeError(error)}` });
    }
  }
}

function obey(line: string, controlled: Controlled): void {
  if (obeyRate(line, controlled)) return;
  throw new HubswarmError('ERR_USAGE', `'${line}' is not a command; give ${RATE_COMMANDS}`);
}
