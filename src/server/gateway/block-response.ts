// One block, as a trustless gateway gives it for format=raw. A leaf was read from its file and hashed:
// only the bytes that a CID names are sent under it.
import { isSupportedCid } from '../../content/cid.ts';
import type { Representation } from '../answer/representation.ts';
import { type Outlet, sendBytes } from '../answer/send-body.ts';
import { sendRepresentation } from '../answer/send-representation.ts';
import type { ByteRange } from '../message/byte-range.ts';
import { digestHeaders } from '../message/repr-digest.ts';
import { type Asked, cacheHeadersOf, entityOf, savedAs } from './asked.ts';

const RAW = 'application/vnd.ipld.raw';

/**
 * @param name of the file, if the block is its root
 * @throws HttpFailure 412, 416
 */
export async function answerBlock(
  outlet: Outlet,
  asked: Asked,
  name: string | undefined,
): Promise<void> {
  const { bytes } = entityOf(asked);
  const sendPart = ({ first, length }: ByteRange, begin: () => void): Promise<void> => {
    begin();
    return sendBytes(outlet, bytes.subarray(first, first + length));
  };
  await sendRepresentation(outlet, describe(asked, name), sendPart);
}

/** A block has no date, so only its tag is compared. */
function describe(asked: Asked, name: string | undefined): Representation {
  const { cid, bytes } = entityOf(asked);
  const etag = `"${cid}.raw"`;
  const cacheHeaders = {
    ...cacheHeadersOf(asked, etag),
    ...(name === undefined ? {} : { 'X-Hubswarm-Name': encodeURIComponent(name) }),
  };
  const headers = {
    ...cacheHeaders,
    'Content-Type': RAW,
    ...savedAs(asked, `${cid}.bin`),
    'Accept-Ranges': 'bytes',
    ...(isSupportedCid(cid) ? digestHeaders(cid.multihash.digest) : {}),
  };
  return { size: bytes.length, validators: { etag }, cacheHeaders, headers, rangeable: true };
}
