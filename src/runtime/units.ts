// Sizes and rates as people write them. Bytes everywhere inside; bits only
// where a person wrote "bit". A bare number is bytes (per second).
import { HubswarmError } from './errors.ts';

const PREFIX: Record<string, number> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
};

const SIZE = /^(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?$/i;
const RATE = /^(\d+(?:\.\d+)?)\s*([kmgt]i?)?(bit|b)?(?:\/s|ps)?$/i;

/** `64KiB`, `4MiB`, `1.5GB`, `4096` -> bytes; undefined when malformed. */
export function tryParseSize(text: string): number | undefined {
  const match = SIZE.exec(text.trim());
  if (!match) return undefined;
  const bytes = Math.round(Number(match[1]) * PREFIX[(match[2] ?? '').toLowerCase()]!);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `20Mbit/s`, `4MiB/s`, `500kB/s`, `65536` -> bytes per second; undefined when malformed. */
export function tryParseRate(text: string): number | undefined {
  const match = RATE.exec(text.trim());
  if (!match) return undefined;
  const units = Number(match[1]) * PREFIX[(match[2] ?? '').toLowerCase()]!;
  const bytes = match[3]?.toLowerCase() === 'bit' ? units / 8 : units;
  return Number.isFinite(bytes) && bytes > 0 && bytes <= Number.MAX_SAFE_INTEGER
    ? bytes
    : undefined;
}

/** An option's value parsed, or a one-line usage error that says what is accepted. */
export function parseSize(option: string, text: string): number {
  const bytes = tryParseSize(text);
  if (bytes === undefined) {
    throw new HubswarmError(
      'ERR_USAGE',
      `${option}: '${text}' is not a size; give bytes, or a number with kB, KiB, MB, MiB, GB, GiB (as in 256KiB)`,
    );
  }
  return bytes;
}

/** Below this a number without a unit was meant in another one, in bytes per second. Chosen. */
const MIN_BARE_RATE = 1024;

/**
 * @param words what else is accepted, for the error
 * @throws HubswarmError ERR_USAGE, also for a small number without a unit: `--uplink 20` is 20 bytes
 *   per second, which nobody means
 */
export function parseRate(option: string, text: string, words = ''): number {
  const rate = tryParseRate(text);
  if (rate === undefined) {
    throw new HubswarmError(
      'ERR_USAGE',
      `${option}: '${text}' is not a rate; give bytes per second, or a number with a unit (as in 20Mbit/s or 4MiB/s)${words}`,
    );
  }
  if (rate < MIN_BARE_RATE && /^[\d.\s]+$/.test(text)) {
    const number = text.trim();
    throw new HubswarmError(
      'ERR_USAGE',
      `${option}: ${number} without a unit is ${number} bytes per second; give a unit (as in ${number}Mbit/s, ${number}MiB/s or ${number}B/s)`,
    );
  }
  return rate;
}
