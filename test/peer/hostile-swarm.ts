// Honest peers through real libp2p, and hostile nodes that say what a test has them
// say. All that was started ends with the test.

import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair } from '@libp2p/crypto/keys';
import type { Connection, PrivateKey, Stream } from '@libp2p/interface';
import type { CID } from 'multiformats/cid';
import { afterEach, beforeEach, expect } from 'vitest';
import { Attacker } from '../../src/attack/attacker.ts';
import type { AttackKind } from '../../src/attack/kind.ts';
import { Bitfield } from '../../src/content/bitfield.ts';
import { importPath } from '../../src/disk/import/import.ts';
import { encodeMessage, FrameDecoder } from '../../src/exchange/wire/codec.ts';
import { EXCHANGE_PROTOCOL, type Message } from '../../src/exchange/wire/message.ts';
import { Link } from '../../src/link/link.ts';
import { ProcessLink } from '../../src/link/process-link.ts';
import { serveDag } from '../../src/peer/manifest/dag-protocol.ts';
import { createNode, type Node } from '../../src/peer/node/node.ts';
import { Peer } from '../../src/peer/peer.ts';
import type { Event } from '../../src/telemetry/event.ts';

export const BYTES = 2 ** 20;
const PIECES = 16;
export const PIECE = BYTES / PIECES;

/** One end of an exchange stream that a hostile node holds. */
export interface Line {
  readonly stream: Stream;
  say(message: Message): void;
}

/** What a hostile node does with what it hears; called with nothing when a call begins. */
export type Behaviour = (line: Line, heard: readonly Message[]) => void;

export interface Honest {
  readonly peer: Peer;
  readonly events: Event[];
}

export class HostileSwarm {
  dir = '';
  file = '';
  cid!: CID;
  readonly #cleanups: (() => Promise<void>)[] = [];

  async open(): Promise<void> {
    this.dir = await mkdtemp(join(tmpdir(), 'hubswarm-hostile-'));
    this.file = join(this.dir, 'content');
    await writeFile(this.file, randomBytes(BYTES));
    this.cid = (await importPath(this.file)).manifest.root;
  }

  async close(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
    await rm(this.dir, { recursive: true, force: true });
  }

  async honest(name: string, rates: { up?: number; down?: number } = {}): Promise<Honest> {
    const events: Event[] = [];
    const emit = (event: Event): void => void events.push(event);
    const caps = {
      uplinkBytesPerSecond: rates.up ?? 2 * BYTES,
      downlinkBytesPerSecond: rates.down,
    };
    const peer = await Peer.start({
      dataDir: join(this.dir, name),
      // Slow enough that the hostile are asked too.
      link: new ProcessLink(emit, caps),
      emit,
    });
    this.#cleanups.push(() => peer.stop());
    return { peer, events };
  }

  async seed(rates: { up?: number } = {}): Promise<Honest> {
    const seed = await this.honest('seed', rates);
    await seed.peer.share(this.file, { signal: AbortSignal.timeout(20_000) });
    return seed;
  }

  /** As `hubswarm attack` starts it, with the seed as the way in. */
  async attacker(kind: AttackKind, seed: Honest): Promise<Node> {
    const dataDir = join(this.dir, 'attackers');
    const link = new Link();
    const attacker = await Attacker.start({ kind, dataDir, link, emit: () => {} });
    this.#cleanups.push(() => attacker.stop());
    await attacker.attack(this.cid, [addressOf(seed.peer)], AbortSignal.timeout(20_000));
    return attacker.node;
  }

  /** A node that knows the manifest and answers exchange calls as `behave` does. */
  async hostile(behave: Behaviour, privateKey?: PrivateKey): Promise<Node> {
    const node = await createNode({ privateKey: privateKey ?? (await generateKeyPair('Ed25519')) });
    this.#cleanups.push(() => hangUp(node));
    const { dag, name } = await importPath(this.file);
    await serveDag(node, () => ({ dag, name }));
    await node.handle(EXCHANGE_PROTOCOL, (stream) => listen(stream, behave));
    return node;
  }

