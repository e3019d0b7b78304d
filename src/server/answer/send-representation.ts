// The answer to GET and HEAD of anything that has a validator: preconditions, then which bytes,
// then the bytes (RFC 9110 sections 13.2.2, 14 and 15). Files, their coded forms, blocks and
// listings all go this way, so they all answer alike.
import { randomBytes } from 'node:crypto';
import { type ByteRange, parseRange, type RangeAnswer } from '../message/byte-range.ts';
import { HttpFailure } from '../message/http-failure.ts';
import { checkPreconditions, ifRangeHolds } from '../message/preconditions.ts';
import { withVary } from '../message/vary.ts';
import type { Representation } from './representation.ts';
import { type Outlet, sendBytes } from './send-body.ts';

/**
 * Sends a part of the representation, through the link.
 *
 * @param begin must be called once before the first byte; until then another answer is possible
 */
export type SendPart = (part: ByteRange, begin: () => void) => Promise<void>;

/** @throws HttpFailure 412, 416, and what sending throws */
export async function sendRepresentation(
  outlet: Outlet,
  representation: Representation,
  sendPart: SendPart,
): Promise<void> {
  if (isAnsweredWithout(outlet, representation)) return;
  const answer = wantedRange(outlet, representation);
  if (answer.kind === 'unsatisfiable') {
    const { size } = representation;
    throw new HttpFailure(416, `no byte of that range: there are ${size} bytes`, {
      'Content-Range': `bytes */${size}`,
    });
  }
  const ranges = answer.kind === 'ranges' ? answer.ranges : [];
  if (ranges.length > 1) await sendMultipart(outlet, representation, ranges, sendPart);
  else await sendOne(outlet, representation, ranges[0], sendPart);
}

/**
 * Whether the conditions of the request were met without the bytes: a 304 has been sent then.
 *
 * @throws HttpFailure 412
 */
export function isAnsweredWithout(
  { conversation: { req, res } }: Outlet,
  { validators, cacheHeaders }: Pick<Representation, 'validators' | 'cacheHeaders'>,
): boolean {
  const verdict = checkPreconditions(req.method ?? '', req.headers, validators);
  if (verdict === 'failed') throw new HttpFailure(412, 'it is not the version asked for');
  if (verdict !== 'not_modified') return false;
  res.writeHead(304, withVary(res, cacheHeaders)).end();
  return true;
}

/** The requested range; ranges are defined for GET only (section 14.2). */
function wantedRange(
  { conversation: { req } }: Outlet,
  { rangeable, size, validators }: Representation,
): RangeAnswer {
  const ifRange = req.headers['if-range'];
  const asked =
    rangeable &&
    req.method === 'GET' &&
    ifRangeHolds(ifRange === undefined ? undefined : String(ifRange), validators, Date.now());
  return parseRange(asked ? req.headers.range : undefined, size);
}

async function sendOne(
  { conversation: { req, res } }: Outlet,
  { headers, size }: Representation,
  range: ByteRange | undefined,
  sendPart: SendPart,
): Promise<void> {
  const part = range ?? { first: 0, length: size };
  const begin = (): void => {
    res.writeHead(range ? 206 : 200, {
      ...withVary(res, headers),
      'Content-Length': part.length,
      ...(range ? { 'Content-Range': contentRange(range, size) } : {}),
    });
  };
  if (req.method === 'HEAD') begin();
  else await sendPart(part, begin);
  res.end();
}

/** multipart/byteranges, section 14.6. */
async function sendMultipart(
  outlet: Outlet,
  { headers, size }: Representation,
  ranges: readonly ByteRange[],
  sendPart: SendPart,
): Promise<void> {
  const { res } = outlet.conversation;
  const boundary = randomBytes(16).toString('hex');
  const head = (range: ByteRange): Buffer =>
    Buffer.from(
      `\r\n--${boundary}\r\nContent-Type: ${headers['Content-Type']}\r\nContent-Range: ${contentRange(range, size)}\r\n\r\n`,
    );
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);
  const length = ranges.reduce((sum, range) => sum + head(range).length + range.length, end.length);
  res.writeHead(206, {
    ...withVary(res, headers),
    'Content-Type': `multipart/byteranges; boundary=${boundary}`,
    'Content-Length': length,
  });
  for (const range of ranges) {
    await sendBytes(outlet, head(range));
    await sendPart(range, () => undefined);
  }
  await sendBytes(outlet, end);
  res.end();
}

function contentRange({ first, length }: ByteRange, size: number): string {
  return `bytes ${first}-${first + length - 1}/${size}`;
}
