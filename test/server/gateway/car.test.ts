import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CID } from 'multiformats/cid';
import { describe, expect, it } from 'vitest';
import { pieceCid } from '../../../src/content/manifest.ts';
import { importPath } from '../../../src/disk/import/import.ts';
import { readCar } from '../../car/cars.ts';
import { type HubOptions, startHub } from '../hub.ts';

const CAR = 'application/vnd.ipld.car';
const PIECE = 16 * 1024;

/** A hub with a file of many pieces, the last of 5 bytes. */
async function hubWithFile(pieces = 200, options: HubOptions = {}) {
  const hub = await startHub({ pieceLength: PIECE, ...options });
  const bytes = randomBytes(pieces * PIECE + 5);
  const path = join(hub.root, 'f');
  await writeFile(path, bytes);
  const { manifest } = await importPath(path, { pieceLength: PIECE });
  const { headers } = await hub.ask('/files/f', { method: 'HEAD' });
  expect(headers.etag).toBe(`"${manifest.root}"`);
  return { hub, bytes, path, manifest, cid: manifest.root.toString() };
}

describe('GET /ipfs/<cid>?format=car', () => {
  it('gives all blocks of a file, each once, in the order of the file', async () => {
    const { hub, bytes, manifest, cid } = await hubWithFile();
    const answer = await hub.ask(`/ipfs/${cid}?format=car`);
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.headers).toMatchObject({
      'content-type': `${CAR}; version=1; order=dfs; dups=n`,
      'content-disposition': `attachment; filename="${cid}.car"`,
      'accept-ranges': 'none',
      'x-ipfs-path': `/ipfs/${cid}`,
      'x-ipfs-roots': cid,
      vary: expect.stringContaining('Accept'),
    });
    const { roots, blocks } = readCar(answer.body);
    expect(roots.map(String)).toEqual([cid]);
    expect(blocks[0]!.cid.toString()).toBe(cid);
    const leaves = blocks.filter(({ cid: { code } }) => code === 0x55);
    expect(Buffer.concat(leaves.map((leaf) => leaf.bytes)).equals(bytes)).toBe(true);
    expect(blocks.length - leaves.length).toBe(1 + 2);
    expect(leaves[7]!.cid.equals(pieceCid(manifest, 7))).toBe(true);
  });

  it('gives equal pieces once, or as often as they are there', async () => {
    const hub = await startHub({ pieceLength: PIECE });
    await writeFile(join(hub.root, 'zeros'), Buffer.alloc(5 * PIECE));
    const { 'x-ipfs-roots': cid } = (await hub.ask('/files/zeros')).headers;
    const count = async (query: string): Promise<number> =>
      readCar((await hub.ask(`/ipfs/${cid}?format=car${query}`)).body).blocks.length;
    expect(await count('')).toBe(2);
    expect(await count('&car-dups=y')).toBe(6);
  });

  it('gives what a range takes, and a block alone', async () => {
    const { hub, manifest, cid } = await hubWithFile(3);
    const cids = async (query: string): Promise<string[]> =>
      readCar((await hub.ask(`/ipfs/${cid}?format=car&${query}`)).body).blocks.map((block) =>
        block.cid.toString(),
      );
    const piece = (i: number) => pieceCid(manifest, i).toString();
    expect(await cids('dag-scope=block')).toEqual([cid]);
    expect(await cids('entity-bytes=-5:*')).toEqual([cid, piece(3)]);
    expect(await cids(`dag-scope=entity&entity-bytes=${PIECE}:${PIECE}`)).toEqual([cid, piece(1)]);
    // A leaf is an entity, too.
    const leaf = await hub.ask(`/ipfs/${piece(2)}?format=car`);
    expect(readCar(leaf.body).blocks.map((block) => block.cid.toString())).toEqual([piece(2)]);
  });

  it.each([
    ['?format=car', 'application/vnd.ipld.raw', CAR],
    ['?format=raw', CAR, 'application/vnd.ipld.raw'],
    ['', CAR, CAR],
    ['', 'application/vnd.ipld.raw;q=0.5, application/vnd.ipld.car', CAR],
    ['', 'application/vnd.ipld.raw, application/vnd.ipld.car;q=0.5', 'application/vnd.ipld.raw'],
    ['', 'text/html', 'application/vnd.ipld.raw'],
    ['', '*/*', 'application/vnd.ipld.raw'],
  ])('%s with Accept: %s is %s', async (query, accept, type) => {
    const { hub, cid } = await hubWithFile(1);
    const { headers } = await hub.ask(`/ipfs/${cid}${query}`, { headers: { accept } });
    expect(headers['content-type']).toMatch(new RegExp(`^${type}`));
  });

  it.each([
    ['', `${CAR}; version=1; order=dfs; dups=y`, 'dups=y'],
    ['', `${CAR}; order=unk`, 'order=dfs; dups=n'],
    ['?format=car', `${CAR}; dups=y`, 'dups=y'],
    ['?format=car&car-dups=y', `${CAR}; dups=n`, 'dups=y'],
    ['?format=car&car-order=dfs', `${CAR}; order=unk`, 'order=dfs'],
  ])('%s with Accept: %s says %s', async (query, accept, said) => {
    const { hub, cid } = await hubWithFile(1);
    const { headers } = await hub.ask(`/ipfs/${cid}${query}`, { headers: { accept } });
    expect(headers['content-type']).toContain(said);
  });

  it.each([
    ['car-version=2', 400, 'give 1'],
    ['car-order=bfs', 400, 'give dfs or unk'],
    ['car-dups=maybe', 400, 'give y or n'],
    ['dag-scope=half', 400, 'give block or entity or all'],
    ['entity-bytes=1-5', 400, 'FROM:TO'],
    ['entity-bytes=*:5', 400, 'FROM:TO'],
    ['entity-bytes=0:99999999999999999999', 400, 'FROM:TO'],
    ['dag-scope=all&entity-bytes=0:5', 400, 'dag-scope=entity'],
  ])('%s is %d: %s', async (query, status, text) => {
    const { hub, cid } = await hubWithFile(1);
    const answer = await hub.ask(`/ipfs/${cid}?format=car&${query}`);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(text);
  });

  it('answers HEAD, a tag that is known, and each wish under a tag of its own', async () => {
    const { hub, cid } = await hubWithFile(1);
    const path = `/ipfs/${cid}?format=car`;
    const head = await hub.ask(path, { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, text: '' });
    const tag = head.headers.etag!;
    const again = await hub.ask(path, { headers: { 'if-none-match': tag } });
    expect(again).toMatchObject({ status: 304, text: '' });
    const other = await hub.ask(`${path}&dag-scope=block`, { headers: { 'if-none-match': tag } });
    expect(other.status).toBe(200);
    const failed = await hub.ask(path, { headers: { 'if-match': '"other"' } });
    expect(failed.status).toBe(412);
  });

  it('names nothing below a file, and has nothing of a stranger', async () => {
    const { hub, cid, manifest } = await hubWithFile(1);
    const status = async (path: string, headers = {}) =>
      (await hub.ask(`/ipfs/${path}?format=car`, { headers })).status;
    expect(await status(`${cid}/name`)).toBe(404);
    expect(await status(`${cid}//`)).toBe(400);
    expect(await status(`${cid}/%ff`)).toBe(400);
    expect(await status(`${cid}/${'a/'.repeat(200)}`)).toBe(400);
    const foreign = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
    expect(await status(foreign)).toBe(404);
    expect(await status(foreign, { 'cache-control': 'only-if-cached' })).toBe(412);
    expect(await status(manifest.root.toString(), { 'cache-control': 'only-if-cached' })).toBe(200);
  });

  it('gives what a CID holds itself, and never as a block', async () => {
    const hub = await startHub();
    expect(await hub.ask('/ipfs/bafkqaaa?format=raw')).toMatchObject({ status: 200, text: '' });
    expect((await hub.ask('/ipfs/bafkqaaa?format=raw', { method: 'HEAD' })).status).toBe(200);
    const words = 'bafkqaf3imvwgy3zaneqgc3janfxgy2lomvscay3jmqfa';
    expect((await hub.ask(`/ipfs/${words}`)).text).toBe(
      Buffer.from(CID.parse(words).multihash.digest).toString(),
    );
    const car = readCar((await hub.ask(`/ipfs/${words}?format=car&car-dups=y`)).body);
    expect({ roots: car.roots.map(String), blocks: car.blocks }).toEqual({
      roots: [words],
      blocks: [],
    });
  });

  it('saves under the name that was asked for', async () => {
    const { hub, cid } = await hubWithFile(1);
    const named = async (query: string) =>
      (await hub.ask(`/ipfs/${cid}?${query}`)).headers['content-disposition'];
    expect(await named('filename=foobar.bin')).toBe('attachment; filename="foobar.bin"');
    expect(await named('format=car&filename=a.car')).toBe('attachment; filename="a.car"');
    expect(await named('filename=')).toBe(`attachment; filename="${cid}.bin"`);
    expect(await named('filename=%0d%0ax%3a%20y')).not.toMatch(/[\r\n]/);
  });

  it('is cut when the file changes meanwhile', async () => {
    const { hub, path, cid } = await hubWithFile(64, { uplinkBytesPerSecond: 512 * 1024 });
    const socket = hub.socket();
    socket.write(`GET /ipfs/${cid}?format=car HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
    const [first] = (await once(socket, 'data')) as [Buffer];
    const chunks = [first];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const closed = once(socket, 'close');
    await writeFile(path, randomBytes(64 * PIECE + 5));
    await closed;
    const text = Buffer.concat(chunks).toString('latin1');
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text.endsWith('0\r\n\r\n')).toBe(false);
  });
});
