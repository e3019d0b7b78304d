// Every parser of text that a remote writes, against texts that are made to hang it:
// something repeated up to 100,000 characters, between a fitting head and an end that does
// not fit. A parser whose work grows with the square of the length takes many seconds for
// one of them, an exponential one never ends; a linear one takes some milliseconds. What counts is
// how much more CPU time a longer text takes than a shorter one in the same run.
import { expect, it } from 'vitest';
import { PARSERS, type Parse, REPEATED } from './remote-parsers.ts';

const LENGTH = 100_000;
/** CPU time that tells nothing of how the work grows: the collector may have taken it. */
const LEAST_MS = 200;
/** How much more than its share a longer text may take. The square of ten times is a hundred. */
const FACTOR = 3;
/** How much longer a text is that shows whether the work goes on to grow so, and how much longer it may take. */
const LONGER = 4;
const MOST_OF_LONGER = 6;
/** Times that each is read at the most: the least counts. */
const TRIES = 3;
const TRIES_OF_LONGER = 6;

const ENDS = ['', 'x', '\u007f"', '\n'];

/** The two lengths between which the work grows too fast, and what each took; none if it does not. */
function growsTooFast(
  parse: Parse,
  textOf: (length: number) => string,
  lengths: readonly number[],
): string | undefined {
  let before = { length: 1, ms: LEAST_MS };
  for (const text of lengths.map(textOf)) {
    const { length } = text;
    const most = Math.max(LEAST_MS, (FACTOR * before.ms * length) / before.length);
    const ms = leastMsOf(parse, text, most, TRIES);
    if (ms > most && growsOn(parse, textOf, length)) {
      return `${before.length} take ${before.ms} ms, ${length} take ${ms} ms`;
    }
    before = { length, ms: Math.max(ms, 1) };
  }
  return undefined;
}

/**
 * Whether a still longer text takes more than its share. Where memory is slow to be had the first long
 * text costs more than that, which is no growth of the work: the next one costs its share more.
 */
function growsOn(parse: Parse, textOf: (length: number) => string, length: number): boolean {
  const most = MOST_OF_LONGER * leastMsOf(parse, textOf(length), 0, TRIES_OF_LONGER);
  return leastMsOf(parse, textOf(LONGER * length), most, TRIES_OF_LONGER) > most;
}

/**
 * Another process costs none of this one's CPU time; the collector does, but not each time.
 *
 * @param enough what need not be less
 */
function leastMsOf(parse: Parse, text: string, enough: number, tries: number): number {
  let ms = cpuMsOf(parse, text);
  for (let left = tries - 1; left > 0 && ms > enough; left--) {
    if (enough > 0 && ms >= 10 * enough) break;
    ms = Math.min(ms, cpuMsOf(parse, text));
  }
  return ms;
}

function cpuMsOf(parse: Parse, text: string): number {
  const before = process.cpuUsage();
  try {
    parse(text);
  } catch {
    // Refused is read, too.
  }
  // Without the system's: where memory is slow to be had, that is what a longer text costs.
  return process.cpuUsage(before).user / 1000;
}

/** Each head by itself: the heads of one parser together took more than a minute on a busy machine. */
const CASES = Object.entries(PARSERS).flatMap(([name, [heads, parse]]) =>
  heads.map((head) => [name, head, parse] as const),
);

it.each(CASES)(
  'reads %s after %j in linear time',
  (_, head, parse) => {
    const slow: string[] = [];
    for (const part of REPEATED) {
      for (const end of ENDS) {
        const textOf = (length: number): string =>
          head + part.repeat(Math.ceil(length / part.length)) + end;
        // Shorter ones first: what is exponential or cubic must not be waited for.
        const lengths = [13 * part.length, 26 * part.length, LENGTH / 100, LENGTH / 10, LENGTH];
        const grown = growsTooFast(parse, textOf, lengths);
        if (grown) slow.push(`${JSON.stringify([head, part, end])}: ${grown}`);
      }
    }
    expect(slow).toEqual([]);
  },
  60_000,
);
