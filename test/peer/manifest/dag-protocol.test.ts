import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection, Stream } from '@libp2p/interface';
import type { CID } from 'multiformats/cid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawCid, sha256 } from '../../../src/content/cid.ts';
import { type Imported, importPath } from '../../../src/disk/import/import.ts';
import { Link } from '../../../src/link/link.ts';
import { encodeBlock, encodeHead } from '../../../src/peer/manifest/dag-codec.ts';
import {
  fetchManifest,
  type HeldDag,
  rawRootOf,
  serveDag,
} from '../../../src/peer/manifest/dag-protocol.ts';
import type { Node } from '../../../src/peer/node/node.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';
import { useNodes } from '../nodes.ts';

const PROTOCOL = '/hubswarm/dag/1.0.0';
const startNode = useNodes();
const never = new AbortController().signal;

let dir: string;
/** 300 leaves under two inner nodes and a root; and one leaf alone. */
let large: Imported;
let leaf: Imported;
const leafBytes = randomBytes(5000);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dag-'));
  await writeFile(join(dir, 'large.bin'), randomBytes(300 * 16 * 1024 - 7));
  await writeFile(join(dir, 'leaf.bin'), leafBytes);
  large = await importPath(join(dir, 'large.bin'), { pieceLength: 16 * 1024 });
  leaf = await importPath(join(dir, 'leaf.bin'));
});

afterAll(async () => {
  await rm(dir, { recursive: true });
});

async function pair(): Promise<{ server: Node; connection: Connection }> {
  const [server, client] = [await startNode(), await startNode()];
  return { server, connection: await client.dial(server.getMultiaddrs()) };
}

const serving =
  (...served: [CID, HeldDag][]) =>
  (cid: CID): HeldDag | undefined =>
    served.find(([known]) => known.equals(cid))?.[1];

