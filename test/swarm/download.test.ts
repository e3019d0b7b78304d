import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/content/memory-store.ts';
import {
  Download,
  type DownloadHost,
  type DownloadStore,
  type Found,
  type Provider,
} from '../../src/swarm/download.ts';
import type { Swarm } from '../../src/swarm/swarm.ts';
import type { SwarmHooks } from '../../src/swarm/swarm-host.ts';
import type { Emit } from '../../src/telemetry/event.ts';
import { type Content, type Guest, makeContent, Party, PIECE, PIECES } from './party.ts';
import type { VirtualClock } from './virtual-clock.ts';

const content = await makeContent();
/** A piece takes a tenth of a second. */
const UP = 10 * PIECE;

/** A peer that knows the file, and of whom the DHT tells what a test says. */
class Host implements DownloadHost<Found> {
  readonly clock: VirtualClock;
  readonly emit: Emit;
  readonly #guest: Guest;
  readonly found: Found;
  store: DownloadStore;
  swarm: Swarm | undefined;
  providers: Provider[] = [];
  /** When the DHT was asked. */
  readonly lookedAt: number[] = [];
  published = 0;
  find: DownloadHost<Found>['find'] = async () => this.found;

  constructor(party: Party, guest: Guest, { manifest }: Content) {
    this.clock = party.clock;
    this.emit = guest.host.emit;
    this.#guest = guest;
    this.found = { name: 'file', manifest, kept: false };
    this.store = storeOf(MemoryStore.empty(manifest), false);
  }

  async open(): Promise<DownloadStore> {
    return this.store;
  }

  join(_found: Found, store: DownloadStore, hooks: SwarmHooks): Swarm {
    this.swarm = this.#guest.join(store, hooks);
    return this.swarm;
  }

  async *findProviders(): AsyncGenerator<Provider> {
    this.lookedAt.push(this.clock.now());
    yield* this.providers;
  }

  async handlePublished(): Promise<void> {
    this.published++;
  }
}

function storeOf(store: MemoryStore, isPublished: boolean): DownloadStore {
  const publish = async (): Promise<string> => '/out/file';
  return Object.assign(store, { isPublished, publish }) as unknown as DownloadStore;
}

function setUp() {
  const party = new Party();
  const [seed, leech] = [party.invite('seed', { up: UP }), party.invite('leech')];
  const host = new Host(party, leech, content);
  const abort = new AbortController();
  const start = (timeoutMs = Number.POSITIVE_INFINITY): Promise<string> =>
    new Download(host, content.manifest.root, { timeoutMs, signal: abort.signal }).run();
  return { party, clock: party.clock, seed, leech, host, abort, start };
}

