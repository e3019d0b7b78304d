// A CAR, made while it is sent. The same wish always gets the same bytes, so it has a tag; its length is
// not known before, so it comes chunked, and no range of it is served. A block that is missing when its
// turn comes cuts the connection: no client takes half of it for the whole.
import { createHash } from 'node:crypto';
import { carHeader, frameHead } from '../../car/car-frame.ts';
import { type Block, type BlockSource, type CarWish, carBlocks } from '../../car/walk.ts';
import { joined } from '../answer/joined.ts';
import { type Outlet, sendBytes } from '../answer/send-body.ts';
import { isAnsweredWithout } from '../answer/send-representation.ts';
import { withVary } from '../message/vary.ts';
import { type Asked, cacheHeadersOf, entityOf, savedAs } from './asked.ts';

/** Bytes of the hash that tells wishes of one CID apart. */
const TAG_BYTES = 8;

/** @throws HttpFailure 412; MissingBlock, UnreadableBlock once it has begun */
export async function answerCar(
  outlet: Outlet,
  asked: Asked,
  source: BlockSource,
  wish: CarWish,
): Promise<void> {
  const { req, res } = outlet.conversation;
  const { cid } = entityOf(asked);
  const etag = `"${cid}.car.${tagOf(asked, wish)}"`;
  const cacheHeaders = cacheHeadersOf(asked, etag);
  if (isAnsweredWithout(outlet, { validators: { etag }, cacheHeaders })) return;
  const headers = {
    ...cacheHeaders,
    'Content-Type': `application/vnd.ipld.car; version=1; order=dfs; dups=${wish.duplicates ? 'y' : 'n'}`,
    ...savedAs(asked, `${cid}.car`),
    'Accept-Ranges': 'none',
  };
  res.writeHead(200, withVary(res, headers));
  if (req.method !== 'HEAD') {
    const blocks = carBlocks(source, asked.passed, wish);
    for await (const bytes of joined(framed(asked, blocks))) {
      await sendBytes(outlet, bytes);
      source.release?.(bytes);
    }
  }
  res.end();
}

async function* framed(asked: Asked, blocks: AsyncGenerator<Block>): AsyncGenerator<Uint8Array> {
  yield carHeader(entityOf(asked).cid);
  for await (const { cid, bytes } of oneAhead(blocks)) {
    yield frameHead(cid, bytes.length);
    yield bytes;
  }
}

/** Reads the next block while one is sent. */
async function* oneAhead(blocks: AsyncGenerator<Block>): AsyncGenerator<Block> {
  let coming = blocks.next();
  for (;;) {
    const next = await coming;
    if (next.done) return;
    coming = blocks.next();
    // It is awaited above; until then a failure must not count as unhandled.
    coming.catch(() => undefined);
    yield next.value;
  }
}

function tagOf({ roots }: Asked, wish: CarWish): string {
  const hash = createHash('sha256').update(JSON.stringify([roots.map(String), wish]));
  return hash.digest('hex').slice(0, 2 * TAG_BYTES);
}
