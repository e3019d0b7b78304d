// What the conformance suite of trustless gateways asks of CARs (tests/trustless_gateway_car_test.go of
// https://github.com/ipfs/gateway-conformance, commit 22c76440), on its own DAGs.
import { CID } from 'multiformats/cid';
import { describe, expect, it } from 'vitest';
import { linksOf, readNode } from '../../src/car/ipld-node.ts';
import { type CarWish, carBlocks, resolvePath } from '../../src/car/walk.ts';
import { type Dags, loadDags } from './cars.ts';

const MIXED = 'subdir-with-mixed-block-files';
const TWO = 'subdir-with-two-single-block-files';
const HAMT = 'single-layer-hamt-with-multi-block-files';
const CBOR = 'dir-with-dag-cbor-with-links';
const EQUAL = 'dir-with-duplicate-files';
const MISSING = 'file-3k-and-3-blocks-missing-block';

const DOCUMENT = 'bafyreidy4q6mmetut5jzc54ambsfnatbyoujmwbfzyyolqw24majazwgha';
const HELLO = 'bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4';
const ASCII = 'bafkreifkam6ns4aoolg3wedr4uzrs3kvq66p4pecirz6y2vlrngla62mxm';
const SUBDIR = 'bafybeiggghzz6dlue3m6nb2dttnbrygxh3lrjl5764f2m4gq7dgzdt55o4';
const SUBDIR_MIXED = 'bafybeicnmple4ehlz3ostv2sbojz3zhh5q7tz5r2qkfdpqfilgggeen7xm';
const MULTI = 'bafybeigcisqd7m5nf3qmuvjdbakl5bdnh4ocrmacaqkpuh77qjvggmt2sa';
/** Chunks of multiblock.txt: four of 256 bytes and one of 2. */
const CHUNKS = [
  'bafkreie5noke3mb7hqxukzcy73nl23k6lxszxi5w3dtmuwz62wnvkpsscm',
  'bafkreih4ephajybraj6wnxsbwjwa77fukurtpl7oj7t7pfq545duhot7cq',
  'bafkreigu7buvm3cfunb35766dn7tmqyh2um62zcio63en2btvxuybgcpue',
  'bafkreicll3huefkc3qnrzeony7zcfo7cr3nbx64hnxrqzsixpceg332fhe',
  'bafkreifst3pqztuvj57lycamoi7z34b4emf7gawxs74nwrc2c7jncmpaqm',
];
const FIRST_KIB = 'QmPKt7ptM2ZYSGPUc8PmPT2VBkLDK3iqpG9TBJY7PCE9rF';
const LAST_KIB = 'QmWXY482zQdwecnfBsj78poUUuPXvyw2JAFAEMw4tzTavV';

const ALL: CarWish = { scope: 'all', duplicates: false };
const ENTITY: CarWish = { scope: 'entity', duplicates: false };
const BLOCK: CarWish = { scope: 'block', duplicates: false };
const bytes = (from: number, to?: number): CarWish => ({ ...ENTITY, bytes: { from, to } });

async function cidsOf(
  dags: Dags,
  path: string,
  wish: CarWish,
  root = dags.root,
): Promise<string[]> {
  const resolved = await resolvePath(dags, root, path === '' ? [] : path.split('/'));
  const cids: string[] = [];
  for await (const { cid } of carBlocks(dags, resolved!.passed, wish)) cids.push(cid.toString());
  return cids;
}