describe('a download', () => {
  it('asks the DHT when it is alone, fetches every piece and publishes', async () => {
    const { clock, seed, leech, host, start } = setUp();
    seed.seed(content);
    host.providers = [{ peer: 'seed', addresses: ['/mem/seed'] }];
    let path: string | undefined;
    void start().then((name) => {
      path = name;
    });
    await clock.advance(1499);
    expect(host.lookedAt).toEqual([]);
    await clock.advanceUntil(() => path !== undefined);
    expect(path).toBe('/out/file');
    expect(host.lookedAt).toEqual([1500]);
    expect(host.published).toBe(1);
    expect(leech.of('manifest_found')).toMatchObject([
      { name: 'file', pieces: PIECES, kept: false },
    ]);
    expect(leech.of('transfer_started')).toMatchObject([{ resumedBytes: 0, verified: true }]);
    const progress = leech.of('transfer_progressed').map(({ bytes }) => bytes);
    expect(progress.length).toBeGreaterThan(4);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.at(-1)).toBe(content.bytes.length);
    const [done] = leech.of('transfer_completed');
    expect(done).toMatchObject({ path: '/out/file', bytes: content.bytes.length });
    expect(done).not.toHaveProperty('found');
  });

  it.each([
    ['open', 'checks what is here already'],
    ['publish', 'makes it safe on the disk'],
  ] as const)('waits for its disk to %s, for as long as it takes', async (step, what) => {
    const { clock, seed, leech, host, start } = setUp();
    seed.seed(content);
    host.providers = [{ peer: 'seed', addresses: ['/mem/seed'] }];
    const { store } = host;
    if (step === 'open') host.open = () => clock.sleep(12_000).then(() => store);
    else store.publish = () => clock.sleep(12_000).then(() => '/out/file');
    let path: string | undefined;
    // The limit of five seconds is one on peers.
    void start(5000).then((name) => {
      path = name;
    });
    await clock.advance(14_000);
    await clock.advanceUntil(() => path !== undefined);
    expect(path).toBe('/out/file');
    expect(leech.of('warned')).toMatchObject([
      { message: `no peer is waited for: this one ${what}` },
    ]);
  });

  it('goes on where it was, and takes what came with the manifest', async () => {
    const { clock, leech, host, start } = setUp();
    const small = await makeContent(1);
    Object.assign(host.found, { manifest: small.manifest, rawRoot: small.bytes });
    host.store = storeOf(MemoryStore.empty(small.manifest), false);
    await start();
    expect(leech.of('transfer_started')).toMatchObject([{ bytes: PIECE, resumedBytes: 0 }]);
    expect(leech.of('transfer_progressed')).toMatchObject([{ bytes: PIECE, total: PIECE }]);
    expect(clock.now()).toBe(0);
  });

  it('finds what is whole already, and touches nothing', async () => {
    const { leech, host, start } = setUp();
    host.store = storeOf(MemoryStore.whole(content.manifest, content.bytes), true);
    await start();
    expect(leech.of('transfer_started')).toMatchObject([{ resumedBytes: content.bytes.length }]);
    expect(leech.of('transfer_completed')).toMatchObject([{ found: true }]);
    expect(host.published).toBe(0);
  });

  it('asks the DHT again only after a while when there are others to call', async () => {
    const { clock, host, start, abort, leech, seed } = setUp();
    seed.seed(content);
    seed.host.link.limit({ uplinkBytesPerSecond: 1 });
    const running = start().catch(() => {});
    host.providers = [{ peer: 'seed', addresses: [] }];
    await clock.advance(1600);
    // One whose call takes long may still answer.
    leech.call = () => new Promise(() => {});
    host.swarm!.contacts.add('another', []);
    await clock.advance(14_000);
    expect(host.lookedAt).toEqual([1500]);
    await clock.advance(3000);
    expect(host.lookedAt).toHaveLength(2);
    abort.abort();
    await clock.advance(0);
    await running;
  });

  it('says that it waits after ten seconds, and gives up when its time is over', async () => {
    const { clock, leech, start } = setUp();
    const failed = expect(start(30_000)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    await clock.advance(9900);
    expect(leech.of('warned')).toEqual([]);
    await clock.advance(200);
    expect(leech.of('pieces_lacked')).toMatchObject([{ pieces: PIECES, neighbours: 0 }]);
    await clock.advance(20_000);
    await failed;
    expect(leech.of('transfer_failed')).toMatchObject([
      { code: 'ERR_TIMEOUT', message: expect.stringContaining('gave up after 30 s') },
    ]);
    const { length } = leech.events;
    await clock.advance(60_000);
    expect(leech.of('transfer_failed')).toHaveLength(1);
    expect(leech.events).toHaveLength(length);
  });

  it('says that nobody knows the file while it has no manifest', async () => {
    const { clock, leech, host, start } = setUp();
    host.find = () => new Promise(() => {});
    void start(60_000).catch(() => {});
    await clock.advance(10_000);
    expect(leech.of('warned')).toMatchObject([
      { message: `waiting: nobody found who knows ${content.manifest.root}` },
    ]);
  });

  it('waits for what may yet prove a lie ten timeouts, and no more', async () => {
    const { clock, leech, host, start } = setUp();
    let rejected: ((reason: unknown) => void) | undefined;
    host.find = (signal: AbortSignal, onUnverified: () => void): Promise<Found> => {
      host.clock.every(500, 'sending junk', onUnverified);
      return new Promise((_, reject) => {
        rejected = reject;
        signal.addEventListener('abort', () => rejected?.(signal.reason));
      });
    };
    const failed = expect(start(1000)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    await clock.advance(10_000);
    expect(leech.of('transfer_failed')).toEqual([]);
    await clock.advance(1500);
    await failed;
  });

  it('ends with the reason of its signal', async () => {
    const { clock, leech, host, abort, start } = setUp();
    const failed = expect(start()).rejects.toThrow('stopped');
    await clock.advance(100);
    expect(host.swarm).toBeDefined();
    abort.abort(new Error('stopped'));
    await failed;
    expect(leech.of('transfer_failed')).toMatchObject([{ code: 'ERR_REMOTE', message: 'stopped' }]);
  });

  it('closes the store when the swarm cannot be joined', async () => {
    const { host, start } = setUp();
    let closed = 0;
    Object.assign(host.store, {
      close: async () => {
        closed++;
      },
    });
    host.join = () => {
      throw new Error('no');
    };
    await expect(start()).rejects.toThrow('no');
    expect(closed).toBe(1);
  });
});
