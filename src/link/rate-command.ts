// `uplink RATE` and `downlink RATE`: lines that change the caps of a link while it runs.
import { parseRate } from '../runtime/units.ts';
import type { Caps } from './link.ts';

/** What these commands change. */
export interface Controlled {
  limit(caps: Caps): void;
  /** For `uplink auto`, where the uplink's rate can be found. */
  adapt?(): void;
}

/** For a person who gave another line. */
export const RATE_COMMANDS = "'uplink RATE' or 'downlink RATE', RATE as in 20Mbit/s, or none";

/** False if the line is no such command. @throws HubswarmError ERR_USAGE for what is no rate */
export function obeyRate(line: string, controlled: Controlled): boolean {
  const [, direction, rate] = /^(uplink|downlink)\s+(.+)$/.exec(line.toLowerCase()) ?? [];
  if (direction === undefined || rate === undefined) return false;
  if (direction === 'downlink')
    controlled.limit({ downlinkBytesPerSecond: capOf(direction, rate) });
  else if (rate === 'auto' && controlled.adapt) controlled.adapt();
  else controlled.limit({ uplinkBytesPerSecond: capOf(direction, rate) });
  return true;
}

const capOf = (direction: string, rate: string): number =>
  rate === 'none' ? Number.POSITIVE_INFINITY : parseRate(direction, rate, ', or none');
