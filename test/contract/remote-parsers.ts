// Every parser of text that a remote writes, and pieces that such texts are made of.
import express from 'express';
import { CookieJar } from 'tough-cookie';
import { parseAttributes } from '../../src/api/file-attributes.ts';
import { parseHttpDate } from '../../src/api/http-date.ts';
import { formatListing } from '../../src/cli/terminal/listing-table.ts';
import { deriveFileName } from '../../src/client/download/file-name.ts';
import { reprDigest } from '../../src/client/http/digest.ts';
import { parseContentRange, parseResponseHead } from '../../src/client/http/http-head.ts';
import { parseDuplicates } from '../../src/client/http/link-header.ts';
import { namedCid } from '../../src/client/http/names-cid.ts';
import { parseRetryAfter } from '../../src/client/http/source-failure.ts';
import { redirectTarget } from '../../src/client/http/url.ts';
import { strongValidator } from '../../src/client/http/validator.ts';
import { parseListing } from '../../src/client/tree/remote/list.ts';
import { EventStreamParser } from '../../src/client/watch/event-stream.ts';
import { parseHubEvent } from '../../src/client/watch/hub-event.ts';
import { WatchPlace } from '../../src/client/watch/watch-place.ts';
import { decodeCid } from '../../src/content/cid.ts';
import { ageOfAnswer, keepingOf } from '../../src/edge/freshness.ts';
import { normalAddress } from '../../src/hub/access/address-rules.ts';
import { isForeignPage } from '../../src/hub/access/open-writes.ts';
import { tryParseAddress } from '../../src/peer/address/peer-address.ts';
import { showJson, showText } from '../../src/runtime/shown-text.ts';
import { tokenOf } from '../../src/server/access/credentials.ts';
import { forwardedWay } from '../../src/server/access/forwarded.ts';
import { OwnAddress } from '../../src/server/access/own-address.ts';
import { parseFilter } from '../../src/server/events/events-query.ts';
import { requestWishes } from '../../src/server/intermediary/request-wishes.ts';
import { parseListingQuery } from '../../src/server/listing/listing-query.ts';
import { acceptedCodings } from '../../src/server/message/accept-encoding.ts';
import { parseRange } from '../../src/server/message/byte-range.ts';
import { isCompressible } from '../../src/server/message/compressible.ts';
import { listMatches } from '../../src/server/message/preconditions.ts';
import { refusalBody } from '../../src/server/message/problem-body.ts';
import { wantsDigest } from '../../src/server/message/repr-digest.ts';
import { framingFailure } from '../../src/server/message/request-framing.ts';
import {
  parseRequestPath,
  targetPath,
  targetQuery,
} from '../../src/server/message/request-path.ts';
import {
  parseChecksum,
  parseConcat,
  parseMetadata,
  parseNewLength,
  requireChunkType,
  targetOf,
} from '../../src/server/message/tus-headers.ts';
import { UploadDigests } from '../../src/server/uploads/upload-digests.ts';

export const REPEATED = [
  ...[' ', '\t', ',', ';', '=', '"', '\\', '<', '>', '/', '.', ':', '-', '%', '[', ']', '('],
  ...['\u200d', '\u{1f468}\u200d', '\u{e0061}', '\ufe0f', '\u0645\u200c'],
  ...['a', 'A', '0', 'z', 'Q', '\n', '\r', '\r\n', '\u0000', '\u00e9', '\ud800', '\u001b[', '\\"'],
  ...[', ', ' ,', '; ', ';a= ', ';a="', ';a="b"', '; a', 'a,', '"a",', 'W/"a", ', '<a>,', '<a>; '],
  ...[
    'a=',
    'a=b,',
    'a=b;',
    '/a',
    '../',
    './',
    '%41',
    '%2f',
    '?a',
    '&a=b',
    '#',
    '0-,',
    '0-1,',
    '-1,',
  ],
  ...[
    'for=',
    ';for=',
    '\\\\',
    '::',
    ':0',
    '.0',
    '/p2p/',
    '/ip4/',
    'é',
    '=?',
    '*=',
    'sha-256',
    '[{',
  ],
];
export type Parse = (text: string) => unknown;

const header =
  (name: string, read: (headers: ReadonlyMap<string, string>) => unknown): Parse =>
  (text) =>
    read(new Map([[name, text]]));