describe('a CAR', () => {
  it.each<[string, string, CarWish, string[]]>([
    [TWO, 'subdir/ascii.txt', ALL, [SUBDIR, ASCII]],
    [TWO, 'subdir', BLOCK, [SUBDIR]],
    [TWO, 'subdir/ascii.txt', BLOCK, [SUBDIR, ASCII]],
    [TWO, '', ENTITY, []],
    [MIXED, 'subdir/ascii.txt', ENTITY, [SUBDIR_MIXED, ASCII]],
    [MIXED, 'subdir/multiblock.txt', ENTITY, [SUBDIR_MIXED, MULTI, ...CHUNKS]],
    [MIXED, 'subdir', ALL, [SUBDIR_MIXED, ASCII, HELLO, MULTI, ...CHUNKS]],
    [MIXED, 'subdir/multiblock.txt', ALL, [SUBDIR_MIXED, MULTI, ...CHUNKS]],
    [MIXED, 'subdir/multiblock.txt', bytes(0), [SUBDIR_MIXED, MULTI, ...CHUNKS]],
    [CBOR, 'document', ENTITY, [DOCUMENT]],
    [CBOR, '', ALL, [DOCUMENT, HELLO, MULTI, ...CHUNKS]],
    [MISSING, '', bytes(0, 1000), [FIRST_KIB]],
    [MISSING, '', bytes(2200), [LAST_KIB]],
    [EQUAL, '', ALL, [ASCII, HELLO, MULTI, ...CHUNKS]],
    [EQUAL, '', { ...ALL, duplicates: true }, [ASCII, ASCII, HELLO, MULTI, ...CHUNKS]],
  ])('%s: /%s, %j', async (name, path, wish, below) => {
    const dags = await loadDags(name);
    expect(await cidsOf(dags, path, wish)).toEqual([dags.root.toString(), ...below]);
  });

  it.each<[CarWish, number[]]>([
    [bytes(512), [2, 3, 4]],
    [bytes(512, 1023), [2, 3]],
    [bytes(512, -256), [2, 3]],
    [bytes(-5), [3, 4]],
    [bytes(-9999), [0, 1, 2, 3, 4]],
    [bytes(-9999, -3), [0, 1, 2, 3]],
    [bytes(0, 0), [0]],
    [bytes(255, 256), [0, 1]],
    [bytes(1025), [4]],
    [bytes(1026), []],
    [bytes(5, 4), []],
    [bytes(300, 200), []],
  ])('of a file of 1,026 bytes, %j', async (wish, chunks) => {
    const root = CID.parse(MULTI);
    const cids = await cidsOf(await loadDags(MIXED), '', wish, root);
    expect(cids).toEqual([MULTI, ...chunks.map((i) => CHUNKS[i])]);
  });

  it('follows a path from a document through its maps', async () => {
    const root = CID.parse(DOCUMENT);
    const cids = await cidsOf(await loadDags(CBOR), 'files/single', ALL, root);
    expect(cids).toEqual([DOCUMENT, HELLO]);
  });

  it('of a file in a sharded directory has the shards on the way to it alone', async () => {
    const dags = await loadDags(HAMT);
    const block = await cidsOf(dags, '1.txt', BLOCK);
    // Only what is sent was read.
    expect([...new Set(dags.asked)]).toEqual(block);
    const root = readNode(dags.root, (await dags.get(dags.root))!);
    expect(linksOf(root).map(String)).toContain(block[1]);
    const whole = await cidsOf(dags, '685.txt', ALL);
    const file = CID.parse(whole[2]!);
    const node = readNode(file, (await dags.get(file))!);
    expect(node.kind).toBe('file');
    expect(whole.slice(3)).toEqual(linksOf(node).map(String));
  });

  it('of a sharded directory has its shards, and no file', async () => {
    const dags = await loadDags(HAMT);
    const cids = await cidsOf(dags, '', ENTITY);
    const kinds = await Promise.all(
      cids.map(async (text) => {
        const cid = CID.parse(text);
        return readNode(cid, (await dags.get(cid))!).kind;
      }),
    );
    expect(cids.length).toBeGreaterThan(100);
    expect(new Set(kinds)).toEqual(new Set(['shard']));
    expect(await cidsOf(dags, '', bytes(0))).toEqual(cids);
  });

  it.each([
    [TWO, 'subdir/i-do-not-exist'],
    [TWO, 'subdir/ascii.txt/below'],
    [HAMT, 'no-such-name.txt'],
    [CBOR, 'document/files/none'],
    [CBOR, 'document/files/__proto__'],
  ])('%s: /%s names nothing', async (name, path) => {
    const dags = await loadDags(name);
    expect(await resolvePath(dags, dags.root, path.split('/'))).toBeUndefined();
  });

  it('whose block is missing ends with an error', async () => {
    await expect(cidsOf(await loadDags(MISSING), '', ALL)).rejects.toThrow('is not here');
  });
});
