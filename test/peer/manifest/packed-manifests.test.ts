// Large manifests, exchanged like files, from peers that tell the truth about them and
// from peers that do not.

import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CID } from 'multiformats/cid';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { dagPbCid } from '../../../src/content/cid.ts';
import { type Imported, importPath } from '../../../src/disk/import/import.ts';
import { ProcessLink } from '../../../src/link/process-link.ts';
import { encodeBlock, encodePacked } from '../../../src/peer/manifest/dag-codec.ts';
import {
  decodeManifest,
  encodeAnswer,
  encodeManifest,
} from '../../../src/peer/manifest/manifest-bytes.ts';
import { pack, unpack } from '../../../src/peer/manifest/packed-manifest.ts';
import { Peer } from '../../../src/peer/peer.ts';

const PACKED_DAG = '/hubswarm/dag/1.1.0';
const DAG = '/hubswarm/dag/1.0.0';
const DAG_CBOR = 0x71;
const FILES = 1500;

let dir: string;
let tree: Imported;
let root: CID;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'packed-'));
  tree = await emptyFiles(join(dir, 'tree'));
  root = tree.manifest.root;
});

/** Files without pieces, so that only the manifest takes time, whose names hardly compress. */
async function emptyFiles(path: string): Promise<Imported> {
  await mkdir(path);
  const names = Array.from({ length: FILES }, () => randomBytes(20).toString('hex'));
  await Promise.all(names.map((name) => writeFile(join(path, name), '')));
  return importPath(path);
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

afterAll(() => rm(dir, { recursive: true, force: true }));

let started = 0;

async function startPeer(uplinkBytesPerSecond = Number.POSITIVE_INFINITY): Promise<Peer> {
  const dataDir = join(dir, `data-${started++}`);
  const emit = (): void => {};
  const link = new ProcessLink(emit, { uplinkBytesPerSecond });
  const peer = await Peer.start({ dataDir, link, emit });
  cleanups.push(() => peer.stop());
  return peer;
}

async function share(path: string, uplinkBytesPerSecond?: number): Promise<Peer> {
  const peer = await startPeer(uplinkBytesPerSecond);
  await peer.share(path, { signal: AbortSignal.timeout(20_000) });
  return peer;
}

/** Shares these bytes, and says that they are the tree's packed manifest. */
async function liar(bytes: Uint8Array, uplinkBytesPerSecond?: number): Promise<Peer> {
  const path = join(dir, `lie-${started}`);
  await writeFile(path, bytes);
  const peer = await share(path, uplinkBytesPerSecond);
  await sayPacked(peer, (await importPath(path)).manifest.root);
  return peer;
}

async function sayPacked(peer: Peer, packed: CID): Promise<void> {
  await peer.node.unhandle(PACKED_DAG);
  await peer.node.handle(PACKED_DAG, (stream) => {
    stream.send(encodePacked('tree', packed));
    void stream.close();
  });
}

async function get(peer: Peer, ...from: Peer[]): Promise<void> {
  const signal = AbortSignal.timeout(40_000);
  for (const other of from) await peer.join(other.addresses, signal);
  const out = join(dir, `out-${peer.peerId}`);
  const path = await peer.get(root, { out, force: false, timeoutMs: 30_000, signal });
  expect(await readdir(path)).toHaveLength(FILES);
}

const packedTree = async () => pack(encodeManifest({ ...tree, name: '' }));

it('is unpacked to what was packed, in two thirds of the bytes', async () => {
  const answer = encodeManifest({ ...tree, name: '' });
  const { bytes, manifest } = await pack(answer);
  expect(bytes.length).toBeLessThan(answer.length * 0.7);
  expect(manifest.geometry.totalLength).toBe(bytes.length);
  const found = await unpack(root, bytes);
  expect(found.manifest).toEqual(tree.manifest);
  expect([...found.dag.keys()]).toEqual([...tree.dag.keys()]);
});

/** The root, and then as many blocks of three bytes as 60 MiB hold. */
function countersBelow(rootBlock: Uint8Array): Buffer {
  const counters = Buffer.alloc(60 * 2 ** 20);
  for (let at = 0; at < counters.length; at += 4) counters.writeUInt32BE((3 << 24) | (at / 4), at);
  return Buffer.concat([
    encodeManifest({ ...tree, name: '', dag: new Map() }),
    ...encodeBlock(rootBlock),
    counters,
  ]);
}

it.each<[string, () => Uint8Array]>([
  ['empty blocks', () => Buffer.alloc(68 * 2 ** 20 - 4096)],
  ['blocks of three bytes behind its root', () => countersBelow([...tree.dag.values()][0]!)],
])(
  'costs little when it is millions of %s',
  async (_what, make) => {
    const answer = make();
    const refused = { code: expect.stringMatching(/^ERR_(REMOTE|HASH_MISMATCH)$/) };
    await expect(unpack(root, gzipSync(answer))).rejects.toMatchObject(refused);
    // It would take a second per million blocks to keep and hash each: few are decoded at all.
    const slices = vi.spyOn(answer, 'subarray');
    await expect(decodeManifest(root, answer)).rejects.toMatchObject(refused);
    let decoded = 0;
    for (const [from = 0, to = answer.length] of slices.mock.calls) decoded += to - from;
    expect(decoded).toBeGreaterThan(0);
    expect(decoded).toBeLessThan(answer.length / 100);
  },
  120_000,
);

it('stops being unpacked when nobody wants it any more', async () => {
  const { bytes } = await packedTree();
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(unpack(root, bytes, signal)).rejects.toThrow('enough');
});

it('is passed on by a receiver, the origin gone', async () => {
  const [origin, middle, last] = [
    await share(join(dir, 'tree')),
    await startPeer(),
    await startPeer(),
  ];
  await get(middle, origin);
  await origin.stop();
  await get(last, middle);
});

it.each<[string, () => Promise<Uint8Array>]>([
  ['noise', async () => randomBytes(300_000)],
  ['a torso', async () => (await packedTree()).bytes.subarray(0, -1000)],
  ['one that unpacks to a gigabyte', async () => gzipSync(Buffer.alloc(2 ** 30))],
  [
    'the manifest of another tree',
    async () => {
      const other = await emptyFiles(join(dir, `other-${started}`));
      return (await pack(encodeManifest({ ...other, name: '' }))).bytes;
    },
  ],
])(
  'is had beside a peer that gives %s for it, which is fetched once',
  async (_what, make) => {
    const bytes = await make();
    const lying = await liar(bytes);
    const victim = await startPeer();
    const signal = AbortSignal.timeout(40_000);
    await victim.join(lying.addresses, signal);
    const out = join(dir, `out-${victim.peerId}`);
    const getting = victim.get(root, { out, force: false, timeoutMs: 30_000, signal });
    // It is asked again each second, and would be fetched again.
    await expect
      .poll(() => lying.link.sentBytes, { timeout: 20_000 })
      .toBeGreaterThan(bytes.length - 1);
    const asked = Promise.withResolvers<void>();
    await lying.node.unhandle(PACKED_DAG);
    const packed = (await importPath(join(dir, `lie-${started - 2}`))).manifest.root;
    let times = 0;
    await lying.node.handle(PACKED_DAG, (stream) => {
      stream.send(encodePacked('tree', packed));
      void stream.close();
      if (++times === 2) asked.resolve();
    });
    await asked.promise;
    expect(lying.link.sentBytes).toBeLessThan(1.5 * bytes.length + 50_000);
    const honest = await share(join(dir, 'tree'));
    await victim.join(honest.addresses, signal);
    expect(await readdir(await getting)).toHaveLength(FILES);
  },
  60_000,
);

it('does not cost a share of the asker that a liar names', async () => {
  const path = join(dir, 'own');
  await writeFile(path, randomBytes(300_000));
  const victim = await share(path);
  const own = (await importPath(path)).manifest.root;
  const lying = await startPeer();
  await sayPacked(lying, own);
  await get(victim, lying, await share(join(dir, 'tree')));
  expect(victim.isComplete(own)).toBe(true);
});

it('is had beside a peer that names a form which is no file', async () => {
  const lying = await startPeer();
  const block = Uint8Array.of(0xa0);
  const heard = Promise.withResolvers<void>();
  await lying.node.unhandle(DAG);
  await lying.node.handle(DAG, (stream) => {
    stream.send(encodeAnswer('', [block]));
    void stream.close();
    heard.resolve();
  });
  await sayPacked(lying, CID.createV1(DAG_CBOR, dagPbCid(block).multihash));
  const victim = await startPeer();
  const signal = AbortSignal.timeout(40_000);
  await victim.join(lying.addresses, signal);
  const out = join(dir, `out-${victim.peerId}`);
  const getting = victim.get(root, { out, force: false, timeoutMs: 30_000, signal });
  const ended = getting.catch(() => undefined);
  await Promise.race([heard.promise, ended]);
  await victim.join((await share(join(dir, 'tree'))).addresses, signal);
  expect(await readdir(await getting)).toHaveLength(FILES);
});

it('is had beside peers that name a form and then give none of it', async () => {
  const silent: Peer[] = [];
  for (let i = 0; i < 4; i++) {
    const peer = await liar(randomBytes(200_000 + i));
    await peer.node.unhandle('/hubswarm/exchange/1.0.0');
    silent.push(peer);
  }
  await get(await startPeer(), ...silent.slice(0, 3), await share(join(dir, 'tree')));
}, 60_000);

it('is had beside four peers that give junk so slowly that it never ends', async () => {
  const liars: Peer[] = [];
  for (let i = 0; i < 4; i++) liars.push(await liar(randomBytes(4_000_000 + i), 20_000));
  const victim = await startPeer();
  const signal = AbortSignal.timeout(50_000);
  for (const { addresses } of liars) await victim.join(addresses, signal);
  const out = join(dir, `out-${victim.peerId}`);
  const getting = victim.get(root, { out, force: false, timeoutMs: 40_000, signal });
  // All places are taken.
  await expect
    .poll(() => liars.every(({ link }) => link.sentBytes > 20_000), { timeout: 20_000 })
    .toBe(true);
  await victim.join((await share(join(dir, 'tree'))).addresses, signal);
  expect(await readdir(await getting)).toHaveLength(FILES);
}, 70_000);

it('is given up in the end beside a peer that gives junk for ever', async () => {
  const lying = await liar(randomBytes(16_000_000), 200_000);
  const victim = await startPeer();
  const signal = AbortSignal.timeout(50_000);
  await victim.join(lying.addresses, signal);
  const out = join(dir, `out-${victim.peerId}`);
  await expect(
    victim.get(root, { out, force: false, timeoutMs: 2000, signal }),
  ).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
}, 70_000);
