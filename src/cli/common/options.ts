// Parsers of option values that several commands share. Each gives one line that
// names the option, what was given and what is accepted.
import { Option } from 'commander';
import { MIN_BYTES_PER_SECOND } from '../../client/http/least-rate.ts';
import { LINK_CHOICES } from '../../disk/import/scan.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { parseRate, parseSize } from '../../runtime/units.ts';

export const rate =
  (option: string) =>
  (text: string): number =>
    parseRate(option, text);

/** A rate, or the word for one that is found. */
export const rateOrAuto =
  (option: string) =>
  (text: string): number | 'auto' =>
    text.toLowerCase() === 'auto' ? 'auto' : parseRate(option, text, ', or auto');

/** A least rate in bytes per second; 0 for none. */
const rateOrNone =
  (option: string) =>
  (text: string): number =>
    text.toLowerCase() === 'none' ? 0 : parseRate(option, text, ', or none');

/** @param moves what bytes of the transfer do: `comes`, or `is taken` */
export const minRateOption = (moves: string): Option =>
  new Option(
    '--min-rate <rate>',
    `give up if less than that ${moves} in ten minutes' mean (bytes per second); none: wait while any byte ${moves}`,
  )
    .argParser(rateOrNone('--min-rate'))
    .default(MIN_BYTES_PER_SECOND);

export const size =
  (option: string) =>
  (text: string): number =>
    parseSize(option, text);

/** A whole number in [low, high]. */
export const integer =
  (option: string, low: number, high: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high) {
      throw new HubswarmError(
        'ERR_USAGE',
        `${option}: '${text}' is not accepted; give a whole number from ${low} to ${high}`,
      );
    }
    return value;
  };

/** An option that takes one of these names. */
export function choice(flags: string, description: string, names: readonly string[]): Option {
  const option = named(new Option(flags, description), names);
  return option.argParser((text) => {
    if (names.includes(text)) return text;
    const accepted = `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
    throw new HubswarmError(
      'ERR_USAGE',
      `${option.long}: '${text}' is not known; give ${accepted}`,
    );
  });
}

/** Tells the shells' completions which names an option knows. */
export function named(option: Option, names: readonly string[]): Option {
  option.argChoices = [...names];
  return option;
}

/** Timers hold 2^31 ms at the most: longer ones would be over at once. */
const MOST_SECONDS = 2_000_000;

/** Seconds with a fraction, 0 or more. */
export const seconds = secondsIn((value) => value >= 0, `seconds, 0 to ${MOST_SECONDS}`);

export const positiveSeconds = secondsIn(
  (value) => value > 0,
  `seconds over 0, up to ${MOST_SECONDS}`,
);

function secondsIn(isAccepted: (value: number) => boolean, accepted: string) {
  return (option: string) =>
    (text: string): number => {
      const value = Number(text);
      const isSeconds = /^\d+(\.\d+)?$/.test(text) && value <= MOST_SECONDS;
      if (isSeconds && isAccepted(value)) return value;
      throw new HubswarmError(
        'ERR_USAGE',
        `${option}: '${text}' is not accepted; give ${accepted} (as in 30 or 0.5)`,
      );
    };
}

/** @throws HubswarmError ERR_USAGE when an option is given that does nothing without another */
export function needs(option: string, given: unknown, other: string, present: unknown): void {
  const isGiven = given !== undefined && given !== false;
  const isPresent = present !== undefined && present !== false;
  if (!isGiven || isPresent) return;
  throw new HubswarmError('ERR_USAGE', `${option} does nothing without ${other}; give both`);
}

/** What becomes of symbolic links inside a shared directory. */
export const linksOption = (): Option =>
  new Option(
    '--links <choice>',
    'symbolic links inside a shared directory: left out, replaced by what they lead to, or kept as links (default: refused)',
  ).choices(LINK_CHOICES);

export const maxConnectionsOption = (): Option =>
  new Option(
    '--max-connections <number>',
    'most connections with other peers; idle ones make room first (default: 300)',
  ).argParser(integer('--max-connections', 1, 65_536));

/** Each value of an option that may be repeated. */
export const each = (text: string, before: readonly string[] = []): string[] => [...before, text];
