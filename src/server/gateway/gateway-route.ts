// GET and HEAD /ipfs/<cid>, as a trustless gateway answers: one block, or a CAR with all that a client
// needs to check what it asked for. Whoever asks trusts no answer, and hashes each block.
// Source: https://specs.ipfs.tech/http-gateways/trustless-gateway/
import { UnreadableBlock } from '../../car/ipld-node.ts';
import { holdsItsBytes, MissingBlock, type Resolved, resolvePath } from '../../car/walk.ts';
import { isSupportedCid } from '../../content/cid.ts';
import type { Outlet } from '../answer/send-body.ts';
import { HttpFailure } from '../message/http-failure.ts';
import { answerBlock } from './block-response.ts';
import { type Blocks, type FoundBlock, inItself } from './blocks.ts';
import { answerCar } from './car-response.ts';
import { type GatewayWish, gatewayWish } from './gateway-wish.ts';

/**
 * @param rest path after `/ipfs/`, without the query
 * @throws HttpFailure 400, 404, 406, 412
 */
export async function answerGateway(outlet: Outlet, blocks: Blocks, rest: string): Promise<void> {
  const { req } = outlet.conversation;
  const wish = gatewayWish(rest, req.url ?? '', req.headers);
  const found = await find(blocks, wish);
  try {
    const asked = { wish, sharing: blocks.sharing, ...(await resolve(found, wish)) };
    if (wish.car) await answerCar(outlet, asked, found, wish.car);
    else await answerBlock(outlet, asked, wish.path.length === 0 ? found.name : undefined);
  } finally {
    await found.close();
  }
}

async function find(blocks: Blocks, { root, onlyIfCached }: GatewayWish): Promise<FoundBlock> {
  if (holdsItsBytes(root)) return inItself(root);
  if (!isSupportedCid(root)) {
    throw new HttpFailure(404, 'blocks here are dag-pb or raw with sha2-256');
  }
  const found = await blocks.find(root);
  if (found) return found;
  if (onlyIfCached) throw new HttpFailure(412, 'that block is not here');
  throw new HttpFailure(404, 'no file here has this block (or none that was hashed)');
}

async function resolve(found: FoundBlock, { root, path }: GatewayWish): Promise<Resolved> {
  const resolved = await resolvePath(found, root, path).catch(refuseUnread);
  if (resolved) return resolved;
  throw new HttpFailure(404, 'the path names nothing below that CID');
}

/** Nothing is sent yet, so a block that is not here can be told. */
function refuseUnread(error: unknown): never {
  const isUnread = error instanceof MissingBlock || error instanceof UnreadableBlock;
  throw isUnread ? new HttpFailure(404, error.message) : error;
}