  /** A bare node, for what is not said over an exchange stream. */
  async node(): Promise<Node> {
    const node = await createNode({ privateKey: await generateKeyPair('Ed25519') });
    this.#cleanups.push(() => hangUp(node));
    return node;
  }

  /** Calls a peer and behaves there. */
  async call(from: Node, to: Peer, behave: Behaviour): Promise<Connection> {
    const connection = await from.dial(to.node.getMultiaddrs());
    listen(await connection.newStream(EXCHANGE_PROTOCOL), behave);
    return connection;
  }

  /** Fetches the file among these peers and checks it, within 20 seconds. */
  async fetch({ peer }: Honest, among: readonly (Peer | Node)[]): Promise<void> {
    const signal = AbortSignal.timeout(20_000);
    for (const other of among) await peer.join([addressOf(other)], signal);
    const out = join(this.dir, `out-${peer.peerId}`);
    const timeoutMs = Number.POSITIVE_INFINITY;
    const path = await peer.get(this.cid, { out, force: false, timeoutMs, signal });
    expect((await readFile(path)).equals(await readFile(this.file))).toBe(true);
  }

  hello(pieces: 'all' | 'none' = 'all', addresses: string[] = []): Message {
    const field = pieces === 'all' ? Bitfield.full(PIECES) : new Bitfield(PIECES);
    return {
      type: 'hello',
      file: this.cid.bytes,
      pieceCount: PIECES,
      addresses,
      bitfield: field.toBytes(),
    };
  }

  /** Says that it has everything and offers grants; `onRequest` decides what comes of them. */
  source(onRequest: (line: Line, piece: number, grant: number) => void, grants = 4): Behaviour {
    let grant = 0;
    return (line, heard) => {
      for (const message of heard) {
        if (message.type === 'hello') {
          line.say(this.hello());
          for (let i = 0; i < grants; i++) line.say({ type: 'grant', grant: grant++, hints: [] });
        } else if (message.type === 'request') {
          onRequest(line, message.piece, message.grant);
          line.say({ type: 'grant', grant: grant++, hints: [] });
        }
      }
    };
  }
}

/** A swarm for each test of the file. */
export function useHostileSwarm(): HostileSwarm {
  const swarm = new HostileSwarm();
  beforeEach(() => swarm.open());
  afterEach(() => swarm.close());
  return swarm;
}

export const addressOf = (other: Peer | Node): string =>
  (other instanceof Peer ? other.node : other).getMultiaddrs()[0]!.toString();

export const wrongPiece = (piece: number, length = PIECE): Message => ({
  type: 'block',
  piece,
  begin: 0,
  parts: [new Uint8Array(length)],
  length,
});

export const bansOf = ({ events }: Honest, id: string): string[] =>
  events.flatMap((event) =>
    event.event === 'neighbour_banned' && event.remote === id ? [event.reason] : [],
  );

export const rejectedOf = ({ events }: Honest, id: string): number =>
  events.filter((event) => event.event === 'piece_rejected' && event.remote === id).length;

/** The first event for which this holds, past or to come. */
export async function until(
  { events }: Honest,
  holds: (event: Event) => boolean,
  withinMs = 15_000,
): Promise<void> {
  await expect.poll(() => events.some(holds), { timeout: withinMs, interval: 20 }).toBe(true);
}

function listen(stream: Stream, behave: Behaviour): void {
  const decoder = new FrameDecoder();
  const line: Line = {
    stream,
    say(message) {
      if (stream.writeStatus !== 'writable') return;
      for (const part of encodeMessage(message)) stream.send(part);
    },
  };
  stream.addEventListener('message', ({ data }) => {
    behave(line, decoder.push(data.subarray()).messages);
  });
  behave(line, []);
}

async function hangUp(node: Node): Promise<void> {
  for (const open of node.getConnections()) open.abort(new Error('end'));
  await node.stop();
}
