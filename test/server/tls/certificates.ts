// Certificates for the tests of TLS: for localhost, valid as long as is asked.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { tempRoot } from '../hub.ts';

const DAY_MS = 86_400_000;

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
}

/** @param days from now; negative for one that has expired */
export async function certificateFiles(fromDays = -1, toDays = 1): Promise<CertificateFiles> {
  const directory = await tempRoot();
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() + fromDays * DAY_MS),
    notAfterDate: new Date(Date.now() + toDays * DAY_MS),
  });
  const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  await writeFile(certFile, made.cert);
  await writeFile(keyFile, made.private);
  return { certFile, keyFile, cert: made.cert };
}
