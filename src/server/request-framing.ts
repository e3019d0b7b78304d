// What Node.js lets through and the standard does not: requests that two servers on
// the way could read differently (RFC 9112 sections 3.2, 6.1 and 2.3). Pure.
import type { IncomingMessage } from 'node:http';
import { HttpFailure } from './http-failure.ts';

/** A name, an IPv4 address or an IPv6 address in brackets, and a port; or nothing. */
const HOST = /^(?:(?:[\w.~!$&'()*+,;=%-]+|\[[\da-f:.]+(?:%25[\w.~-]+)?\])(?::\d{0,5})?)?$/i;
/** The connection ends: where the next request begins is not certain. */
const CLOSE = { Connection: 'close' };

/** Why a request must not be answered as it stands, if so. */
export function framingFailure({
  rawHeaders,
  headers,
  httpVersionMajor,
  httpVersionMinor,
}: IncomingMessage): HttpFailure | undefined {
  if (httpVersionMajor !== 1) return new HttpFailure(505, 'this server speaks HTTP/1.1', CLOSE);
  if (!HOST.test(headers.host ?? '') || countHosts(rawHeaders) > 1) {
    return new HttpFailure(400, 'give one Host, a name or an address', CLOSE);
  }
  const coding = headers['transfer-encoding'];
  if (coding === undefined) return undefined;
  if (httpVersionMinor === 0) {
    return new HttpFailure(400, 'HTTP/1.0 has no Transfer-Encoding', CLOSE);
  }
  if (coding.trim().toLowerCase() === 'chunked') return undefined;
  return new HttpFailure(501, 'the only Transfer-Encoding taken is chunked', CLOSE);
}

function countHosts(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length === 4 && rawHeaders[i]!.toLowerCase() === 'host') hosts++;
  }
  return hosts;
}
