// The key of a private swarm: 32 secret bytes that all its peers have. A connection carries nothing
// but what this key encrypts, from its first byte on, so whoever lacks it learns nothing. The file is
// the `swarm.key` that other libp2p programs read and write: a line that names the kind of key, one
// that names an encoding, and the bytes in that encoding.
import { createHash, randomBytes } from 'node:crypto';
import { HubswarmError } from '../../runtime/errors.ts';
import { createWhole, readBounded } from '../../runtime/node/small-file.ts';

export interface SwarmKey {
  /** The file's text in hexadecimal form, without a newline at its end. */
  readonly text: string;
  /** Tells private swarms apart and says nothing about the key: ten hexadecimal digits. */
  readonly swarm: string;
  /** Whether others than the file's owner may read it. */
  readonly exposed: boolean;
}

const KIND = '/key/swarm/psk/1.0.0/';
const KEY_BYTES = 32;
/** The longest form has 95 bytes; blank lines round it do no harm. Chosen. */
const MOST_FILE_BYTES = 256;
const SWARM_DIGITS = 10;

const ACCEPTED = `give a file as 'hubswarm swarm-key FILE' makes it: ${KIND}, /base16/ and 64 hexadecimal digits, a line each`;

/** @throws HubswarmError ERR_NOT_FOUND, ERR_NOT_PERMITTED, ERR_USAGE if it holds no such key */
export async function readSwarmKey(path: string): Promise<SwarmKey> {
  const file = await readBounded(path, MOST_FILE_BYTES);
  if (!file) {
    const message = `${path}: no such key file, or none that holds a swarm's key; ${ACCEPTED}`;
    throw new HubswarmError('ERR_NOT_FOUND', message);
  }
  const key = parseSwarmKey(file.bytes);
  if (key) return { ...key, exposed: file.exposed };
  throw new HubswarmError('ERR_USAGE', `${path}: not the key of a swarm; ${ACCEPTED}`);
}

/** Makes a key, which only the user may read. @throws HubswarmError ERR_EXISTS, ERR_NOT_PERMITTED */
export async function makeSwarmKey(path: string): Promise<void> {
  const text = textOf(randomBytes(KEY_BYTES));
  if (await createWhole(path, `${text}\n`)) return;
  throw new HubswarmError(
    'ERR_EXISTS',
    `${path}: already exists, and whoever has its key would be left alone; name another file`,
  );
}

const textOf = (key: Uint8Array): string =>
  `${KIND}\n/base16/\n${Buffer.from(key).toString('hex')}`;

/** @param file bytes of the file, of any length */
function parseSwarmKey(file: Buffer): Omit<SwarmKey, 'exposed'> | undefined {
  // One character a byte, since `/bin/` is followed by the bytes themselves.
  const [, encoding, rest] =
    /^\s*\/key\/swarm\/psk\/1\.0\.0\/\s*?\r?\n\/(base16|base64|bin)\/\s*?\r?\n(.*)$/s.exec(
      file.toString('latin1'),
    ) ?? [];
  const key = rest === undefined ? undefined : decode(encoding, rest);
  if (key?.length !== KEY_BYTES) return undefined;
  const digest = createHash('sha256').update('hubswarm swarm').update(key).digest('hex');
  return { text: textOf(key), swarm: digest.slice(0, SWARM_DIGITS) };
}

function decode(encoding: string | undefined, rest: string): Buffer | undefined {
  if (encoding === 'bin') return Buffer.from(rest, 'latin1').subarray(0, KEY_BYTES);
  const text = rest.trim();
  if (encoding === 'base16')
    return /^[\da-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
  return /^[\w+/-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}