const query =
  (name: string, read: (query: URLSearchParams) => unknown): Parse =>
  (text) =>
    read(new URLSearchParams([[name, text]]));

const URL_HERE = new URL('http://h.example/files/x');
const headOf: Parse = (text) =>
  parseResponseHead(Buffer.from(`HTTP/1.1 200 OK\r\n${text}`, 'latin1'));
const sse: Parse = (text) => new EventStreamParser().parse(Buffer.from(text));
const placeOf: Parse = (text) => new WatchPlace('e-1').isNews(text);
const listingOf = (text: string): unknown => {
  const entry = { name: text, type: 'file', size: 1, modified: text, cid: text, url: text };
  const listing = parseListing(Buffer.from(JSON.stringify({ path: text, entries: [entry] })));
  return formatListing(listing);
};
const framing =
  (name: 'host' | 'expect' | 'transfer-encoding'): Parse =>
  (text) =>
    framingFailure({
      rawHeaders: ['Host', 'h'],
      headers: { host: 'h', [name]: text },
      httpVersionMajor: 1,
      httpVersionMinor: 1,
      url: `http://${text}/`,
    } as never);

const cookieOf: Parse = (text) => {
  const jar = new CookieJar(undefined, { looseMode: true });
  jar.setCookieSync(text, URL_HERE.href, { ignoreError: true });
  return jar.getCookieStringSync(URL_HERE.href);
};
/** What express makes of it, which the hub asks. */
const acceptOf: Parse = (text) => {
  const request = Object.assign(Object.create(express.request), { headers: { accept: text } });
  return [request.accepts(['html', 'json']), refusalBody(text, { status: 404 } as never)];
};
const ownAddress = (name: string, proxyHeader: 'forwarded' | 'x-forwarded-for'): Parse => {
  const address = new OwnAddress({ trustedProxies: ['127.0.0.1'], proxyHeader });
  return (text) => {
    const socket = { remoteAddress: '127.0.0.1' };
    const req = { headers: { host: 'h', [name]: text }, socket } as never;
    return address.locate({ req, target: '/files/x', caller: { isPassedOn: true } }, '/files/x');
  };
};

