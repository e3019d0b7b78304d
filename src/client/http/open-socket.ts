// A socket to an origin, over TCP or TLS. Over TLS nothing is sent before the server's certificate
// is accepted. It is accepted for its issuer and name, or because the user pinned it (then issuer,
// name and dates do not matter).
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, rootCertificates, type TLSSocket } from 'node:tls';
import { allocAligned } from '../../runtime/node/aligned-buffer.ts';
import type { Trust } from './access.ts';
import { SourceFailure } from './source-failure.ts';
import { hostOf } from './url.ts';

/** Bytes for each read. Measured: 1 MiB, more than a core's cache, takes a few per cent longer. */
const READ_BYTES = 256 * 1024;

export interface OpenSocket {
  readonly socket: Socket;
  /** Calls `send` once bytes may be sent: at once, or when the certificate was accepted. */
  whenTrusted(send: () => void): void;
}

/**
 * @param lookup finds the addresses of a name; the system's by default
 * @param onBytes returns false to stop reading
 * @param room returns the memory for the next read, and is asked after each onBytes. Without it one
 * buffer is used, which the next read overwrites.
 */
export function openSocket(
  origin: URL,
  trust: Trust,
  lookup: LookupFunction | undefined,
  onBytes: (bytes: Uint8Array) => boolean,
  room: () => Uint8Array | undefined,
): OpenSocket {
  if (origin.protocol === 'https:') return openTls(startTls(origin, trust, lookup), trust, onBytes);
  const buffer = allocAligned(READ_BYTES);
  const socket = connectTcp({
    host: hostOf(origin),
    port: Number(origin.port || 80),
    ...(lookup ? { lookup } : {}),
    onread: {
      buffer: () => room() ?? buffer,
      callback: (count, into) => onBytes(into.subarray(0, count)),
    },
  });
  return { socket, whenTrusted: (send) => send() };
}

export interface TrustedConnection {
  readonly origin: URL;
  readonly trust: Trust;
  /**
   * Limit of the handshake in ms; later the socket emits 'timeout' after so long without a byte.
   */
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

/**
 * Opens a socket for node:http, which would write at once: it gets the socket after the certificate
 * was accepted.
 */
export function connectTrusted(
  { origin, trust, stallMs, signal }: TrustedConnection,
  done: (error: Error | null, socket: Socket) => void,
): void {
  if (origin.protocol !== 'https:') {
    const socket = connectTcp({ host: hostOf(origin), port: Number(origin.port || 80) });
    done(null, socket.setTimeout(stallMs));
    return;
  }
  const socket = startTls(origin, trust);
  const abort = (): void => void socket.destroy(signal.reason);
  const stall = (): void => {
    socket.destroy(new SourceFailure(`no TLS handshake in ${stallMs / 1000} s`));
  };
  // One timer for the whole handshake: a byte does not restart it.
  const timer = setTimeout(stall, stallMs);
  const settle = (error: Error | null): void => {
    clearTimeout(timer);
    socket.off('error', settle);
    signal.removeEventListener('abort', abort);
    done(error, socket);
  };
  signal.addEventListener('abort', abort);
  socket.setTimeout(stallMs);
  socket.once('error', settle);
  socket.once('secureConnect', () => {
    const failure = judge(socket, trust);
    if (failure) socket.destroy(failure);
    else settle(null);
  });
}

function startTls(origin: URL, trust: Trust, lookup?: LookupFunction): TLSSocket {
  const host = hostOf(origin);
  return connectTls({
    host,
    port: Number(origin.port || 443),
    ...(lookup ? { lookup } : {}),
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    // Judged below, so that a refusal can tell the certificate's SHA-256.
    rejectUnauthorized: false,
    ...(trust.ca === undefined ? {} : { ca: [...rootCertificates, trust.ca] }),
    // RFC 6066 section 3: an address is not a server name.
    ...(isIP(host) ? {} : { servername: host }),
  });
}

function openTls(
  socket: TLSSocket,
  trust: Trust,
  onBytes: (bytes: Uint8Array) => boolean,
): OpenSocket {
  let trusted = false;
  let waiting = (): void => undefined;
  socket.once('secureConnect', () => {
    const failure = judge(socket, trust);
    if (failure) return void socket.destroy(failure);
    trusted = true;
    waiting();
  });
  // Not `onread`: decrypted records may still come when reading is stopped.
  socket.on('data', (bytes: Buffer) => {
    if (!onBytes(bytes)) socket.pause();
  });
  return {
    socket,
    whenTrusted: (send) => {
      if (trusted) send();
      else waiting = send;
    },
  };
}

const OWN_ISSUER = new Set(['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN']);
const NO_ISSUER = new Set(['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY']);

/** Judges the certificate. Undefined if it is accepted. */
function judge(socket: TLSSocket, { fingerprints }: Trust): SourceFailure | undefined {
  const { fingerprint256 } = socket.getPeerCertificate();
  if (fingerprints.length > 0) {
    if (fingerprints.includes(fingerprint256?.replaceAll(':', ''))) return undefined;
    const other = `its certificate is not the pinned one: its SHA-256 is ${fingerprint256}`;
    return new SourceFailure(other, { final: true, distrusted: true });
  }
  if (socket.authorized) return undefined;
  // Typed as an error, but it is an error's code.
  const code = String(socket.authorizationError);
  const how = `if ${fingerprint256} is the SHA-256 that its operator gives, pin it with --fingerprint, or give its issuer's certificate with --cacert`;
  const reason = reasonOf(code);
  return new SourceFailure(`${reason}; ${how}`, { final: true, distrusted: true });
}

function reasonOf(code: string): string {
  if (OWN_ISSUER.has(code)) return 'its certificate is self-signed';
  if (NO_ISSUER.has(code)) return 'the issuer of its certificate is not known';
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired';
  if (code.includes('ALTNAME')) return 'its certificate is for another name';
  return /^[A-Z0-9_]+$/.test(code)
    ? `its certificate was refused (${code})`
    : 'its certificate was refused';
}
