// Keys and tokens for the tests of access: each key in a file, as the server reads it.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type JWTPayload, SignJWT } from 'jose';
import type { Scope } from '../../../src/hub/access/rights.ts';
import { signToken } from '../../../src/hub/access/token.ts';
import { openTokenKey, type TokenKey } from '../../../src/hub/access/token-key.ts';
import { tempRoot } from '../hub.ts';

export interface KeyFile {
  readonly file: string;
  readonly key: TokenKey;
}

export async function keyFile(): Promise<KeyFile> {
  const file = join(await tempRoot(), 'key.jwk');
  return { file, key: await openTokenKey(file) };
}

export async function writeTemp(text: string): Promise<string> {
  const file = join(await tempRoot(), 'file');
  await writeFile(file, text, { mode: 0o600 });
  return file;
}

export const pem = (key: KeyObject): string =>
  key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }).toString();

export const ed25519 = () => generateKeyPairSync('ed25519');

interface Wish {
  readonly scopes?: readonly Scope[];
  readonly paths?: readonly string[];
  readonly subject?: string;
  readonly id?: string;
  readonly expiresInMs?: number;
}

/** A token as `hubswarm token` makes it. */
export function makeToken({ key }: KeyFile, wish: Wish = {}): Promise<string> {
  return signToken(key, {
    scopes: wish.scopes ?? ['read'],
    paths: wish.paths?.map((path) => path.split('/').filter((name) => name !== '')),
    subject: wish.subject,
    id: wish.id ?? 'id',
    issuedAtMs: Date.now(),
    expiresAtMs: Date.now() + (wish.expiresInMs ?? 60_000),
  });
}

/** Any claims, signed in any way. */
export function forge(
  key: KeyObject | Uint8Array,
  alg: string,
  claims: JWTPayload = {},
): Promise<string> {
  const payload = { aud: 'hubswarm', scope: 'read write delete', ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg }).sign(key);
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

export const basic = (token: string) => ({
  authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}`,
});
