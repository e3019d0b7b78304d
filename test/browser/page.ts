// The page of chromium.test.ts: content is verified, and passed on between two peers in memory, by
// what a browser loads. It tells the server that it came from how it went.
import { MemoryStore } from '../../src/content/memory-store.ts';
import { makeContent, Party, PIECE } from '../swarm/party.ts';

export interface Told {
  /** CID of the file, as the page finds it. */
  readonly cid: string;
  /** Whether the store took a piece, and the same with a bit changed. */
  readonly takes: { readonly right: boolean; readonly wrong: boolean };
  /** Bytes that came from the other peer, and whether they are those that it has. */
  readonly received: number;
  readonly areSame: boolean;
  /** Globals of Node.js that are there. */
  readonly nodes: readonly string[];
}

const tell = (told: Told | { failed: string }): Promise<Response> =>
  fetch('/told', { method: 'POST', body: JSON.stringify(told) });

async function run(): Promise<Told> {
  const content = await makeContent();
  const { manifest, bytes } = content;
  const piece = bytes.slice(0, PIECE);
  const wrong = piece.slice();
  wrong[7]! ^= 1;
  const tried = MemoryStore.empty(manifest);
  const takes = { wrong: await tried.write(0, [wrong]), right: await tried.write(0, [piece]) };

  const party = new Party();
  party.invite('seed').seed(content);
  const store = MemoryStore.empty(manifest);
  const swarm = party.invite('leech').join(store);
  swarm.contacts.add('seed', ['/mem/seed']);
  await party.clock.advanceUntil(() => swarm.view.isComplete);
  return {
    cid: manifest.root.toString(),
    takes,
    received: store.bytes.length,
    areSame: store.bytes.every((byte, at) => byte === bytes[at]),
    nodes: ['process', 'Buffer', 'require', 'setImmediate'].filter((name) => name in globalThis),
  };
}

run().then(tell, (error: unknown) => tell({ failed: String((error as Error).stack ?? error) }));
