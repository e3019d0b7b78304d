// Reads what a program gives to a call, before the call does anything: types are gone at run time.
// What is wrong is refused in one line, which names what was given and what is accepted. What is read
// is a copy, so that a later change of it changes nothing.
import { checkPieceLength } from '../content/piece-length.ts';
import { HubswarmError } from '../runtime/errors.ts';
import { showText } from '../runtime/shown-text.ts';

/** Returns the value of that name, if it is accepted. @throws HubswarmError ERR_USAGE */
export type Reader<T> = (name: string, given: unknown) => T;

/** Timers hold 2^31 ms at the most: longer ones would be over at once. */
const MOST_MS = 2_000_000_000;
const LONGEST_SHOWN = 80;

/** @param accepted what to give, for the error */
export function kind<T>(accepted: string, accepts: (given: unknown) => boolean): Reader<T> {
  return (name, given) => {
    if (accepts(given)) return given as T;
    throw refusal(name, show(given), accepted);
  };
}

export const refusal = (name: string, shown: string, accepted: string): HubswarmError =>
  new HubswarmError('ERR_USAGE', `${name}: ${shown} is not accepted; give ${accepted}`);

/**
 * An object with these members and no others. One that is undefined is left out. In messages a member
 * is called `caps.member`, one of `options` by its own name.
 *
 * @param needed members that may not be left out
 */
export function record<T extends object>(
  members: { readonly [K in keyof T]-?: Reader<NonNullable<T[K]>> },
  ...needed: readonly (keyof T & string)[]
): Reader<T> {
  const names = Object.keys(members) as (keyof T & string)[];
  return (name, given) => {
    const object = anObject(name, given) as T;
    const prefix = name === 'options' ? '' : `${name}.`;
    const odd = Object.keys(object).find((key) => !Object.hasOwn(members, key));
    if (odd !== undefined) {
      const shown = showText(odd.slice(0, LONGEST_SHOWN));
      throw new HubswarmError(
        'ERR_USAGE',
        `${prefix}${shown}: is not known; accepted are ${names.join(', ')}`,
      );
    }
    const read: Partial<T> = {};
    for (const key of names) {
      const value = object[key];
      if (value !== undefined || needed.includes(key)) {
        read[key] = members[key](prefix + key, value);
      }
    }
    return read as T;
  };
}

/** An object that has these methods at least; it is no copy, since they may need it. */
export const having = <T>(
  what: string,
  methods: readonly string[],
  accepts: (given: Record<string, unknown>) => boolean = () => true,
): Reader<T> =>
  kind(what, (given) => {
    if (typeof given !== 'object' || given === null) return false;
    const object = given as Record<string, unknown>;
    return methods.every((method) => typeof object[method] === 'function') && accepts(object);
  });

const anObject = kind<object>(
  'an object',
  (given) => Object.prototype.toString.call(given) === '[object Object]',
);

export function list<T>(reader: Reader<T>): Reader<readonly T[]> {
  return (name, given) => aList(name, given).map((each, at) => reader(`${name}[${at}]`, each));
}

const aList = kind<readonly unknown[]>('a list', Array.isArray);

export const text = kind<string>(
  'text that is not empty, without NUL',
  (given) => typeof given === 'string' && given !== '' && !given.includes('\0'),
);

export const flag = kind<boolean>('true or false', (given) => typeof given === 'boolean');

/** The type says what it takes and returns. */
// biome-ignore lint/suspicious/noExplicitAny: each option names its own type
export const callback = kind<any>('a function', (given) => typeof given === 'function');

export function oneOf<T extends string>(names: readonly T[]): Reader<T> {
  return kind(`'${names.slice(0, -1).join("', '")}' or '${names.at(-1)}'`, (given) =>
    names.includes(given as T),
  );
}

export const number = kind<number>('a number', Number.isFinite);

export const whole = (low: number, high: number): Reader<number> =>
  kind(
    `a whole number from ${low} to ${high}`,
    (given) => Number.isInteger(given) && (given as number) >= low && (given as number) <= high,
  );

const isDuration = (given: unknown): boolean =>
  typeof given === 'number' && given > 0 && given <= MOST_MS;

export const duration = kind<number>(`milliseconds, over 0, up to ${MOST_MS}`, isDuration);

export const durationOrNever = kind<number>(
  `milliseconds, over 0, up to ${MOST_MS}, or Infinity`,
  (given) => isDuration(given) || given === Number.POSITIVE_INFINITY,
);

export const rate = kind<number>(
  'bytes per second, 1 or more, or Infinity',
  (given) => typeof given === 'number' && given >= 1,
);

export const abortSignal = having<AbortSignal>(
  'an AbortSignal',
  ['addEventListener', 'removeEventListener', 'throwIfAborted'],
  ({ aborted }) => typeof aborted === 'boolean',
);

export const pieceLength: Reader<number> = (name, given) =>
  checkPieceLength(name, number(name, given));

/** One line about a value, not all of it. */
function show(given: unknown): string {
  if (typeof given === 'string') {
    const isLong = given.length > LONGEST_SHOWN;
    return `'${showText(given.slice(0, LONGEST_SHOWN))}${isLong ? '...' : ''}'`;
  }
  if (Array.isArray(given)) return given.length === 0 ? 'an empty list' : 'a list';
  if (typeof given === 'function') return 'a function';
  return typeof given === 'object' && given !== null ? 'an object' : String(given);
}