/** By name: heads that fit, and what reads the text. */
export const PARSERS: Record<string, readonly [heads: readonly string[], parse: Parse]> = {
  Link: [
    ['', '<http://127.0.0.1:9/x>', '<a>;rel=duplicate'],
    (text) => parseDuplicates(text, URL_HERE),
  ],
  'a response head': [['', 'a:', 'a: b', 'a:b\r\n', 'Content-Length: '], headOf],
  'a status line': [['HTTP/1.1 200 '], (text) => parseResponseHead(Buffer.from(text, 'latin1'))],
  'Content-Range': [['', 'bytes ', 'bytes 0-1/'], parseContentRange],
  'Repr-Digest, of a response': [['', 'sha-256', 'sha-256=:'], header('repr-digest', reprDigest)],
  'Digest, of a response': [['', 'sha-256', 'sha-256='], header('digest', reprDigest)],
  'ETag, of a response': [
    ['', '"', 'W/"'],
    header('etag', (all) => [strongValidator(all), namedCid(all)]),
  ],
  'X-Ipfs-Roots': [['', 'Qm', 'z', 'bafy'], header('x-ipfs-roots', namedCid)],
  'Last-Modified, of a response': [['', 'Sun, '], header('last-modified', strongValidator)],
  'Content-Disposition': [
    ['', 'attachment', 'attachment; filename=', 'attachment; filename="', "a; filename*=UTF-8''"],
    (text) => deriveFileName(URL_HERE, text),
  ],
  'a name in a URL': [
    [''],
    (text) => deriveFileName(new URL(`http://h/${encodeURIComponent(text)}`), undefined),
  ],
  'Retry-After': [['', 'Sun, '], (text) => parseRetryAfter(text, 0)],
  'Set-Cookie': [['', 'a=', 'a=b;expires=', 'a=b;domain=', 'a=b;path='], cookieOf],
  'Cache-Control, of a response': [['', 'max-age=', 'a="'], header('cache-control', keepingOf)],
  'Age, of a response': [['', '1'], header('age', ageOfAnswer)],
  'Expires, of a response': [['', 'Sun, '], header('expires', keepingOf)],
  'the attributes of a file': [['', '-', '1.', 'Sun, '], (text) => parseAttributes(() => text)],
  Location: [['', 'http://', '//'], (text) => redirectTarget(URL_HERE, text)],
  'an event stream': [['', 'data:', 'id:', 'data: a\n'], sse],
  'the id of an event': [['', 'e-'], placeOf],
  'an event': [['', '{', '"', '{"event":"'], parseHubEvent],
  'a listing': [['', '[', '{"path":"'], (text) => parseListing(Buffer.from(text))],
  'what a listing holds': [[''], listingOf],
  'what is shown': [['', '\u{1f3f4}'], (text) => [showText(text), showJson(JSON.stringify(text))]],
  'a CID': [['', 'Qm', 'z', 'b', 'f', 'k', 'u'], decodeCid],
  'a multiaddr': [['', '/ip4/', '/dns/', '/ip4/1.2.3.4/tcp/1/p2p/Qm'], tryParseAddress],
  'Cache-Control, of a request': [['', 'max-age='], requestWishes],
  'an address': [['', '::ffff:', '1.2.3.4'], normalAddress],
  Authorization: [['', 'Bearer ', 'Basic '], tokenOf],
  Forwarded: [
    ['', 'for=', 'for="'],
    (text) => forwardedWay('forwarded', text, 'p', { has: () => true } as never),
  ],
  'X-Forwarded-For': [
    ['', '1.2.3.4, ', '['],
    (text) => forwardedWay('x-forwarded-for', text, 'p', { has: () => true } as never),
  ],
  Origin: [['', 'http://'], (text) => isForeignPage(text, 'h')],
  Accept: [['', 'text/html', 'text/html;q=', 'application/problem+json;a="'], acceptOf],
  'X-Forwarded-Host': [['', 'h:'], ownAddress('x-forwarded-host', 'x-forwarded-for')],
  'X-Forwarded-Prefix': [['', '/a'], ownAddress('x-forwarded-prefix', 'x-forwarded-for')],
  'X-Forwarded-Proto': [['', 'https'], ownAddress('x-forwarded-proto', 'x-forwarded-for')],
  'Forwarded, of the own address': [['', 'host=', 'proto="'], ownAddress('forwarded', 'forwarded')],
  Range: [['', 'bytes=', 'bytes=0-'], (text) => parseRange(text, 1000)],
  'Accept-Encoding': [['', 'gzip', 'gzip;q='], acceptedCodings],
  'a media type': [['', 'text/', 'application/a+'], isCompressible],
  'path= of events': [['', '/'], query('path', parseFilter)],
  'a query of a listing': [['', 'a'], query('name', parseListingQuery)],
  'a query': [['/?', '/files?a='], targetQuery],
  'a target': [['', 'http://', '/files/'], (text) => parseRequestPath(targetPath(text))],
  'If-Modified-Since': [['', 'Sun, '], parseHttpDate],
  'If-None-Match': [['', '"a"', 'W/"'], (text) => listMatches(text, '"x"', true)],
  'Want-Digest': [['', 'sha-256', 'sha-256;q='], (text) => wantsDigest({ 'want-digest': text })],
  'Want-Repr-Digest': [
    ['', 'sha-256', 'sha-256='],
    (text) => wantsDigest({ 'want-repr-digest': text }),
  ],
  Host: [['', '[', 'a:'], framing('host')],
  Expect: [['', '100-continue'], framing('expect')],
  'Transfer-Encoding': [['', 'chunked'], framing('transfer-encoding')],
  'Repr-Digest, of an upload': [
    ['', 'sha-256=', 'sha-256=:', 'a="'],
    (text) => UploadDigests.of({ 'repr-digest': text, digest: text }),
  ],
  'Upload-Length': [['', '1'], (text) => parseNewLength({ 'upload-length': text })],
  'Content-Type, of an upload': [
    ['', 'application/offset+octet-stream'],
    (text) => requireChunkType({ 'content-type': text }, 'Accept'),
  ],
  'Upload-Metadata': [['', 'filename '], (text) => targetOf(parseMetadata(text))],
  'filename of Upload-Metadata': [
    ['', '/'],
    (text) => targetOf(new Map([['filename', Buffer.from(text)]])),
  ],
  'Upload-Checksum': [['', 'sha1 '], (text) => parseChecksum({ 'upload-checksum': text })],
  'Upload-Concat': [
    ['', 'final;', 'final;/uploads/'],
    (text) => parseConcat({ 'upload-concat': text }),
  ],
};
