// A socket to an origin, over TCP or TLS. Over TLS nothing is sent before the server's certificate
// is accepted. It is accepted for its issuer and name, or because the user pinned it (then issuer,
// name and dates do not matter).
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { allocAligned } from '../../runtime/node/aligned-buffer.ts';
import type { Trust } from './access.ts';
import { HeadReader, parseResponseHead } from './http-head.ts';
import { connectionFailure, SourceFailure, statusFailure } from './source-failure.ts';
import { authorizationOf, hostOf } from './url.ts';

/** Bytes for each read. Measured: 1 MiB, more than a core's cache, takes a few per cent longer. */
const READ_BYTES = 256 * 1024;

export interface OpenSocket {
  readonly socket: Socket;
  /** Calls `send` once bytes may be sent: at once, or when the certificate was accepted. */
  whenTrusted(send: () => void): void;
}

/** How an origin is reached. */
export interface Way {
  /** Finds the addresses of a name; the system's by default. */
  readonly lookup?: LookupFunction | undefined;
  /** A connection to the origin that stands already, through a proxy. */
  readonly tunnel?: Socket | undefined;
}

/**
 * @param onBytes returns false to stop reading
 * @param room returns the memory for the next read, and is asked after each onBytes. Without it one
 * buffer is used, which the next read overwrites.
 */
export function openSocket(
  origin: URL,
  trust: Trust,
  { lookup, tunnel }: Way,
  onBytes: (bytes: Uint8Array) => boolean,
  room: () => Uint8Array | undefined,
): OpenSocket {
  if (origin.protocol === 'https:') {
    return openTls(startTls(origin, trust, { lookup, tunnel }), trust, onBytes);
  }
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
  /** Finds the addresses of a name; the system's by default. Where a proxy asks, it does. */
  readonly lookup?: LookupFunction | undefined;
  /** Whether the proxy of an http origin is to connect as well, not to ask in our place. */
  readonly tunnels?: boolean;
}

/**
 * Opens a socket for node:http, which would write at once: it gets the socket after the certificate
 * was accepted. It leads to the proxy of an http origin, and through that of an https one.
 */
export function connectTrusted(
  connection: TrustedConnection,
  done: (error: Error | null, socket: Socket) => void,
): void {
  connectThrough(connection).then(
    (socket) => done(null, socket),
    (error: Error) => done(error, undefined as never),
  );
}

async function connectThrough(connection: TrustedConnection): Promise<Socket> {
  const { origin, trust, stallMs, signal, lookup, tunnels } = connection;
  const { proxy } = trust;
  if (!proxy) return connectOne(connection, { lookup });
  const way = { proxy, ca: trust.ca, withinMs: stallMs, signal };
  const tunnel =
    tunnels || origin.protocol === 'https:' ? await openTunnel(origin, way) : undefined;
  if (origin.protocol === 'https:') return connectOne(connection, { tunnel });
  return tunnel?.resume() ?? connectOne({ ...connection, origin: proxy, trust: trustOf(way) }, {});
}

async function connectOne(
  { origin, trust, stallMs, signal }: Omit<TrustedConnection, 'tunnels'>,
  way: Way,
): Promise<Socket> {
  const isTls = origin.protocol === 'https:';
  const socket = isTls
    ? startTls(origin, trust, way)
    : connectTcp({
        host: hostOf(origin),
        port: Number(origin.port || 80),
        ...(way.lookup ? { lookup: way.lookup } : {}),
      });
  socket.setTimeout(stallMs);
  if (!isTls) return socket;
  const abort = (): void => void socket.destroy(signal.reason);
  const stall = (): void => {
    const error = 'connection_timeout';
    socket.destroy(new SourceFailure(`no TLS handshake in ${stallMs / 1000} s`, { error }));
  };
  // One timer for the whole handshake: a byte does not restart it.
  const timer = setTimeout(stall, stallMs);
  signal.addEventListener('abort', abort);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('secureConnect', () => {
        const failure = judge(socket as TLSSocket, trust);
        if (failure) socket.destroy(failure);
        else resolve(socket.off('error', reject) && undefined);
      });
    });
    return socket;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

