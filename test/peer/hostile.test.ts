// A peer fetches through real libp2p from an honest seed and from one that does not
// keep to the protocol: the file must come out right, the culprit be banned or left.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair } from '@libp2p/crypto/keys';
import type { Stream } from '@libp2p/interface';
import type { CID } from 'multiformats/cid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bitfield } from '../../src/content/bitfield.ts';
import { importPath } from '../../src/content/import.ts';
import { encodeMessage, FrameDecoder } from '../../src/exchange/codec.ts';
import { EXCHANGE_PROTOCOL, type Message } from '../../src/exchange/message.ts';
import { serveDag } from '../../src/peer/dag-protocol.ts';
import { createNode, type Node } from '../../src/peer/node.ts';
import { Peer } from '../../src/peer/peer.ts';
import type { Event } from '../../src/telemetry/event.ts';

const BYTES = 2 ** 20;
const PIECES = 16;

let dir: string;
let file: string;
let cid: CID;
let events: Event[];
const cleanups: (() => Promise<void>)[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hubswarm-hostile-'));
  file = join(dir, 'content');
  await writeFile(file, randomBytes(BYTES));
  events = [];
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await rm(dir, { recursive: true, force: true });
});

async function peer(name: string, emit: (event: Event) => void = () => {}): Promise<Peer> {
  // Slow enough that the hostile peer is asked too.
  const rate = 2 * 2 ** 20;
  const started = await Peer.start({
    dataDir: join(dir, name),
    uplinkBytesPerSecond: rate,
    emit,
  });
  cleanups.push(() => started.stop());
  return started;
}

type Say = (message: Message) => void;

/** A node that holds the manifest and answers exchange calls as `behave` does. */
async function hostile(
  behave: (stream: Stream, say: Say, heard: Message[]) => void,
): Promise<Node> {
  const node = await createNode({ privateKey: await generateKeyPair('Ed25519') });
  cleanups.push(async () => node.stop());
  const { dag, name } = await importPath(file);
  await serveDag(node, () => ({ dag, name }));
  await node.handle(EXCHANGE_PROTOCOL, (stream) => {
    const decoder = new FrameDecoder();
    const say: Say = (message) => {
      if (stream.writeStatus !== 'writable') return;
      for (const part of encodeMessage(message)) stream.send(part);
    };
    stream.addEventListener('message', ({ data }) => {
      behave(stream, say, decoder.push(data.subarray()).messages);
    });
  });
  return node;
}

const hello = (): Message => ({
  type: 'hello',
  file: cid.bytes,
  pieceCount: PIECES,
  addresses: [],
  bitfield: Bitfield.full(PIECES).toBytes(),
});

/** Says that it has everything, and offers turns; `onRequest` decides what comes. */
function seedlike(onRequest: (say: Say, piece: number, stream: Stream) => void) {
  let grant = 0;
  return (stream: Stream, say: Say, heard: Message[]): void => {
    for (const message of heard) {
      if (message.type === 'hello') {
        say(hello());
        for (let i = 0; i < 4; i++) say({ type: 'grant', grant: grant++, hints: [] });
      } else if (message.type === 'request') {
        onRequest(say, message.piece, stream);
        say({ type: 'grant', grant: grant++, hints: [] });
      }
    }
  };
}

async function fetchBeside(enemy: Promise<Node>): Promise<string> {
  const seed = await peer('seed');
  cid = (await seed.share(file, { signal: AbortSignal.timeout(20_000) })).cid;
  const victim = await peer('victim', (event) => events.push(event));
  const node = await enemy;
  const enemyAddress = node.getMultiaddrs()[0]!.toString();
  const signal = AbortSignal.timeout(20_000);
  await victim.join([seed.addresses[0]!], signal);
  await victim.join([enemyAddress], signal);
  const out = join(dir, 'out');
  const path = await victim.get(cid, {
    out,
    force: false,
    timeoutMs: Number.POSITIVE_INFINITY,
    signal,
  });
  expect((await readFile(path)).equals(await readFile(file))).toBe(true);
  return node.peerId.toString();
}

const bansOf = (id: string): string[] =>
  events.flatMap((event) =>
    event.event === 'neighbour_banned' && event.remote === id ? [event.reason] : [],
  );

describe('a peer among hostile ones', () => {
  it('bans a poisoner at its second bad piece and stores none of its bytes', async () => {
    const enemy = hostile(
      seedlike((say, piece) => {
        const parts = [new Uint8Array(BYTES / PIECES)];
        say({ type: 'block', piece, begin: 0, parts, length: BYTES / PIECES });
      }),
    );
    const id = await fetchBeside(enemy);
    const rejected = events.filter((event) => event.event === 'piece_rejected');
    expect(bansOf(id)).toEqual([expect.stringMatching(/2 pieces with wrong bytes/)]);
    // Those asked for before the second was found out come on top.
    expect(rejected.length).toBeLessThanOrEqual(4);
    for (const event of events) {
      if (event.event === 'piece_verified') expect(event.remote).not.toBe(id);
    }
  });

  it('bans whoever announces a frame of 4 GiB', async () => {
    const enemy = hostile((stream) => {
      stream.send(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 7));
    });
    expect(bansOf(await fetchBeside(enemy))).toEqual([expect.stringMatching(/4294967294 bytes/)]);
  });

  it('bans whoever sends more of a piece than there is', async () => {
    const enemy = hostile(
      seedlike((say, piece) => {
        const parts = [new Uint8Array(BYTES / PIECES + 1)];
        say({ type: 'block', piece, begin: 0, parts, length: BYTES / PIECES + 1 });
      }),
    );
    expect(bansOf(await fetchBeside(enemy))).toHaveLength(1);
  });

  it('goes on when a neighbour cuts a frame short and leaves', async () => {
    const enemy = hostile(
      seedlike((_say, _piece, stream) => {
        if (stream.writeStatus !== 'writable') return;
        stream.send(Uint8Array.of(0, 1, 0, 9, 7, 0, 0));
        stream.abort(new Error('gone'));
      }),
    );
    await fetchBeside(enemy);
  });

  it('is not kept waiting by one that says nothing at all', async () => {
    const startedAt = performance.now();
    await fetchBeside(hostile(() => {}));
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  });
});
