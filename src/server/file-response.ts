// GET and HEAD of one file (RFC 9110 sections 8, 13, 14, 15): validators first,
// then which bytes, then the bytes. The ETag is the root CID, so it is strong:
// two answers with one ETag hold the same bytes, on any hub, and can be joined.
import { randomBytes } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import { create as formatDisposition } from 'content-disposition';
import { contentType } from 'mime-types';
import { type ByteRange, parseRange, type RangeAnswer } from './byte-range.ts';
import type { Entry } from './catalogue.ts';
import { HttpFailure } from './http-failure.ts';
import { checkPreconditions, ifRangeHolds, type Validators } from './preconditions.ts';
import { type Outlet, sendBytes, sendFilePart } from './send-body.ts';
import type { Opened } from './served-root.ts';

interface Representation {
  readonly file: Opened;
  readonly size: number;
  readonly type: string;
  readonly headers: OutgoingHttpHeaders;
}

export function validatorsOf(file: Opened, entry: Entry): Validators {
  // Not later than now (section 8.8.2.1), and as coarse as the header is.
  const ms = Math.min(file.stats.mtimeMs, Date.now());
  return { etag: `"${entry.cid}"`, lastModifiedMs: Math.floor(ms / 1000) * 1000 };
}

export async function answerFile(outlet: Outlet, file: Opened, entry: Entry): Promise<void> {
  const { req, res } = outlet.exchange;
  const validators = validatorsOf(file, entry);
  const verdict = checkPreconditions(req.method ?? '', req.headers, validators);
  if (verdict === 'failed') throw new HttpFailure(412, 'the file is not the version asked for');
  const headers = validatorHeaders(validators, entry);
  if (verdict === 'not_modified') {
    res.writeHead(304, headers).end();
    return;
  }
  const representation = describe(file, headers);
  await answerRange(outlet, representation, wantedRange(outlet, representation, validators));
}

/** A range is only defined for GET (section 14.2). */
function wantedRange(
  { exchange: { req } }: Outlet,
  { size }: Representation,
  validators: Validators,
): RangeAnswer {
  const ifRange = req.headers['if-range'];
  const asked =
    req.method === 'GET' &&
    ifRangeHolds(Array.isArray(ifRange) ? ifRange[0] : ifRange, validators, Date.now());
  return parseRange(asked ? req.headers.range : undefined, size);
}

function validatorHeaders({ etag, lastModifiedMs }: Validators, { cid }: Entry) {
  return {
    ETag: etag,
    'Last-Modified': new Date(lastModifiedMs).toUTCString(),
    // To be kept, but asked for again each time: the name may get another version.
    'Cache-Control': 'no-cache',
    'X-Ipfs-Roots': cid,
    Link: `</ipfs/${cid}>; rel="alternate"; type="application/vnd.ipld.raw"`,
  };
}

/** Scripts of a served page must not act as this origin, which may take uploads. */
const SANDBOX = 'sandbox allow-scripts';

/** Of the whole, when it is answered with 200. */
export function fileHeaders(file: Opened, entry: Entry): OutgoingHttpHeaders {
  const { headers, size } = describe(file, validatorHeaders(validatorsOf(file, entry), entry));
  return { ...headers, 'Content-Length': size };
}

export function notModifiedHeaders(file: Opened, entry: Entry): OutgoingHttpHeaders {
  return validatorHeaders(validatorsOf(file, entry), entry);
}

function describe(file: Opened, validators: OutgoingHttpHeaders): Representation {
  const { name } = file;
  const type = contentType(name) || 'application/octet-stream';
  const headers: OutgoingHttpHeaders = {
    ...validators,
    'Accept-Ranges': 'bytes',
    'Content-Type': type,
    'Content-Disposition': formatDisposition(name, { type: 'inline' }),
  };
  if (/html|xml/.test(type)) headers['Content-Security-Policy'] = SANDBOX;
  return { file, size: file.stats.size, type, headers };
}

async function answerRange(
  outlet: Outlet,
  representation: Representation,
  answer: RangeAnswer,
): Promise<void> {
  const { res } = outlet.exchange;
  const { file, size, headers } = representation;
  if (answer.kind === 'unsatisfiable') {
    throw new HttpFailure(416, `no byte of that range: the file has ${size} bytes`, {
      'Content-Range': `bytes */${size}`,
    });
  }
  const ranges = answer.kind === 'ranges' ? answer.ranges : [];
  if (ranges.length > 1) return answerMultipart(outlet, representation, ranges);
  const range = ranges[0];
  const part = range ?? { first: 0, length: size };
  res.writeHead(range ? 206 : 200, {
    ...headers,
    'Content-Length': part.length,
    ...(range ? { 'Content-Range': contentRange(range, size) } : {}),
  });
  if (outlet.exchange.req.method !== 'HEAD') await sendFilePart(outlet, file, part);
  res.end();
}

/** multipart/byteranges, section 14.6. */
async function answerMultipart(
  outlet: Outlet,
  { file, size, type, headers }: Representation,
  ranges: readonly ByteRange[],
): Promise<void> {
  const { res } = outlet.exchange;
  const boundary = randomBytes(16).toString('hex');
  const head = (range: ByteRange): Buffer =>
    Buffer.from(
      `\r\n--${boundary}\r\nContent-Type: ${type}\r\nContent-Range: ${contentRange(range, size)}\r\n\r\n`,
    );
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);
  const length = ranges.reduce((sum, range) => sum + head(range).length + range.length, end.length);
  res.writeHead(206, {
    ...headers,
    'Content-Type': `multipart/byteranges; boundary=${boundary}`,
    'Content-Length': length,
  });
  for (const range of ranges) {
    await sendBytes(outlet, head(range));
    await sendFilePart(outlet, file, range);
  }
  await sendBytes(outlet, end);
  res.end();
}

function contentRange({ first, length }: ByteRange, size: number): string {
  return `bytes ${first}-${first + length - 1}/${size}`;
}