export interface Tunnel {
  readonly proxy: URL;
  readonly ca: Trust['ca'];
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

/** A proxy is never pinned, and has none before it. */
export const trustOf = ({ ca }: Pick<Tunnel, 'ca'>): Trust => ({
  fingerprints: [],
  ca,
  proxy: undefined,
});

/** The header field by which a proxy knows the user. */
export function proxyAuthorization(proxy: URL): Readonly<Record<string, string>> {
  const authorization = authorizationOf(proxy);
  return authorization === undefined ? {} : { 'proxy-authorization': authorization };
}

/** A connection to the origin through its proxy (RFC 9110 section 9.3.6). @throws SourceFailure */
export async function openTunnel(origin: URL, tunnel: Tunnel): Promise<Socket> {
  const { proxy, withinMs, signal } = tunnel;
  const basis = { origin: proxy, trust: trustOf(tunnel), stallMs: withinMs, signal };
  const socket = await connectOne(basis, {});
  const port = origin.port || (origin.protocol === 'https:' ? '443' : '80');
  const place = `${origin.hostname}:${port}`;
  const fields = { host: place, 'user-agent': 'hubswarm', ...proxyAuthorization(proxy) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const heads = new HeadReader();
  const fail = (failure: SourceFailure): void => void socket.destroy(failure);
  const abort = (): void => void socket.destroy(signal.reason);
  const late = new SourceFailure(`its proxy gave no connection in ${withinMs / 1000} s`, {
    error: 'connection_timeout',
  });
  const timer = setTimeout(() => fail(late), withinMs);
  signal.addEventListener('abort', abort);
  try {
    await new Promise<void>((resolve, reject) => {
      const take = (bytes: Buffer): void => {
        const taken = heads.take(bytes);
        if (taken === undefined) return;
        const head = taken === 'too long' ? taken : parseResponseHead(taken.head);
        if (typeof head === 'string') {
          return fail(new SourceFailure('its proxy did not answer in HTTP/1.1', { final: true }));
        }
        const { status, headers } = head;
        if (status < 200) return;
        if (status >= 300) {
          const { message, final } = statusFailure(status, headers.get('retry-after'));
          return fail(new SourceFailure(`its proxy answered ${message}`, { final }));
        }
        socket.pause().off('data', take);
        resolve();
      };
      // They stay: what happens to the tunnel later, who uses it hears as well.
      socket.on('error', (error) => reject(connectionFailure(error)));
      socket.on('close', () => reject(new SourceFailure('its proxy closed the connection')));
      socket.on('data', take);
      socket.write(`CONNECT ${place} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
    });
    return socket;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

function startTls(origin: URL, trust: Trust, { lookup, tunnel }: Way = {}): TLSSocket {
  const host = hostOf(origin);
  return connectTls({
    host,
    ...(tunnel ? { socket: tunnel } : {}),
    port: Number(origin.port || 443),
    ...(lookup ? { lookup } : {}),
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    // Judged below, so that a refusal can tell the certificate's SHA-256.
    rejectUnauthorized: false,
    ...(trust.ca === undefined ? {} : { ca: [...trust.ca] }),
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
    return new SourceFailure(other, {
      final: true,
      distrusted: true,
      error: 'tls_certificate_error',
    });
  }
  if (socket.authorized) return undefined;
  // Typed as an error, but it is an error's code.
  const code = String(socket.authorizationError);
  const how = `if ${fingerprint256} is the SHA-256 that its operator gives, pin it with --fingerprint, or give its issuer's certificate with --cacert`;
  const reason = reasonOf(code);
  return new SourceFailure(`${reason}; ${how}`, {
    final: true,
    distrusted: true,
    error: 'tls_certificate_error',
  });
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
