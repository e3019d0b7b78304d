// The options by which a client shows who it is and whom it trusts, for every command
// that talks to a server.
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { Access, isToken, parseFingerprint } from '../../client/http/access.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { readNamed } from '../../runtime/node/named-file.ts';

export interface AccessFlags {
  token?: string;
  cacert?: string;
  fingerprint?: string[];
  insecureRedirect?: boolean;
}

/** A certificate bundle of all public issuers takes a quarter of that. */
const MAX_CA_BYTES = 2 ** 20;

export function addAccessOptions(command: Command): Command {
  return command
    .option(
      '--token <token>',
      'the token for the hub (default: HUBSWARM_TOKEN); sent only to the servers given here',
    )
    .option('--cacert <file>', 'trust the issuer with this certificate (PEM) as well')
    .option(
      '--fingerprint <sha256>',
      'the certificate that an https server given here must have; may be repeated',
      fingerprints('--fingerprint'),
    );
}

/** Each of a repeatable option. */
export const fingerprints =
  (option: string) =>
  (text: string, before: readonly string[] = []): string[] => {
    const hex = parseFingerprint(text);
    if (hex !== undefined) return [...before, hex];
    throw new HubswarmError(
      'ERR_USAGE',
      `${option}: '${text}' is no SHA-256; give 64 hex digits, with or without colons`,
    );
  };

/** What the options are called, and where the token is taken from when none is given. */
interface Names {
  /** Of every option, dashes included. */
  readonly prefix: string;
  readonly variable: string;
}

const CLIENT: Names = { prefix: '--', variable: 'HUBSWARM_TOKEN' };

/** @throws HubswarmError ERR_USAGE, and what is wrong with the file */
export async function accessOf(
  flags: AccessFlags,
  urls: readonly URL[],
  { prefix, variable }: Names = CLIENT,
): Promise<Access> {
  const { token = process.env[variable], fingerprint } = flags;
  if (token !== undefined && token !== '' && !isToken(token)) {
    // Not shown: it may be a token with a slip of the pen.
    throw new HubswarmError('ERR_USAGE', `${prefix}token: what was given is not a bearer token`);
  }
  if (fingerprint && !urls.some(({ protocol }) => protocol === 'https:')) {
    throw new HubswarmError(
      'ERR_USAGE',
      `${prefix}fingerprint: no https:// URL was given to hold to it`,
    );
  }
  const ca = flags.cacert === undefined ? undefined : await readCa(`${prefix}cacert`, flags.cacert);
  const { SSL_CERT_FILE } = process.env;
  return new Access({
    urls,
    token: token || undefined,
    netrc: await readNetrc(),
    fingerprints: fingerprint,
    ca,
    roots: SSL_CERT_FILE ? await readCa('SSL_CERT_FILE', SSL_CERT_FILE) : undefined,
    environment: process.env,
    insecureRedirect: flags.insecureRedirect,
  });
}

const MAX_NETRC_BYTES = 2 ** 20;

/** As other programs, it goes on without one. */
async function readNetrc(): Promise<string | undefined> {
  try {
    const path = process.env.NETRC || join(homedir(), '.netrc');
    return await readNamed(path, MAX_NETRC_BYTES);
  } catch {
    return undefined;
  }
}

async function readCa(option: string, path: string): Promise<string> {
  const text = await readNamed(path, MAX_CA_BYTES, `${option}: ${path}`);
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new HubswarmError('ERR_USAGE', `${option}: ${path} holds no certificate in PEM`);
}
