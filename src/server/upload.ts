// PUT /files/<path>: the body becomes the file, whole or not at all (RFC 9110
// section 9.3.4). Refusals come before the body is asked for. Uploads of one name
// run side by side, each into its own partial file; they are published one after
// the other, each against the preconditions of that moment, so the last one wins
// unless it asked not to.
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Exchange } from './exchange.ts';
import { validatorsOf } from './file-response.ts';
import { Gate } from './gate.ts';
import { HttpFailure } from './http-failure.ts';
import type { Hub } from './hub.ts';
import { PartialFile } from './partial-file.ts';
import { checkPreconditions } from './preconditions.ts';
import { receiveBody } from './receive-body.ts';
import { filesUrl, parseRequestPath } from './request-path.ts';
import type { ServedRoot } from './served-root.ts';

interface Target {
  readonly segments: readonly string[];
  readonly directory: string;
  readonly name: string;
}

/** One publication at a time: it is short, and checks what another would change. */
const publishing = new Gate(1);

/** @param rest what follows `/files/`. @throws HttpFailure */
export async function answerUpload(hub: Hub, exchange: Exchange, rest: string): Promise<void> {
  const { segments, trailingSlash } = parseRequestPath(rest, 403);
  hub.access.check(exchange, 'write', segments);
  checkAcceptable(exchange);
  const name = segments.at(-1);
  if (name === undefined || trailingSlash) {
    throw new HttpFailure(409, 'a directory cannot be uploaded; give the name of a file');
  }
  await checkTarget(hub, exchange, segments);
  const directory = await hub.root.makeDirectory(segments.slice(0, -1));
  await checkRoom(directory, Number(exchange.req.headers['content-length'] ?? 0));
  const partial = await PartialFile.create(directory, name);
  try {
    if (exchange.req.headers.expect !== undefined) exchange.res.writeContinue();
    await receiveBody(exchange, hub.link, partial);
    await publish(hub, exchange, { segments, directory, name }, partial);
  } finally {
    await partial.close();
  }
}

function checkAcceptable({ req }: Exchange): void {
  // Section 14.5: a part taken for the whole would destroy a file.
  if (req.headers['content-range'] !== undefined) {
    throw new HttpFailure(400, 'an upload replaces the whole file; Content-Range is not taken');
  }
  if ((req.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new HttpFailure(415, 'upload the bytes as they are, without Content-Encoding');
  }
}

/** Whether the name is taken, after what is there was held against the preconditions. */
async function checkTarget(
  { root, catalogue }: Hub,
  { req }: Exchange,
  segments: readonly string[],
): Promise<boolean> {
  let existing: Awaited<ReturnType<ServedRoot['open']>> | undefined;
  try {
    existing = await root.open(segments);
  } catch (error) {
    if (!(error instanceof HttpFailure && error.status === 404)) throw error;
  }
  try {
    if (existing?.stats.isDirectory()) throw new HttpFailure(409, 'a directory has this name');
    // Hashing what will be replaced is only worth it when a tag is compared.
    const compared = ['if-match', 'if-none-match', 'if-unmodified-since'].some(
      (header) => req.headers[header] !== undefined,
    );
    if (!compared) return existing !== undefined;
    const current = existing && validatorsOf(existing, await catalogue.entryOf(existing));
    if (checkPreconditions('PUT', req.headers, current) === 'proceed') return current !== undefined;
    throw new HttpFailure(412, current ? 'the file is not that version' : 'there is no such file');
  } finally {
    await existing?.handle.close();
  }
}

async function checkRoom(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bytes > bavail * bsize) throw new HttpFailure(507, 'no space left on the device');
}

async function publish(
  hub: Hub,
  exchange: Exchange,
  { segments, directory, name }: Target,
  partial: PartialFile,
): Promise<void> {
  const { req, res } = exchange;
  const replaced = await publishing.run(async () => {
    const taken = await checkTarget(hub, exchange, segments);
    await partial.publish(name, req.headers['if-none-match']?.trim() === '*');
    return taken;
  });
  const path = join(directory, name);
  const stats = await partial.handle.stat();
  hub.emit({
    event: 'file_stored',
    path: segments.join('/'),
    bytes: stats.size,
    remote: exchange.remote,
  });
  // Another upload may have replaced it already: then there is no tag to give.
  const stored = { handle: partial.handle, stats, path, name };
  const entry = await hub.catalogue.entryOf(stored).catch(() => undefined);
  if (entry) {
    res.setHeader('ETag', `"${entry.cid}"`);
    res.setHeader('X-Ipfs-Roots', entry.cid);
  }
  const url = filesUrl(segments);
  res.setHeader('Location', url);
  if (replaced) res.writeHead(204).end();
  else exchange.reply(201, 'text/plain; charset=utf-8', `stored ${url}\n`);
}
