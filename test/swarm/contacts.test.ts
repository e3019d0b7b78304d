import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/runtime/rng.ts';
import { Callees } from '../../src/swarm/callees.ts';
import { Contacts } from '../../src/swarm/contacts.ts';
import type { Network, Standing } from '../../src/swarm/network.ts';
import { MemoryWire } from './memory-wire.ts';
import { VirtualClock } from './virtual-clock.ts';

const SELF = 'm';

/** A swarm in which whoever is called, and is there, becomes a neighbour. */
class Scene implements Network {
  readonly self = SELF;
  readonly clock = new VirtualClock();
  readonly neighbours = new Set<string>();
  /** Who was called, and when. */
  readonly calls: [string, number][] = [];
  readonly asked: string[] = [];
  /** How long each takes to answer a call. */
  answersAfterMs = 10;
  /** PeerIds that answer calls. */
  readonly there = new Set<string>();
  readonly standings = new Map<string, Standing>();
  readonly banned = new Set<string>();
  peers: string[] = [];
  readonly callees = new Callees();
  readonly contacts: Contacts;
  readonly view = {
    isComplete: false,
    hasLeechers: false,
    isHungry: false,
  };

  constructor(view: Partial<Scene['view']> = {}) {
    Object.assign(this.view, view);
    const { view: own, neighbours } = this;
    this.contacts = new Contacts({
      network: this,
      swarm: {
        view: {
          get isComplete() {
            return own.isComplete;
          },
          get hasLeechers() {
            return own.hasLeechers;
          },
          get isHungry() {
            return own.isHungry;
          },
          get neighbourCount() {
            return neighbours.size;
          },
        },
        has: (peer) => neighbours.has(peer),
        join: ({ wire }) => {
          neighbours.add(wire.remote);
          return () => {};
        },
      },
      digest: Uint8Array.of(1),
      clock: this.clock,
      rng: createRng(1),
      callees: this.callees,
      isBanned: (peer) => this.banned.has(peer),
    });
  }

  /** Peers that answer, and are found. */
  find(...peers: string[]): void {
    for (const peer of peers) {
      this.there.add(peer);
      this.contacts.add(peer, [`/mem/${peer}`]);
    }
  }

  get called(): string[] {
    return this.calls.map(([peer]) => peer);
  }

  connected(): string[] {
    return this.peers;
  }

  async call(peer: string, _addresses: readonly string[], signal: AbortSignal) {
    this.calls.push([peer, this.clock.now()]);
    await this.clock.sleep(this.answersAfterMs, signal);
    if (!this.there.has(peer)) throw new Error('nobody there');
    return MemoryWire.pair(SELF, peer)[0];
  }

  async ask(peer: string): Promise<Standing | undefined> {
    this.asked.push(peer);
    return this.standings.get(peer);
  }

  believe(addresses: readonly string[]) {
    return addresses.flatMap((address) => {
      const [, peer] = /^\/mem\/(.*)$/.exec(address) ?? [];
      return peer === undefined ? [] : [{ peer: peer || undefined, address }];
    });
  }
}

const names = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `n${String(i).padStart(2, '0')}`);

