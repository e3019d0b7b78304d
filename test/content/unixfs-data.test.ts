// The bytes of UnixFS nodes. The vectors were made by the protobuf library for Python (deterministic
// serialisation of the schema in https://specs.ipfs.tech/unixfs/), as were the CIDs.
import * as dagPb from '@ipld/dag-pb';
import fc from 'fast-check';
import { UnixFS } from 'ipfs-unixfs';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/content/cid.ts';
import { decodeNode } from '../../src/content/dag-node.ts';
import { buildDirectoryDag } from '../../src/content/directory-dag.ts';
import { buildFileDag } from '../../src/content/file-dag.ts';
import { DIGEST_LENGTH } from '../../src/content/manifest.ts';
import { encodeFileData, encodeLinkData } from '../../src/content/unixfs-data.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const HOLE = [2 ** 31, 2 ** 32 - 1] as const;

describe('the node of a file', () => {
  it.each([
    [[], '08021800'],
    [[1], '080218012001'],
    [[127], '0802187f207f'],
    [[128], '0802188001208001'],
    [[2 ** 31 - 1], '080218ffffffff0720ffffffff07'],
    [[2 ** 31], '0802188080808008208080808008'],
    [[2 ** 31 + 1], '0802188180808008208180808008'],
    [[2 ** 32 - 1], '080218ffffffff0f20ffffffff0f'],
    [[2 ** 32], '0802188080808010208080808010'],
    [[2 ** 32 + 1], '0802188180808010208180808010'],
    [[2 ** 53 - 1], '080218ffffffffffffff0f20ffffffffffffff0f'],
    [[2 ** 31, 2 ** 31], '0802188080808010208080808008208080808008'],
    [[2 ** 30, 2 ** 30], '0802188080808008208080808004208080808004'],
    [[2 ** 31 - 1, 1, 2], '080218828080800820ffffffff0720012002'],
  ])('with children of %j bytes', (lengths, bytes) => {
    expect(hex(encodeFileData(lengths))).toBe(bytes);
    const decoded = UnixFS.unmarshal(encodeFileData(lengths));
    expect(decoded.blockSizes.map(Number)).toEqual(lengths);
  });

  it.each([
    [-1, undefined, '420b08ffffffffffffffffff01'],
    [-0.001, undefined, '421008ffffffffffffffffff0115c0878b3b'],
    [-(2 ** 31), undefined, '420b0880808080f8ffffffff01'],
    [-(2 ** 31) - 1, 0o600, '388003420b08fffffffff7ffffffff01'],
    [-(2 ** 32), undefined, '420b0880808080f0ffffffff01'],
    [-30_610_224_000, undefined, '420b088099f4fb8dffffffff01'],
    [0, undefined, '42020800'],
    [2 ** 31 - 1 + 0.999, undefined, '420b08ffffffff0715c0878b3b'],
    [2 ** 31, undefined, '4206088080808008'],
    [2_219_832_000, 0o755, '38ed03420608c0e5bfa208'],
    [2 ** 32 - 1 + 0.001, 0, '3800420b08ffffffff0f1540420f00'],
    [2 ** 32, 0o644, '4206088080808010'],
    [253_402_300_799.999, undefined, '420c08ff82d1ffaf0715c0878b3b'],
  ])('last changed at %d s with mode %o', (seconds, mode, bytes) => {
    const modifiedMs = Math.round(seconds * 1000);
    const data = encodeFileData([5], { modifiedMs, mode });
    expect(hex(data)).toBe(`080218052005${bytes}`);
    const { mtime } = UnixFS.unmarshal(data);
    expect(Number(mtime?.secs) * 1000 + (mtime?.nsecs ?? 0) / 1e6).toBe(modifiedMs);
  });

  it('is what ipfs-unixfs writes, wherever that writes all of it', () => {
    const isWritten = (value: number): boolean => value < HOLE[0] || value > HOLE[1];
    const length = fc.oneof(
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      fc.integer({ min: 2 ** 32, max: 2 ** 45 }),
    );
    const lengths = fc
      .array(length, { maxLength: 8 })
      .filter((each) => isWritten(each.reduce((sum, one) => sum + one, 0)));
    const seconds = fc.integer({ min: -30_000_000_000, max: 250_000_000_000 }).filter(isWritten);
    const mode = fc.integer({ min: 0, max: 0o777 });
    fc.assert(
      fc.property(lengths, seconds, mode, (each, secs, bits) => {
        const theirs = new UnixFS({
          type: 'file',
          blockSizes: each.map(BigInt),
          mode: bits,
          mtime: { secs: BigInt(secs) },
        });
        const ours = encodeFileData(each, { modifiedMs: secs * 1000, mode: bits });
        expect(hex(ours)).toBe(hex(theirs.marshal()));
      }),
    );
  });
});

