// TLS of the server: where the certificate comes from, and the protocol's settings.
import type { TlsOptions as NodeTlsOptions, SecureContextOptions } from 'node:tls';
import type { Emit } from '../../telemetry/event.ts';
import { type Certificate, certificateLoaded, readCertificate } from './certificate.ts';

export type TlsOptions =
  | { readonly kind: 'self_signed'; readonly directory: string }
  | { readonly kind: 'given'; readonly certFile: string; readonly keyFile: string };

/**
 * Ciphers with forward secrecy and authenticated encryption only; Node.js' own list includes CBC.
 * AES-128-GCM is first, in the server's order: it is 7 % cheaper than AES-256 (openssl speed,
 * records of 16 KiB), which does not show in a download.
 */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** Loads the certificate and reports it, at the start and whenever it is read again. */
export async function loadCertificate(
  options: TlsOptions,
  host: string,
  emit: Emit,
): Promise<Certificate> {
  const certificate =
    options.kind === 'given'
      ? await readCertificate(options.certFile, options.keyFile)
      : await ownCertificate(options.directory, host);
  emit(certificateLoaded(certificate));
  return certificate;
}

async function ownCertificate(directory: string, host: string): Promise<Certificate> {
  // Loaded on demand: it brings an ASN.1 library.
  const { openSelfSigned } = await import('./self-signed.ts');
  return openSelfSigned(directory, host);
}

/** Options of https.createServer, and of setSecureContext when the certificate has changed. */
export function secureContext({ cert, key }: Certificate): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2', ciphers: CIPHERS, honorCipherOrder: true };
}

/** @param handshakeTimeout of a connection that makes no progress, in milliseconds */
export function listenerOptions(
  certificate: Certificate,
  handshakeTimeout: number,
): NodeTlsOptions {
  return { ...secureContext(certificate), handshakeTimeout };
}
