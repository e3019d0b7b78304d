// Every parser of text that a remote writes, against texts that are made to hang it:
// something repeated up to 100,000 characters, between a fitting head and an end that does
// not fit. A parser whose work grows with the square of the length takes many seconds for
// one of them, an exponential one never ends; a linear one takes some milliseconds. What counts is
// how much more CPU time a longer text takes than a shorter one in the same run.
import { expect, it } from 'vitest';
import { PARSERS, type Parse, REPEATED } from './remote-parsers.ts';

const LENGTH = 100_000;
/** CPU time that tells nothing of how the work grows: the collector may have taken it. */
const LEAST_MS = 50;
/** How much more than its share a longer text may take. The square of ten times is a hundred. */
const FACTOR = 3;

const ENDS = ['', 'x', '\u007f"', '\n'];

/** The two lengths between which the work grows too fast, and what each took; none if it does not. */
function growsTooFast(parse: Parse, texts: readonly string[]): string | undefined {
  let before = { length: 1, ms: LEAST_MS };
  for (const text of texts) {
    const { length } = text;
    const most = Math.max(LEAST_MS, (FACTOR * before.ms * length) / before.length);
    // Another process costs none of this one's CPU time; the collector does, but not each time.
    let ms = cpuMsOf(parse, text);
    for (let tries = 0; tries < 2 && ms > most && ms < 10 * most; tries++) {
      ms = Math.min(ms, cpuMsOf(parse, text));
    }
    if (ms > most) return `${before.length} take ${before.ms} ms, ${length} take ${ms} ms`;
    before = { length, ms: Math.max(ms, 1) };
  }
  return undefined;
}

function cpuMsOf(parse: Parse, text: string): number {
  const before = process.cpuUsage();
  try {
    parse(text);
  } catch {
    // Refused is read, too.
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
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
        const grown = growsTooFast(parse, lengths.map(textOf));
        if (grown) slow.push(`${JSON.stringify([head, part, end])}: ${grown}`);
      }
    }
    expect(slow).toEqual([]);
  },
  60_000,
);