describe('fetchManifest', () => {
  it('rebuilds the manifest that the server imported', async () => {
    expect(large.dag.size).toBe(3);
    const { server, connection } = await pair();
    await serveDag(server, serving([large.manifest.root, large]));
    const fetched = await fetchManifest(connection, large.manifest.root, never);
    expect(fetched.name).toBe('large.bin');
    expect(fetched.manifest).toEqual(large.manifest);
    expect([...fetched.dag.keys()]).toEqual([...large.dag.keys()]);
    expect(fetched.rawRoot).toBeUndefined();
  });

  it('can be served again from what was fetched', async () => {
    const { server, connection } = await pair();
    await serveDag(server, serving([large.manifest.root, large]));
    const { name, dag } = await fetchManifest(connection, large.manifest.root, never);
    const next = await pair();
    await serveDag(next.server, serving([large.manifest.root, { name, dag }]));
    const second = await fetchManifest(next.connection, large.manifest.root, never);
    expect(second.manifest).toEqual(large.manifest);
  });

  it("goes through the link's caps, and is counted", async () => {
    const { server, connection } = await pair();
    const bytes = [...large.dag.values()].reduce((sum, block) => sum + block.length, 0);
    const uplink = new Link({ uplinkBytesPerSecond: bytes });
    await serveDag(server, serving([large.manifest.root, large]), uplink);
    const link = new Link();
    const startedAt = performance.now();
    await fetchManifest(connection, large.manifest.root, never, { link });
    expect(performance.now() - startedAt).toBeGreaterThan(900);
    expect(uplink.sentBytes).toBeGreaterThanOrEqual(bytes);
    expect(link.receivedBytes).toBeGreaterThanOrEqual(bytes);
  });

  it('brings the whole content when the root is a leaf', async () => {
    expect(leaf.dag.size).toBe(0);
    const { server, connection } = await pair();
    const served = { ...leaf, rawRoot: rawRootOf(leafBytes) };
    await serveDag(server, serving([leaf.manifest.root, served]));
    const fetched = await fetchManifest(connection, leaf.manifest.root, never);
    expect(fetched.manifest).toEqual(leaf.manifest);
    expect(Buffer.compare(fetched.rawRoot!, leafBytes)).toBe(0);
  });

  it('reads a leaf no faster than it is sent: many may be asked for at once', async () => {
    const { server, connection } = await pair();
    const bytes = new Uint8Array(2 ** 20);
    let readBytes = 0;
    const rawRoot = {
      length: bytes.length,
      read: async (begin: number, length: number) => {
        readBytes += length;
        return bytes.subarray(begin, begin + length);
      },
    };
    const served = { name: 'leaf', dag: new Map(), rawRoot };
    const root = rawCid(sha256(bytes));
    const link = new Link({ uplinkBytesPerSecond: 64 * 1024 });
    await serveDag(server, serving([root, served]), link);
    const enough = new AbortController();
    const fetched = fetchManifest(connection, root, enough.signal).catch(() => 'stopped');
    await expect.poll(() => link.sentBytes).toBeGreaterThan(0);
    expect(readBytes).toBeLessThan(bytes.length / 2);
    enough.abort(new Error('seen enough'));
    expect(await fetched).toBe('stopped');
  });

  it('brings an empty file', async () => {
    const root = rawCid(sha256(new Uint8Array()));
    const { server, connection } = await pair();
    const served = { name: 'empty', dag: new Map(), rawRoot: rawRootOf(new Uint8Array()) };
    await serveDag(server, serving([root, served]));
    const fetched = await fetchManifest(connection, root, never);
    expect(fetched.manifest.geometry.totalLength).toBe(0);
    expect(fetched.rawRoot).toEqual(new Uint8Array());
  });

  it.each([
    ['', undefined, undefined],
    ['../../etc/passwd', undefined, 'is not safe to write'],
    ['..', undefined, 'is not safe to write'],
    ['a\0b', undefined, 'is not safe to write'],
    ['.bashrc', undefined, 'would be hidden'],
    ['.env', undefined, 'would be hidden'],
    ['b\ufffd', undefined, 'is not UTF-8'],
    // Cut on the wire.
    ['n'.repeat(256), 'n'.repeat(255), undefined],
    ['n'.repeat(255), 'n'.repeat(255), undefined],
    ['a\u001b[2Jb', 'a\u001b[2Jb', undefined],
    ['new\nline', 'new\nline', undefined],
    ['a:b.log', 'a:b.log', undefined],
    ['back\\slash', 'back\\slash', undefined],
    ['plain name.tar.gz', 'plain name.tar.gz', undefined],
  ])('takes the name %j only when it is safe, and tells if not', async (name, expected, fault) => {
    const { server, connection } = await pair();
    await serveDag(server, serving([large.manifest.root, { name, dag: large.dag }]));
    const fetched = await fetchManifest(connection, large.manifest.root, never);
    expect(fetched.name).toBe(expected ?? large.manifest.root.toString());
    const told = fault && `the name ${JSON.stringify(name)} is not used, since it ${fault}`;
    expect(fetched.unusedName).toBe(told);
  });

  it('says what the server does not have or cannot give', async () => {
    const { server, connection } = await pair();
    const huge = new Map(
      Array.from({ length: 33 }, (_, i) => [String(i), new Uint8Array(2 ** 21)] as const),
    );
    await serveDag(
      server,
      serving(
        [leaf.manifest.root, leaf],
        [rawCid(sha256(Uint8Array.of(1))), { name: '', dag: huge }],
      ),
    );
    for (const [cid, message] of [
      [large.manifest.root, /does not know/],
      [leaf.manifest.root, /does not know/],
      [rawCid(sha256(Uint8Array.of(1))), /too large/],
    ] as const) {
      await expect(fetchManifest(connection, cid, never)).rejects.toMatchObject({
        code: 'ERR_REMOTE',
        message: expect.stringMatching(message),
      });
    }
  });

  it('is refused by a node that does not serve, or no more', async () => {
    const { server, connection } = await pair();
    const root = large.manifest.root;
    await expect(fetchManifest(connection, root, never)).rejects.toMatchObject({
      code: 'ERR_REMOTE',
    });
    const stop = await serveDag(server, serving([root, large]));
    await stop();
    await expect(fetchManifest(connection, root, never)).rejects.toMatchObject({
      code: 'ERR_REMOTE',
    });
  });

  it('stops when its caller does', async () => {
    const { server, connection } = await pair();
    const asked = Promise.withResolvers<void>();
    await server.handle(PROTOCOL, () => asked.resolve());
    const stop = new AbortController();
    const fetching = fetchManifest(connection, large.manifest.root, stop.signal);
    const failure = expect(fetching).rejects.toThrow('enough');
    await asked.promise;
    stop.abort(new Error('enough'));
    await failure;
  });
});

