// When a swarm looks for the files that it lost, and what it tells its neighbours of them.
import { expect, it } from 'vitest';
import { MemoryStore } from '../../src/content/memory-store.ts';
import type { Loss, Return } from '../../src/content/store.ts';
import type { SessionEvent } from '../../src/exchange/event.ts';
import { Losses } from '../../src/swarm/losses.ts';
import type { Event } from '../../src/telemetry/event.ts';
import { makeContent } from './party.ts';
import { VirtualClock } from './virtual-clock.ts';

const LOSS: Loss = { first: 2, count: 3, reason: 'removed', message: '/b: gone' };
const BACK: Return = { first: 2, count: 3, path: '/b' };

/** A store that loses and regains what a test says. */
class Fragile {
  readonly whole: MemoryStore;
  losses: Loss[] = [];
  looks: number[] = [];
  isBack = false;
  #tellLoss: (loss: Loss) => void = () => {};
  #tellReturns: (returns: readonly Return[]) => void = () => {};
  readonly #now: () => number;

  constructor(whole: MemoryStore, now: () => number) {
    this.whole = whole;
    this.#now = now;
  }

  get manifest() {
    return this.whole.manifest;
  }
  get have() {
    return this.whole.have;
  }
  read = (...what: Parameters<MemoryStore['read']>) => this.whole.read(...what);
  write = (...what: Parameters<MemoryStore['write']>) => this.whole.write(...what);
  publish = () => this.whole.publish();
  close = () => this.whole.close();
  watchLosses(tell: (loss: Loss) => void): void {
    this.#tellLoss = tell;
  }
  watchReturns(tell: (returns: readonly Return[]) => void): void {
    this.#tellReturns = tell;
  }

  lose(loss = LOSS): void {
    this.have.removeRun(loss.first, loss.count);
    this.losses.push(loss);
    this.#tellLoss(loss);
  }

  async seekLost(): Promise<void> {
    this.looks.push(this.#now());
    if (!this.isBack) return;
    const returns = this.losses.splice(0).map(({ first, count }) => ({ ...BACK, first, count }));
    for (const { first, count } of returns) this.have.addRun(first, count);
    this.#tellReturns(returns);
  }
}

async function fragile(pieces?: number) {
  const { manifest, bytes } = await makeContent(pieces);
  const clock = new VirtualClock();
  const store = new Fragile(MemoryStore.whole(manifest, bytes), () => clock.now());
  const steps: SessionEvent[] = [];
  const events: Event[] = [];
  const start = () =>
    new Losses({
      cid: manifest.root,
      store,
      clock,
      emit: (event) => events.push(event),
      step: (event) => steps.push(event),
    });
  return { clock, store, steps, events, start, cid: manifest.root.toString() };
}

it('runs no timer while nothing is lost', async () => {
  const { clock, start } = await fragile();
  start().seekSoon();
  expect(clock.isIdle).toBe(true);
});

it('looks after 5 s, then ever more seldom, and once a minute in the end', async () => {
  const { clock, store, start } = await fragile();
  start();
  await clock.advance(100_000);
  store.lose();
  await clock.advance(300_000);
  expect(store.looks.map((at) => (at - 100_000) / 1000)).toEqual([5, 15, 35, 75, 135, 195, 255]);
});

it('looks at once when somebody asks, but not twice within 5 s', async () => {
  const { clock, store, start } = await fragile();
  const losses = start();
  store.lose();
  await clock.advance(60_000);
  store.looks = [];
  for (let ms = 0; ms < 7000; ms += 100) {
    losses.seekSoon();
    await clock.advance(100);
  }
  expect(store.looks).toEqual([60_000, 65_000]);
});

it('says once what is lost and what is back, tells the session, and rests', async () => {
  const { clock, store, steps, events, start, cid } = await fragile();
  start();
  store.lose();
  store.isBack = true;
  await clock.advance(60_000);
  expect(events).toEqual([
    { event: 'warned', message: 'served no more: /b: gone' },
    { event: 'files_returned', cid, files: 1, paths: ['/b'] },
  ]);
  expect(steps).toEqual([
    { type: 'pieces_lost', ...LOSS },
    { type: 'pieces_returned', first: 2, count: 3 },
  ]);
  expect(store.looks).toEqual([5000]);
  expect(clock.isIdle).toBe(true);
});

it('begins with what is lost already, and says nothing where the whole store does', async () => {
  const { clock, store, steps, events, start } = await fragile();
  store.losses = [{ first: 0, count: 1, reason: 'removed' }];
  store.have.remove(0);
  start();
  expect(steps).toMatchObject([{ type: 'pieces_lost', first: 0 }]);
  expect(events).toEqual([]);
  store.lose({ first: 5, count: 1, reason: 'changed' });
  expect(events).toEqual([]);
  await clock.advance(5000);
  expect(store.looks).toEqual([5000]);
});

it('announces no more at once than a neighbour takes, and nothing that is lost again', async () => {
  const pieces = 40_000;
  const { clock, store, steps, start } = await fragile(pieces);
  start();
  store.lose({ ...LOSS, first: 0, count: 30_000 });
  store.lose({ ...LOSS, first: 30_000, count: 10_000 });
  store.isBack = true;
  await clock.advance(5000);
  store.isBack = false;
  const announced = () => steps.filter(({ type }) => type === 'pieces_returned');
  expect(announced()).toEqual([{ type: 'pieces_returned', first: 0, count: 16_384 }]);
  await clock.advance(500);
  expect(announced().slice(1)).toEqual([
    { type: 'pieces_returned', first: 16_384, count: 13_616 },
    { type: 'pieces_returned', first: 30_000, count: 2768 },
  ]);
  store.lose({ ...LOSS, first: 30_000, count: 10_000 });
  await clock.advance(2000);
  expect(announced()).toHaveLength(3);
});

it('does nothing after its end', async () => {
  const { clock, store, steps, start } = await fragile();
  const losses = start();
  store.lose();
  losses.close();
  store.isBack = true;
  await clock.advance(60_000);
  await store.seekLost();
  losses.seekSoon();
  expect(steps).toHaveLength(1);
  expect(clock.isIdle).toBe(true);
});
