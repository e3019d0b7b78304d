// Answers to what is no HTTP/1.1 request, where Node.js has no request to hand on:
// the status that says what was wrong, one line, and the end of the connection, for
// nobody knows where the next request would begin (RFC 9112 section 2.2, RFC 9110
// section 15.5 and 15.6). CONNECT, which Node.js would drop in silence, is among it.
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { guarded } from '../../runtime/guarded.ts';
import type { Traffic } from './traffic.ts';

interface ParseError extends Error {
  readonly code?: string;
  /** What came last. */
  readonly rawPacket?: Buffer;
}

/** Of the 16 KiB that Node.js takes for a head: a target that fills half of it is the reason. */
const LONG_TARGET = /^[A-Z]+ [^ \r\n]{8192}/;
/** A method of another protocol on top of HTTP is not implemented; what is no method is noise. */
const UNKNOWN_METHOD = /^[!#$%&'*+.^_`|~\w-]+ \S+ HTTP\/1\.[01]\r\n/;

const OTHER_VERSION = / HTTP\/(?!1\.[01])\d\.\d\r\n/;

export function answerParseFailures(server: Server, traffic: Traffic): void {
  const handleError = (error: ParseError, socket: Duplex): void => {
    const begin = (): void => {
      const open = traffic.answering(socket);
      // What is wrong came behind a whole request, or several: they have their answers first.
      if (open?.req.complete) open.res.once('finish', answer);
      else if (open?.res.headersSent) socket.destroy();
      else refuse(socket, ...failureOf(error));
    };
    const answer = guarded('answering what is no request', begin, () => socket.destroy());
    // The rest are resets, and handshakes of TLS that failed: there is nobody to tell.
    const ofHttp = /^HPE_|^ERR_HTTP_/.test(error.code ?? '');
    if (!ofHttp || !socket.writable) socket.destroy();
    else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && traffic.pipelines.excuses(socket)) return;
    // Told of again with all that comes behind it.
    else if (traffic.pipelines.end(socket)) answer();
  };
  const handleConnect = (_req: IncomingMessage, socket: Duplex): void => {
    // Node.js listens to it no longer, and a reset that nobody hears ends the process.
    socket.on('error', () => socket.destroy());
    refuse(socket, 501, 'this server is no proxy');
  };
  server.on('clientError', guarded('answering what is no request', handleError));
  server.on('connect', guarded('refusing to be a proxy', handleConnect));
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
      // Also said of a bare LF behind the version that is spoken.
      return OTHER_VERSION.test(came)
        ? [505, 'this server speaks HTTP/1.1']
        : [400, 'a malformed HTTP request'];
    case 'HPE_INVALID_METHOD':
      return UNKNOWN_METHOD.test(came)
        ? [501, 'the method is not known']
        : [400, 'no HTTP request'];
    default:
      return [400, 'a malformed HTTP request'];
  }
}

function refuse(socket: Duplex, status: number, message: string): void {
  // The answer before it was the last.
  if (!socket.writable) return;
  const body = `${message}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Date: ${new Date().toUTCString()}`,
    'Content-Type: text/plain; charset=utf-8',
    'X-Content-Type-Options: nosniff',
    // Caches may keep a 414 or 501 as long as they like (RFC 9110 section 15.1).
    'Cache-Control: no-store',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
