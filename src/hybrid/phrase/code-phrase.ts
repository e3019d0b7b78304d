// A code phrase, as in 7-canyon-ocean: a number under which the sender is looked for, which is no
// secret, and two words of 2048, which are: one guess in four millions is right.
import { randomInt, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { HubswarmError } from '../../runtime/errors.ts';

export interface CodePhrase {
  /** 1 to HIGHEST_NUMBER: told to whoever is asked for the sender. */
  readonly number: number;
  /** The whole, as both say it. */
  readonly text: string;
}

const HIGHEST_NUMBER = 999;
const WORDS = 2;
/** No two words of the list begin with the same four letters. */
const ENOUGH_LETTERS = 4;
const SHAPE = /^\s*(\d{1,3})((?:[\s_.-]+[a-z]+){2})\s*$/i;
const COST = { N: 2 ** 14, r: 8, p: 1 };
const STRETCHED_BYTES = 64;

const byLetters = new Map(wordlist.map((word) => [word.slice(0, ENOUGH_LETTERS), word]));

/** A new phrase with that number. */
export function makePhrase(number = randomInt(1, HIGHEST_NUMBER + 1)): CodePhrase {
  const words = Array.from({ length: WORDS }, () => wordlist[randomInt(wordlist.length)]);
  return { number, text: [number, ...words].join('-') };
}

/** Whether it looks like a phrase, and like nothing else that can be fetched. */
export const looksLikePhrase = (text: string): boolean => SHAPE.test(text);

/**
 * Reads a phrase as a person typed it: in any case, with blanks for hyphens, words cut short after
 * four letters.
 *
 * @throws HubswarmError ERR_USAGE
 */
export function readPhrase(text: string): CodePhrase {
  const [, number = '', rest = ''] = SHAPE.exec(text) ?? [];
  const words = rest
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter(Boolean);
  if (words.length !== WORDS || Number(number) === 0) {
    throw new HubswarmError('ERR_USAGE', `'${text}' is no code phrase, as in 7-canyon-ocean`);
  }
  return { number: Number(number), text: [Number(number), ...words.map(wordOf)].join('-') };
}

function wordOf(typed: string): string {
  const word = byLetters.get(typed.slice(0, ENOUGH_LETTERS));
  if (word?.startsWith(typed) && (typed.length >= ENOUGH_LETTERS || word === typed)) return word;
  const near = word ?? wordlist.find((each) => each.startsWith(typed.slice(0, 3)));
  const hint = near ? `; did they say '${near}'?` : '';
  throw new HubswarmError('ERR_USAGE', `'${typed}' is no word of code phrases${hint}`);
}

const derive = promisify<string, string, number, typeof COST, Buffer>(scrypt);

/** The password of the key agreement, in 64 bytes. It takes some 50 ms. */
export const stretch = ({ text }: CodePhrase): Promise<Buffer> =>
  derive(text, 'hubswarm code phrase 1', STRETCHED_BYTES, COST);