describe('whom a swarm calls', () => {
  it('is three at once, however many neighbours it lacks', async () => {
    const scene = new Scene();
    scene.answersAfterMs = 4000;
    scene.find(...names(20));
    await scene.clock.advance(3999);
    expect(scene.calls).toHaveLength(3);
    // They have answered, and a look has followed.
    await scene.clock.advance(300);
    expect(scene.calls).toHaveLength(6);
  });

  it('is three at first, and one more each 300 ms until there are six neighbours', async () => {
    const scene = new Scene();
    scene.find(...names(20));
    await scene.clock.advance(200);
    expect(scene.neighbours.size).toBe(3);
    await scene.clock.advance(450);
    expect(scene.neighbours.size).toBe(5);
    await scene.clock.advance(60_000);
    expect(scene.neighbours.size).toBe(6);
    expect(scene.calls).toHaveLength(6);
  });

  it('is never this peer, one that is banned, or one that is a neighbour', async () => {
    const scene = new Scene();
    scene.banned.add('evil');
    scene.neighbours.add('friend');
    scene.find(SELF, 'evil', 'friend');
    await scene.clock.advance(10_000);
    expect(scene.calls).toEqual([]);
    expect(scene.contacts.hasMore).toBe(false);
  });

  it('takes another in place of one that left', async () => {
    const scene = new Scene();
    scene.find(...names(7));
    await scene.clock.advance(5000);
    const [gone] = scene.neighbours;
    scene.neighbours.delete(gone!);
    scene.contacts.lost(gone!, false);
    await scene.clock.advance(400);
    expect(scene.neighbours.size).toBe(6);
    expect(scene.neighbours.has(gone!)).toBe(false);
  });

  it('calls one that does not answer again, ever later', async () => {
    const scene = new Scene();
    scene.contacts.add('gone', ['/mem/gone']);
    await scene.clock.advance(20_000);
    const times = scene.calls.map(([, at]) => at);
    const waits = times.slice(1).map((at, i) => at - times[i]!);
    expect(waits.length).toBeGreaterThan(3);
    for (const [i, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(500 * 2 ** i);
      expect(wait).toBeLessThan(500 * 2 ** i + 400);
    }
  });

  it('leaves one that refused a call alone for ten seconds', async () => {
    const scene = new Scene();
    scene.find('a');
    await scene.clock.advance(100);
    scene.neighbours.delete('a');
    scene.contacts.lost('a', true);
    await scene.clock.advance(9900);
    expect(scene.called).toEqual(['a']);
    await scene.clock.advance(500);
    expect(scene.called).toEqual(['a', 'a']);
  });

  it('is more than six while every neighbour has something for it', async () => {
    const scene = new Scene({ isHungry: true });
    scene.find(...names(40));
    await scene.clock.advance(30_000);
    expect(scene.neighbours.size).toBe(6 + 24);
  });

  it('stops when the swarm is closed, calls under way included', async () => {
    const scene = new Scene();
    scene.find(...names(3));
    await scene.clock.advance(5);
    expect(scene.calls).toHaveLength(3);
    scene.contacts.close();
    await scene.clock.advance(60_000);
    expect(scene.neighbours.size).toBe(0);
    expect(scene.calls).toHaveLength(3);
  });
});

describe('hearsay', () => {
  it('is called unless the other is to call first, which it has two seconds for', async () => {
    const scene = new Scene();
    scene.find('friend');
    await scene.clock.advance(100);
    for (const peer of ['a', 'z']) scene.there.add(peer);
    scene.contacts.hear(['/mem/a', '/mem/z', '/elsewhere/b', '/mem/'], 'friend');
    await scene.clock.advance(1000);
    expect(scene.called).toEqual(['friend', 'z']);
    await scene.clock.advance(1500);
    expect(scene.called).toEqual(['friend', 'z', 'a']);
  });

  it('is called at once by one that has no neighbour', async () => {
    const scene = new Scene();
    scene.there.add('a');
    scene.contacts.hear(['/mem/a'], 'z');
    await scene.clock.advance(20);
    expect(scene.called).toEqual(['a']);
  });

  it('is vouched for when a neighbour names itself, and only then', () => {
    const scene = new Scene();
    const told = ['/mem/ann', '/mem/bob', '/elsewhere/ann', '/mem/'];
    expect(scene.contacts.vouchFor(told, 'ann')).toEqual(['/mem/ann']);
  });
});

describe('a guess', () => {
  it('is called without a question, while it was called a few times only', async () => {
    const scene = new Scene();
    scene.there.add('a');
    scene.contacts.guess('a');
    await scene.clock.advance(100);
    expect([scene.called, scene.asked]).toEqual([['a'], []]);
  });

  it.each([
    ['none', 0],
    ['part', 1],
    ['whole', 1],
  ] as const)(
    'that was called often is asked first: of one that has %s, %i calls',
    async (standing, calls) => {
      const scene = new Scene();
      for (let i = 0; i < 8; i++) scene.callees.begin('a', 0)();
      scene.there.add('a');
      scene.standings.set('a', standing);
      scene.contacts.guess('a');
      await scene.clock.advance(200);
      expect(scene.asked).toEqual(['a']);
      expect(scene.called).toHaveLength(calls);
    },
  );
});

describe('a complete peer', () => {
  it('calls nobody, and wakes for nothing, while nobody fetches', async () => {
    const scene = new Scene({ isComplete: true });
    expect(scene.clock.isIdle).toBe(true);
    scene.find(...names(5));
    await scene.clock.advance(60_000);
    expect(scene.calls).toEqual([]);
    expect(scene.clock.isIdle).toBe(true);
  });

  it('calls one that does not answer once', async () => {
    const scene = new Scene({ isComplete: true, hasLeechers: true });
    scene.contacts.add('gone', []);
    await scene.clock.advance(60_000);
    expect(scene.called).toEqual(['gone']);
  });

  it('calls two others for one that fetches, a second after it heard of them', async () => {
    const scene = new Scene({ isComplete: true });
    scene.find(...names(5));
    scene.view.hasLeechers = true;
    scene.contacts.handleMet('newcomer');
    await scene.clock.advance(900);
    expect(scene.calls).toEqual([]);
    await scene.clock.advance(10_000);
    expect(scene.calls).toHaveLength(2);
  });

  it('asks the connected who fetches, and calls them', async () => {
    const scene = new Scene({ isComplete: true });
    scene.peers = ['part', 'none', 'whole', 'silent'];
    for (const peer of scene.peers) scene.there.add(peer);
    for (const standing of ['part', 'none', 'whole'] as const) {
      scene.standings.set(standing, standing);
    }
    await scene.contacts.seek();
    await scene.clock.advance(100);
    expect(scene.asked).toEqual(scene.peers);
    expect(scene.called).toEqual(['part']);
  });

  it('asks 32 of many', async () => {
    const scene = new Scene({ isComplete: true });
    scene.peers = names(100);
    await scene.contacts.seek();
    expect(new Set(scene.asked).size).toBe(32);
    expect(scene.asked).toHaveLength(32);
  });
});
