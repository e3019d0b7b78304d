// Refuses requests that Node.js lets through and the standard does not: requests that two servers
// on the way could read differently (RFC 9112 sections 2.3, 3.2 and 6.1), and an expectation that
// this server does not meet (RFC 9110 section 10.1.1). Pure.
import type { IncomingMessage } from 'node:http';
import { HttpFailure } from './http-failure.ts';

/** A name, an IPv4 address or an IPv6 address in brackets, and a port; or nothing. */
const HOST = /^(?:(?:[\w.~!$&'()*+,;=%-]+|\[[\da-f:.]+(?:%25[\w.~-]+)?\])(?::\d{0,5})?)?$/i;
/** The authority of a target in absolute form, which needs a host (RFC 9110 section 4.2.1). */
const AUTHORITY = /^https?:\/\/([^/?#]*)/i;
/** The connection ends: nobody knows where the next request begins. */
const CLOSE = { Connection: 'close' };

/** The reason why a request must not be answered; undefined if it may. */
export function framingFailure({
  rawHeaders,
  headers,
  httpVersionMajor,
  httpVersionMinor,
  url = '',
}: IncomingMessage): HttpFailure | undefined {
  if (httpVersionMajor !== 1) return new HttpFailure(505, 'this server speaks HTTP/1.1', CLOSE);
  if (!HOST.test(headers.host ?? '') || !isHostCount(countHosts(rawHeaders), httpVersionMinor)) {
    return new HttpFailure(400, 'give one Host, a name or an address', CLOSE);
  }
  const authority = AUTHORITY.exec(url)?.[1];
  if (authority !== undefined && (authority === '' || !HOST.test(authority))) {
    return new HttpFailure(400, 'the target names no host', CLOSE);
  }
  const { expect } = headers;
  if (expect !== undefined && httpVersionMinor > 0 && !/^100-continue$/i.test(expect)) {
    return new HttpFailure(417, 'the only Expect that is met is 100-continue');
  }
  const coding = headers['transfer-encoding'];
  if (coding === undefined) return undefined;
  if (httpVersionMinor === 0) {
    return new HttpFailure(400, 'HTTP/1.0 has no Transfer-Encoding', CLOSE);
  }
  if (coding.trim().toLowerCase() === 'chunked') return undefined;
  return new HttpFailure(501, 'the only Transfer-Encoding taken is chunked', CLOSE);
}

/** HTTP/1.0 needs no Host. */
function isHostCount(hosts: number, minorVersion: number): boolean {
  return hosts === 1 || (hosts === 0 && minorVersion === 0);
}

function countHosts(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length === 4 && rawHeaders[i]!.toLowerCase() === 'host') hosts++;
  }
  return hosts;
}
