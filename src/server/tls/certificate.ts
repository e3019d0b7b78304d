// A certificate and its key for the server. Whatever is wrong with the given files is one line
// each, before anything listens: missing, not PEM, a key of another certificate, expired or not
// valid yet.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { HubswarmError, hasCode } from '../../runtime/errors.ts';
import { readNamed } from '../../runtime/node/named-file.ts';
import type { Event } from '../../telemetry/event.ts';

export interface Certificate {
  /** PEM; the chain follows the certificate, if there is one. */
  readonly cert: string;
  readonly key: string;
  readonly selfSigned: boolean;
  readonly leaf: X509Certificate;
}

/** @throws HubswarmError ERR_USAGE, ERR_NOT_PERMITTED */
export async function readCertificate(certFile: string, keyFile: string): Promise<Certificate> {
  const cert = await read('--tls-cert', certFile, 'certificate');
  const key = await read('--tls-key', keyFile, 'private key');
  const leaf = attempt(`--tls-cert: ${certFile}: not a certificate in PEM`, () => {
    return new X509Certificate(cert);
  });
  const privateKey = attempt(
    `--tls-key: ${keyFile}: not a private key in PEM (without password)`,
    () => {
      return createPrivateKey(key);
    },
  );
  checkPair(leaf, privateKey, certFile, keyFile);
  attempt(`--tls-cert: ${certFile}: TLS cannot use this certificate with its key`, () => {
    return createSecureContext({ cert, key });
  });
  return { cert, key, leaf, selfSigned: leaf.verify(leaf.publicKey) };
}

function checkPair(leaf: X509Certificate, key: KeyObject, certFile: string, keyFile: string): void {
  if (!leaf.checkPrivateKey(key)) {
    throw wrong(`--tls-key: ${keyFile}: not the key of the certificate in ${certFile}`);
  }
  const now = Date.now();
  if (Date.parse(leaf.validTo) <= now) {
    throw wrong(`--tls-cert: ${certFile}: expired on ${dayOf(leaf.validTo)}; give a valid one`);
  }
  if (Date.parse(leaf.validFrom) > now) {
    throw wrong(`--tls-cert: ${certFile}: not valid before ${dayOf(leaf.validFrom)}`);
  }
}

export function certificateLoaded({ leaf, selfSigned }: Certificate): Event {
  const names = (leaf.subjectAltName ?? leaf.subject)
    .split(', ')
    .map((name) => name.replace(/^(DNS|IP Address|CN)[:=]/, ''));
  const expires = new Date(leaf.validTo).toISOString();
  return { event: 'certificate_loaded', sha256: leaf.fingerprint256, names, expires, selfSigned };
}

const dayOf = (date: string): string => new Date(date).toISOString().slice(0, 10);

async function read(option: string, path: string, what: string): Promise<string> {
  try {
    return await readNamed(path, 2 ** 20, `${option}: ${path}`);
  } catch (error) {
    if (!hasCode(error, 'ERR_NOT_FOUND')) throw error;
    const message = `${option}: ${path}: no such file; give a ${what} in PEM`;
    throw new HubswarmError('ERR_NOT_FOUND', message);
  }
}

function attempt<T>(message: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new HubswarmError('ERR_USAGE', message, { cause });
  }
}

const wrong = (message: string): HubswarmError => new HubswarmError('ERR_USAGE', message);
