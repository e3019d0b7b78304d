// Peers of one file in memory, on a virtual clock: everything of src/swarm is real, wires and
// the network are in memory.
import { digestKey, sha256 } from '../../src/content/cid.ts';
import type { Manifest } from '../../src/content/manifest.ts';
import { manifestOfLeaves } from '../../src/content/manifest-of.ts';
import { MemoryStore } from '../../src/content/memory-store.ts';
import type { PieceStore } from '../../src/content/store.ts';
import { Link } from '../../src/link/link.ts';
import { createRng } from '../../src/runtime/rng.ts';
import { Callees } from '../../src/swarm/callees.ts';
import type { NamedAddress, Network, Standing } from '../../src/swarm/network.ts';
import { Reception } from '../../src/swarm/reception.ts';
import { Swarm } from '../../src/swarm/swarm.ts';
import type { SwarmHooks, SwarmHost } from '../../src/swarm/swarm-host.ts';
import { UploadQueue } from '../../src/swarm/upload-queue.ts';
import type { Event } from '../../src/telemetry/event.ts';
import { MemoryWire } from './memory-wire.ts';
import { VirtualClock } from './virtual-clock.ts';

export const PIECE = 4096;
export const PIECES = 8;

export interface Content {
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
}

/** Content of so many pieces, each of other bytes. */
export async function makeContent(pieces = PIECES): Promise<Content> {
  const bytes = new Uint8Array(pieces * PIECE);
  const rng = createRng(pieces);
  for (let i = 0; i < bytes.length; i++) bytes[i] = rng.below(256);
  return contentOf(bytes);
}

/** Content of these bytes, a multiple of PIECE. */
export async function contentOf(bytes: Uint8Array): Promise<Content> {
  const pieces = bytes.length / PIECE;
  const digests = new Uint8Array(pieces * 32);
  for (let piece = 0; piece < pieces; piece++) {
    const leaf = bytes.subarray(piece * PIECE, (piece + 1) * PIECE);
    digests.set(sha256(leaf), piece * 32);
  }
  const { manifest } = await manifestOfLeaves({
    digests,
    totalLength: bytes.length,
    pieceLength: PIECE,
  });
  return { bytes, manifest };
}

/** Who can be called, by name. An address is `/mem/NAME`. */
export class Party {
  readonly clock = new VirtualClock();
  readonly #guests = new Map<string, Guest>();

  /** @param rates of its link, in bytes per second */
  invite(name: string, rates: { up?: number; down?: number } = {}): Guest {
    const guest = new Guest(name, this, rates);
    this.#guests.set(name, guest);
    return guest;
  }

  guest(name: string): Guest | undefined {
    return this.#guests.get(name);
  }
}

/** One peer. */
export class Guest implements Network {
  readonly self: string;
  readonly host: SwarmHost;
  readonly events: Event[] = [];
  readonly bans: { peer: string; reason: string; forLoad: boolean }[] = [];
  /** PeerIds that were called from here, in order. */
  readonly calls: string[] = [];
  /** This peer's ends of the streams that it opened. */
  readonly opened: MemoryWire[] = [];
  /** And of those that were opened to it. */
  readonly answered: MemoryWire[] = [];
  readonly #party: Party;
  readonly #reception: Reception;
  readonly #swarms: Swarm[] = [];

  constructor(name: string, party: Party, { up, down }: { up?: number; down?: number }) {
    this.self = name;
    this.#party = party;
    const { clock } = party;
    const link = new Link({
      clock,
      ...(up === undefined ? {} : { uplinkBytesPerSecond: up }),
      ...(down === undefined ? {} : { downlinkBytesPerSecond: down }),
    });
    this.host = {
      network: this,
      link,
      uploads: new UploadQueue(link, clock),
      callees: new Callees(),
      clock,
      rng: createRng(name.length),
      policy: {},
      emit: (event) => this.events.push(event),
      addresses: () => [`/mem/${name}`],
      uplinkCap: () => link.uplinkBytesPerSecond,
      isBanned: (id) => this.bans.some(({ peer }) => peer === id),
      onBan: (peer, reason, forLoad) => this.bans.push({ peer, reason, forLoad }),
    };
    this.#reception = new Reception({ ...this.host, swarmOf: (file) => this.#swarmOf(file) });
  }

  /** Somebody opened a stream. */
  answer(wire: MemoryWire): void {
    this.answered.push(wire);
    this.#reception.answer(wire);
  }

  /** Takes part with what the store holds. */
  join(store: PieceStore, hooks: SwarmHooks = {}, host: Partial<SwarmHost> = {}): Swarm {
    const swarm = new Swarm({ ...this.host, ...host, cid: store.manifest.root, store, hooks });
    this.#swarms.push(swarm);
    return swarm;
  }

  seed({ manifest, bytes }: Content): Swarm {
    return this.join(MemoryStore.whole(manifest, bytes));
  }

  fetch({ manifest }: Content, hooks?: SwarmHooks): Swarm {
    return this.join(MemoryStore.empty(manifest), hooks);
  }

  /** Events of one kind. */
  of<K extends Event['event']>(kind: K): Extract<Event, { event: K }>[] {
    return this.events.filter(
      (event): event is Extract<Event, { event: K }> => event.event === kind,
    );
  }

  connected(): string[] {
    return [];
  }

  async call(
    peer: string,
    _addresses: readonly string[],
    signal: AbortSignal,
  ): Promise<MemoryWire> {
    this.calls.push(peer);
    const other = this.#party.guest(peer);
    await this.#party.clock.sleep(1, signal);
    if (!other) throw new Error(`nobody is ${peer}`);
    const [mine, theirs] = MemoryWire.pair(this.self, peer);
    this.opened.push(mine);
    other.answer(theirs);
    return mine;
  }

  async ask(peer: string, digest: Uint8Array): Promise<Standing | undefined> {
    return this.#party.guest(peer)?.standingOf(digest);
  }

  standingOf(digest: Uint8Array): Standing {
    const swarm = this.#swarms.find(
      ({ cid }) => digestKey(cid.multihash.digest) === digestKey(digest),
    );
    if (!swarm) return 'none';
    return swarm.view.isComplete ? 'whole' : 'part';
  }

  believe(addresses: readonly string[]): NamedAddress[] {
    return addresses.flatMap((address) => {
      const [, name] = /^\/mem\/(.+)$/.exec(address) ?? [];
      return name === undefined ? [] : [{ peer: name, address }];
    });
  }

  #swarmOf(file: Uint8Array): Swarm | undefined {
    return this.#swarms.find(({ cid }) => digestKey(cid.bytes) === digestKey(file));
  }
}
