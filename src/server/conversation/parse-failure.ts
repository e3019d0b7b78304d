// Answers bytes that are no HTTP/1.1 request, for which Node.js makes no request: a status, one
// line, and the end of the connection, since nobody knows where the next request begins (RFC 9112
// section 2.2, RFC 9110 sections 15.5 and 15.6). It also answers CONNECT, which Node.js would drop
// in silence, and plain HTTP to a port that speaks TLS.

import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { formatHttpDate } from '../../api/http-date.ts';
import { guarded } from '../../runtime/guarded.ts';
import type { Traffic } from './traffic.ts';

interface ParseError extends Error {
  readonly code?: string;
  /** The last bytes that came. */
  readonly rawPacket?: Buffer;
}

/** Matches a head that is longer than 16 KiB because of its target, which fills half of it. */
const LONG_TARGET = /^[A-Z]+ [^ \r\n]{8192}/;
/** A well-formed method that HTTP does not know is not implemented; anything else is noise. */
const UNKNOWN_METHOD = /^[!#$%&'*+.^_`|~\w-]+ \S+ HTTP\/1\.[01]\r\n/;

/** The head of a ClientHello: a record of the type handshake, in any version since SSL 3. */
const CLIENT_HELLO = '\x16\x03';
/** OpenSSL says one of these of a first record that is none of TLS. */
const NO_TLS = new Set([
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_HTTPS_PROXY_REQUEST',
  'ERR_SSL_WRONG_VERSION_NUMBER',
]);

const OTHER_VERSION = / HTTP\/(?!1\.[01])\d\.\d\r\n/;

export function answerParseFailures(
  server: Server,
  { traffic, stallMs }: { traffic: Traffic; stallMs: number },
): void {
  const handleError = (error: ParseError, socket: Duplex): void => {
    const begin = (): void => {
      const open = traffic.answering(socket);
      // The wrong bytes came behind complete requests, which get their answers first.
      if (open?.req.complete) open.res.once('finish', answer);
      else if (open?.res.headersSent) socket.destroy();
      else refuse(socket, stallMs, ...failureOf(error));
    };
    const answer = guarded('answering what is no request', begin, () => socket.destroy());
    const plain = NO_TLS.has(error.code ?? '') ? plainSocket(socket) : undefined;
    if (plain) return refusePlain(plain, stallMs);
    // Other errors are resets and failed TLS handshakes: no client is there to read an answer.
    const ofHttp = /^HPE_|^ERR_HTTP_/.test(error.code ?? '');
    if (!ofHttp || !socket.writable) socket.destroy();
    else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && traffic.pipelines.excuses(socket)) return;
    // Node.js reports it again with each further chunk.
    else if (traffic.pipelines.end(socket)) answer();
  };
  const handleConnect = (_req: IncomingMessage, socket: Duplex): void => {
    endOnError(socket);
    refuse(socket, stallMs, 501, 'this server is no proxy');
  };
  server.on('clientError', guarded('answering what is no request', handleError));
  server.on('connect', guarded('refusing to be a proxy', handleConnect));
}

/**
 * The TCP connection below a TLS connection whose handshake failed: what is written to it leaves as
 * it is. Node.js has no public name for it.
 */
function plainSocket(socket: Duplex & { readonly _parent?: unknown }): Socket | undefined {
  return socket._parent instanceof Socket ? socket._parent : undefined;
}

function refusePlain(socket: Socket, stallMs: number): void {
  endOnError(socket);
  refuse(socket, stallMs, 400, 'this port speaks TLS: the URL begins with https://, not http://');
}

/** Node.js does not listen to the socket: a reset without a listener ends the process. */
function endOnError(socket: Duplex): void {
  socket.on('error', () => socket.destroy());
}

function failureOf({ code, rawPacket }: ParseError): [status: number, message: string] {
  const came = rawPacket?.toString('latin1') ?? '';
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'the head of the request did not come in time'];
    case 'HPE_HEADER_OVERFLOW':
      return LONG_TARGET.test(came)
        ? [414, 'the path is too long']
        : [431, 'the header fields are too long'];
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return [413, 'the chunk extensions are too long'];
    case 'HPE_INVALID_VERSION':
      // The parser says this of a bare LF behind a known version, too.
      return OTHER_VERSION.test(came)
        ? [505, 'this server speaks HTTP/1.1']
        : [400, 'a malformed HTTP request'];
    case 'HPE_INVALID_METHOD':
      if (came.startsWith(CLIENT_HELLO))
        return [400, 'this port speaks no TLS: the URL begins with http://, not https://'];
      return UNKNOWN_METHOD.test(came)
        ? [501, 'the method is not known']
        : [400, 'no HTTP request'];
    default:
      return [400, 'a malformed HTTP request'];
  }
}

/** @param stallMs how long the client may take for the answer */
function refuse(socket: Duplex, stallMs: number, status: number, message: string): void {
  // The answer before was the last one of the connection.
  if (!socket.writable) return;
  const body = `${message}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Date: ${formatHttpDate(Date.now())}`,
    'Content-Type: text/plain; charset=utf-8',
    'X-Content-Type-Options: nosniff',
    // Caches may keep a 414 or 501 as long as they like (RFC 9110 section 15.1).
    'Cache-Control: no-store',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  const cut = guarded('ending a refusal', () => {
    socket.destroy();
  });
  const timer = setTimeout(cut, stallMs);
  socket.once('close', () => clearTimeout(timer));
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, cut);
}
