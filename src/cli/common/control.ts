// --control: commands on standard input, one a line, while a process runs. Only when
// asked for: a process that reads an input that is not meant for it takes the lines of
// the script around it, and is stopped when it runs in the background of a terminal.
import type { Caps } from '../../link/link.ts';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import { parseRate } from '../../runtime/units.ts';
import type { Emit } from '../../telemetry/event.ts';

/** What commands change. */
interface Controlled {
  limit(caps: Caps): void;
  /** For `uplink auto`, where the uplink's rate can be found. */
  adapt?(): void;
}

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
  const [, direction, rate] = /^(uplink|downlink)\s+(.+)$/.exec(line.toLowerCase()) ?? [];
  if (direction === undefined || rate === undefined) {
    throw new HubswarmError(
      'ERR_USAGE',
      `'${line}' is not a command; give 'uplink RATE' or 'downlink RATE', RATE as in 20Mbit/s, or none`,
    );
  }
  if (direction === 'downlink')
    controlled.limit({ downlinkBytesPerSecond: capOf(direction, rate) });
  else if (rate === 'auto' && controlled.adapt) controlled.adapt();
  else controlled.limit({ uplinkBytesPerSecond: capOf(direction, rate) });
}

const capOf = (direction: string, rate: string): number =>
  rate === 'none' ? Number.POSITIVE_INFINITY : parseRate(direction, rate, ', or none');
