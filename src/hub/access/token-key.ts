// The key that signs and verifies tokens: Ed25519 (JWK or PEM) or a secret for HS256. The kind of
// key alone decides the algorithm, never the token: so a public key is never taken for a secret
// (RFC 8725 section 3.1). A file that looks like a key of another kind is refused, and not read as
// a secret.
import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { dirname, join } from 'node:path';
import { HubswarmError } from '../../runtime/errors.ts';
import { makeDirectory } from '../../runtime/node/make-directory.ts';
import { createWhole, readSmall } from '../../runtime/node/small-file.ts';
import { userDirectory } from '../../runtime/node/user-directory.ts';

export interface TokenKey {
  readonly algorithm: 'EdDSA' | 'HS256';
  /** The public key, or the secret. */
  readonly verifying: KeyObject;
  /** Absent if only the public key is here. */
  readonly signing?: KeyObject | undefined;
  /** Whether it can sign, and others than its owner may read it. */
  readonly exposed: boolean;
}

/** Least length of a secret: that of the hash (RFC 7518 section 3.2). */
const MIN_SECRET_BYTES = 32;

export const defaultTokenKeyFile = (): string => join(userDirectory('config'), 'token-key.jwk');

/**
 * Reads the key in the file. Makes the file if it is missing (Ed25519; only the user may read it).
 *
 * @throws HubswarmError ERR_USAGE, ERR_NOT_PERMITTED
 */
export async function openTokenKey(
  path: string,
  onMade: (path: string) => void = () => {},
): Promise<TokenKey> {
  const found = await tryRead(path);
  if (found) return found;
  await makeDirectory(dirname(path), 0o700);
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  // Another process may make the file at the same moment: the key in the file counts.
  await createWhole(path, `${JSON.stringify({ ...jwk, alg: 'EdDSA', use: 'sig' })}\n`);
  const made = await readTokenKey(path);
  onMade(path);
  return made;
}

/** @throws HubswarmError ERR_USAGE, ERR_NOT_FOUND, ERR_NOT_PERMITTED */
export async function readTokenKey(path: string): Promise<TokenKey> {
  const key = await tryRead(path);
  if (key) return key;
  throw new HubswarmError(
    'ERR_NOT_FOUND',
    `${path}: no such key file, or none that holds a key; 'hubswarm token --key FILE' makes a new one`,
  );
}

async function tryRead(path: string): Promise<TokenKey | undefined> {
  const file = await readSmall(path);
  if (!file) return undefined;
  const key = parseTokenKey(file.text);
  if (typeof key === 'string') throw new HubswarmError('ERR_USAGE', `${path}: ${key}`);
  return { ...key, exposed: file.exposed && key.signing !== undefined };
}

const ACCEPTED =
  'give an Ed25519 key as JWK or PEM, or a secret of 32 bytes or more (as of openssl rand -hex 32)';

/** The key, or the reason why the text is none. */
function parseTokenKey(text: string): Omit<TokenKey, 'exposed'> | string {
  const trimmed = text.trim();
  try {
    if (trimmed.startsWith('{')) return fromJwk(JSON.parse(trimmed) as JsonWebKey);
    if (trimmed.startsWith('-----BEGIN')) return fromPem(trimmed);
  } catch {
    return `not a key that can be read; ${ACCEPTED}`;
  }
  return fromSecret(Buffer.from(trimmed));
}

function fromJwk(jwk: JsonWebKey): Omit<TokenKey, 'exposed'> | string {
  if (jwk.kty === 'oct') return fromSecret(Buffer.from(jwk.k ?? '', 'base64url'));
  const input = { key: jwk, format: 'jwk' } as const;
  return fromKey(jwk.d === undefined ? createPublicKey(input) : createPrivateKey(input));
}

const fromPem = (pem: string) =>
  fromKey(pem.includes('PRIVATE KEY') ? createPrivateKey(pem) : createPublicKey(pem));

function fromKey(key: KeyObject): Omit<TokenKey, 'exposed'> | string {
  if (key.asymmetricKeyType !== 'ed25519') return `a key of another kind; ${ACCEPTED}`;
  if (key.type === 'public') return { algorithm: 'EdDSA', verifying: key };
  return { algorithm: 'EdDSA', verifying: createPublicKey(key), signing: key };
}

function fromSecret(secret: Buffer): Omit<TokenKey, 'exposed'> | string {
  if (secret.length < MIN_SECRET_BYTES) return `too short for a secret; ${ACCEPTED}`;
  const key = createSecretKey(secret);
  return { algorithm: 'HS256', verifying: key, signing: key };
}