describe('the node of a directory', () => {
  it.each([
    [2_219_832_000_000, undefined, '0801420608c0e5bfa208'],
    [2 ** 32 * 1000 - 1, 0o700, '080138c003420b08ffffffff0f15c0878b3b'],
    [undefined, 0o644, '080138a403'],
    [-1000, 0o755, '0801420b08ffffffffffffffffff01'],
  ])('last changed at %d ms with mode %o', async (modifiedMs, mode, bytes) => {
    const blocks = new Map<string, Uint8Array>();
    const { cid, tsize } = await buildDirectoryDag([], blocks, { modifiedMs, mode });
    const [block] = blocks.values();
    expect(hex(dagPb.decode(block!).Data!)).toBe(bytes);
    expect([...blocks.keys()]).toEqual([String(cid)]);
    expect(tsize).toBe(block!.length);
  });
});

describe('the node of a symbolic link', () => {
  it.each([
    ['../a/b', '080412062e2e2f612f62'],
    ['', '0804'],
    ['x'.repeat(200), `080412c801${'78'.repeat(200)}`],
  ])('to %j', (target, bytes) => {
    expect(hex(encodeLinkData(new TextEncoder().encode(target)))).toBe(bytes);
  });
});

describe('the CID of a file of zeros', () => {
  it.each([
    [
      104_857_600,
      1_048_576,
      'bafybeihekywddbzllb3waeoltzfeftxani7qshphmjkylbthhyoko5x35i',
      104_862_610,
    ],
    [
      2_147_483_647,
      1_048_576,
      'bafybeifh5fz5soxkbv3o2zbctltbyocfyyyk36rwnsh5ey7b3tel2i2mbu',
      2_147_586_801,
    ],
    [
      2_147_483_648,
      1_048_576,
      'bafybeib6f6bal4lzqumr6tsxlisrbsjsayrv5yx7xpb327atywwaeubxzu',
      2_147_586_802,
    ],
    [
      2_200_000_000,
      1_048_576,
      'bafybeiaz6q2sry4vusoby6q4g3wvvr7s7xw5dz3xhfqamxwkwofu5wa3qa',
      2_200_105_765,
    ],
    [
      4_294_967_295,
      2_097_152,
      'bafybeib3pv6xxvltl3lat4lyjkwqisohrrhbssfuufwo3h36jxcp4h776q',
      4_295_074_579,
    ],
    [
      4_294_967_295,
      262_144,
      'bafybeid2a5ik235wytaajhsvox6er2ffvr7fsonrckbjoszwbqhhhoj3ua',
      4_295_792_395,
    ],
    [
      4_294_967_296,
      1_048_576,
      'bafybeifgpmzjq4675xfyu5rey4ndiaoz2ds623w5imxrwkdse2si3nvthy',
      4_295_173_595,
    ],
    [
      10_737_418_240,
      1_048_576,
      'bafybeigdipzsw5gntodcsdptxqx6atrv2xy32c4foalrhhz3fnaismi6lu',
      10_737_933_909,
    ],
  ])('of %d bytes in pieces of %d', (totalLength, pieceLength, cid, tsize) => {
    const count = Math.ceil(totalLength / pieceLength);
    const digests = Buffer.alloc(count * DIGEST_LENGTH, sha256(new Uint8Array(pieceLength)));
    const last = sha256(new Uint8Array(totalLength - (count - 1) * pieceLength));
    digests.set(last, (count - 1) * DIGEST_LENGTH);
    const blocks = new Map<string, Uint8Array>();
    const root = buildFileDag({ pieceLength, totalLength, digests }, blocks);
    expect(root).toMatchObject({ length: totalLength, tsize });
    expect(String(root.cid)).toBe(cid);
    expect(decodeNode(root.cid, blocks.get(cid)!)).toMatchObject({ length: totalLength });
  });
});
