// A certificate that the server makes itself, for TLS without an authority: clients pin its
// fingerprint or use the file as their CA. It is kept, so that a pin stays valid. A new one is made
// when it has expired, when the server has other names, or when it cannot be read. Key and
// certificate are one file, so a crash never leaves one without the other.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { generate as generateSigned } from 'selfsigned';
import { makeDirectory } from '../../runtime/node/make-directory.ts';
import { readSmall, writeWhole } from '../../runtime/node/small-file.ts';
import type { Certificate } from './certificate.ts';

/** Browsers and Apple's TLS accept at most 398 days (since 2020). */
const VALID_DAYS = 397;
const DAY_MS = 86_400_000;
/** Chosen: a client's clock may be behind. */
const BACKDATE_MS = DAY_MS;

/** @throws HubswarmError if the directory cannot be used */
export async function openSelfSigned(directory: string, host: string): Promise<Certificate> {
  const names = namesFor(host);
  const path = join(directory, 'self-signed.pem');
  const kept = parse((await readSmall(path))?.text ?? '');
  if (kept && serves(kept, names)) return kept;
  await makeDirectory(directory, 0o700);
  const made = await generate(names);
  await writeWhole(path, made);
  return parse(made)!;
}

function namesFor(host: string): string[] {
  const names = ['localhost', '127.0.0.1', '::1', hostname().toLowerCase(), host.toLowerCase()];
  // A wildcard address is no name; a name must be one that DNS allows.
  const usable = (name: string): boolean =>
    isIP(name) === 0 ? /^[a-z0-9.-]+$/.test(name) : name !== '0.0.0.0' && name !== '::';
  return [...new Set(names)].filter(usable);
}

function parse(pem: string): Certificate | undefined {
  try {
    const leaf = new X509Certificate(pem);
    const key = createPrivateKey(pem);
    return leaf.checkPrivateKey(key) ? { cert: pem, key: pem, leaf, selfSigned: true } : undefined;
  } catch {
    return undefined;
  }
}

function serves({ leaf }: Certificate, names: readonly string[]): boolean {
  const isNamed = (name: string): boolean =>
    (isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name)) !== undefined;
  return Date.parse(leaf.validTo) > Date.now() && names.every(isNamed);
}

async function generate(names: readonly string[]): Promise<string> {
  const now = Date.now();
  const made = await generateSigned([{ name: 'commonName', value: 'hubswarm' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - BACKDATE_MS),
    notAfterDate: new Date(now - BACKDATE_MS + VALID_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) =>
          isIP(name) ? { type: 7, ip: name } : { type: 2, value: name },
        ),
      },
    ],
  });
  return `${made.private.trim()}\n${made.cert.trim()}\n`;
}
