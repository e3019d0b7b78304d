// GET and HEAD /ipfs/<cid>: one block by its CID, as a trustless gateway does for format=raw
// (https://specs.ipfs.tech/http-gateways/trustless-gateway/). Other formats (CAR, a path below the
// CID) are left to real gateways. A leaf is read from its file and hashed before it is sent: only
// the bytes that a CID names are sent under it.
import type { CID } from 'multiformats/cid';
import { decodeCid, isSupportedCid, matchesCid } from '../../content/cid.ts';
import type { BlockPlace } from '../../hub/catalogue/catalogue.ts';
import type { Representation } from '../answer/representation.ts';
import { type Outlet, sendBytes } from '../answer/send-body.ts';
import { sendRepresentation } from '../answer/send-representation.ts';
import type { ByteRange } from '../message/byte-range.ts';
import { HttpFailure } from '../message/http-failure.ts';
import { digestHeaders } from '../message/repr-digest.ts';
import { targetQuery } from '../message/request-path.ts';

const RAW = 'application/vnd.ipld.raw';
/** A CID never names other bytes. Caches take a year for ever (RFC 9111). */
const IMMUTABLE = 'max-age=31536000, immutable';

/** The blocks that the caller may read. */
export interface Blocks {
  places(cid: CID): Iterable<BlockPlace>;
  /** Whether a shared cache may give them to others. */
  readonly sharing: 'public' | 'private';
}

/**
 * @param rest path after `/ipfs/`, without the query.
 * @throws HttpFailure 400, 404, 406
 */
export async function answerBlock(outlet: Outlet, blocks: Blocks, rest: string): Promise<void> {
  const { req } = outlet.conversation;
  const cid = parse(rest);
  checkFormat(req.url ?? '', req.headers.accept);
  const found = await findBlock(blocks, cid);
  if (!found) throw new HttpFailure(404, 'no file here has this block (or none that was hashed)');
  const { block, name } = found;
  const sendPart = ({ first, length }: ByteRange, begin: () => void): Promise<void> => {
    begin();
    return sendBytes(outlet, block.subarray(first, first + length));
  };
  await sendRepresentation(outlet, describe(cid, block.length, blocks.sharing, name), sendPart);
}

/** A block has no date, so only its tag is compared. */
function describe(
  cid: CID,
  size: number,
  sharing: Blocks['sharing'],
  name: string | undefined,
): Representation {
  const cacheHeaders = {
    ETag: `"${cid}.raw"`,
    'Cache-Control': `${sharing}, ${IMMUTABLE}`,
    'X-Ipfs-Path': `/ipfs/${cid}`,
    'X-Ipfs-Roots': `${cid}`,
    ...(name === undefined ? {} : { 'X-Hubswarm-Name': encodeURIComponent(name) }),
  };
  const headers = {
    ...cacheHeaders,
    'Content-Type': RAW,
    'Content-Disposition': `attachment; filename="${cid}.bin"`,
    'Accept-Ranges': 'bytes',
    ...digestHeaders(cid.multihash.digest),
  };
  return { size, validators: { etag: cacheHeaders.ETag }, cacheHeaders, headers, rangeable: true };
}

function parse(text: string): CID {
  if (text.replace(/\/$/, '').includes('/')) {
    throw new HttpFailure(404, 'only whole blocks are served; ask for /ipfs/<cid>?format=raw');
  }
  const cid = decodeCid(text.replace(/\/$/, ''));
  if (!cid) throw new HttpFailure(400, 'malformed CID; give one as in /ipfs/bafybei...');
  if (isSupportedCid(cid)) return cid;
  throw new HttpFailure(404, 'blocks here are dag-pb or raw with sha2-256');
}

/**
 * Checks the wanted format. A client that names none gets raw; another wish is refused, not
 * ignored.
 */
function checkFormat(target: string, accept: string | undefined): void {
  const format = targetQuery(target).get('format');
  const wish = format ?? /application\/vnd\.ipld\.([a-z-]+)/.exec(accept ?? '')?.[1] ?? 'raw';
  const acceptsRaw = format === 'raw' || accept === undefined || /\.raw|\*\/\*/.test(accept);
  if (wish === 'raw' || (format === null && acceptsRaw)) return;
  throw new HttpFailure(406, 'only raw blocks are served; ask with ?format=raw');
}

async function findBlock(
  blocks: Blocks,
  cid: CID,
): Promise<{ block: Uint8Array; name: string | undefined } | undefined> {
  for (const place of blocks.places(cid)) {
    const block = await place.read().catch(() => undefined);
    if (block && matchesCid(cid, block)) return { block, name: place.name };
  }
  return undefined;
}