describe('fetchManifest from a remote that misbehaves', () => {
  const blocks = (): Uint8Array[] => [...large.dag.values()];
  const send = (stream: Stream, ...parts: Uint8Array[]): void => {
    for (const part of parts) stream.send(part);
  };
  const remotes: [string, (stream: Stream) => void, RegExp][] = [
    ['resets', (stream) => stream.abort(new Error('no')), /ended: reset/],
    ['ends at once', (stream) => void stream.close(), /cut short/],
    ['sends noise', (stream) => send(stream, randomBytes(100_000).fill(9, 0, 1)), /a status of 9/],
    [
      'sends a block of another DAG first',
      (stream) => send(stream, encodeHead('ok', 'x'), ...encodeBlock(randomBytes(99))),
      /another block than the root/,
    ],
    [
      'sends a block with one bit changed',
      (stream) => {
        const wrong = Uint8Array.from(blocks()[0]!);
        wrong[20]! ^= 1;
        send(stream, encodeHead('ok', 'x'), ...encodeBlock(wrong));
      },
      /another block than the root/,
    ],
    [
      'leaves a block out',
      (stream) => {
        send(stream, encodeHead('ok', 'x'), ...blocks().slice(0, 2).flatMap(encodeBlock));
        void stream.close();
      },
      /left blocks out/,
    ],
    [
      'ends within a block',
      (stream) => {
        send(stream, encodeHead('ok', 'x'), encodeBlock(blocks()[0]!)[0]!, Uint8Array.of(1));
        void stream.close();
      },
      /cut short/,
    ],
    [
      'claims a block of 3 MiB',
      (stream) => send(stream, encodeHead('ok', 'x'), Uint8Array.of(0x80, 0x80, 0xc0, 1)),
      /a length of 3145728/,
    ],
    [
      'never comes to an end',
      (stream) => {
        send(stream, encodeHead('ok', 'x'), ...encodeBlock(blocks()[0]!));
        const more = Buffer.concat(encodeBlock(new Uint8Array(2 ** 20)));
        for (let i = 0; i < 65; i++) send(stream, more);
      },
      /more than 67108864 bytes/,
    ],
  ];

  it.each(remotes)('%s', async (_what, behave, message) => {
    const { server, connection } = await pair();
    await server.handle(PROTOCOL, behave);
    await expect(fetchManifest(connection, large.manifest.root, never)).rejects.toMatchObject({
      code: 'ERR_REMOTE',
      message: expect.stringMatching(message),
    });
  });
});

describe('serveDag asked by a client that misbehaves', () => {
  it('hangs up when no whole request came for 10 s', async () => {
    const { server, connection } = await pair();
    const clock = new VirtualClock();
    await serveDag(server, serving(), new Link(), clock);
    const stream = await connection.newStream(PROTOCOL);
    const closed = new Promise((resolve) => stream.addEventListener('close', resolve));
    stream.send(Uint8Array.of(36));
    await expect.poll(() => clock.isIdle).toBe(false);
    await clock.advance(9999);
    expect([stream.status, clock.isIdle]).toEqual(['open', false]);
    await clock.advance(1);
    await closed;
    expect(stream.status).toBe('reset');
  });

  it.each([
    ['noise', Uint8Array.of(50, ...new Uint8Array(50))],
    ['too long a CID', Uint8Array.of(0x90, 0x4e)],
  ])('resets on %s and goes on serving', async (_what, bytes) => {
    const { server, connection } = await pair();
    await serveDag(server, serving([large.manifest.root, large]));
    const stream = await connection.newStream(PROTOCOL);
    const closed = new Promise((resolve) => stream.addEventListener('close', resolve));
    stream.send(bytes);
    await closed;
    expect(stream.status).toBe('reset');
    const fetched = await fetchManifest(connection, large.manifest.root, never);
    expect(fetched.manifest.root).toEqual(large.manifest.root);
  });
});
