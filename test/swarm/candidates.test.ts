import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/runtime/rng.ts';
import { type Candidate, Candidates } from '../../src/swarm/candidates.ts';

const any = (): boolean => true;
const make = (): Candidates => new Candidates(createRng(1), 0);

function hear(candidates: Candidates, count: number, teller: string): void {
  for (let i = 0; i < count; i++) candidates.add(`${teller}-${i}`, ['/x'], { teller }, 0);
}

/** Calls whom it draws until it draws nobody; nobody answers. */
function callAll(candidates: Candidates, now: number): Candidate[] {
  const called: Candidate[] = [];
  for (let next = candidates.draw(now, any); next; next = candidates.draw(now, any)) {
    next.calling = true;
    candidates.handleCalled(next);
    called.push(next);
  }
  return called;
}

describe('candidates', () => {
  it('remembers 64 that one neighbour named, and 512 of all', () => {
    const candidates = make();
    hear(candidates, 100, 'ann');
    expect([...candidates]).toHaveLength(64);
    for (const teller of ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']) hear(candidates, 64, teller);
    expect([...candidates]).toHaveLength(512);
    expect(candidates.add('one more', [], {}, 0)).toBeUndefined();
  });

  it('tries 32 that were only heard of, and then one more every two seconds', () => {
    const candidates = make();
    hear(candidates, 64, 'ann');
    expect(callAll(candidates, 0)).toHaveLength(32);
    expect(callAll(candidates, 1999)).toHaveLength(0);
    expect(callAll(candidates, 2000)).toHaveLength(1);
    expect(callAll(candidates, 8000)).toHaveLength(3);
  });

  it('has a try back for each that answers, and calls it again at no cost', () => {
    const candidates = make();
    hear(candidates, 64, 'ann');
    const called = callAll(candidates, 0);
    for (const candidate of called) {
      candidates.handleAnswered(candidate);
      candidate.calling = false;
    }
    expect(callAll(candidates, 0)).toHaveLength(64);
  });

  it('draws each with the same chance, and only whom the caller may call', () => {
    const candidates = make();
    const times = new Map(['a', 'b', 'c', 'd'].map((peer) => [peer, 0]));
    for (const peer of times.keys()) candidates.add(peer, [], {}, 0);
    candidates.add('never', [], {}, 0);
    for (let i = 0; i < 1600; i++) {
      const { peer } = candidates.draw(0, (candidate) => candidate.peer !== 'never')!;
      times.set(peer, times.get(peer)! + 1);
    }
    // Four standard deviations.
    for (const count of times.values()) expect(Math.abs(count - 400)).toBeLessThan(70);
  });

  it('waits ever longer after each failure, up to 15 seconds', () => {
    const candidates = make();
    const candidate = candidates.add('a', [], {}, 0)!;
    const waits = Array.from({ length: 7 }, () => {
      candidates.defer(candidate, 1000);
      return candidate.notBefore - 1000;
    });
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    candidates.handleMet('a');
    expect(candidate.failures).toBe(0);
  });

  it('forgets one that was only heard of when it fails twice', () => {
    const candidates = make();
    const heard = candidates.add('heard', ['/x'], { teller: 'ann' }, 0)!;
    const found = candidates.add('found', ['/x'], {}, 0)!;
    for (const candidate of [heard, found]) {
      candidates.defer(candidate, 0);
      candidates.defer(candidate, 0);
    }
    expect([...candidates].map(({ peer }) => peer)).toEqual(['found']);
  });

  it('adds what others say of it to what it knows, four addresses at most', () => {
    const candidates = make();
    candidates.add('a', ['/1'], { teller: 'ann' }, 0);
    for (const address of ['/1', '/2', '/3', '/4', '/5']) {
      candidates.add('a', [address], { teller: 'bob' }, 0);
    }
    expect(candidates.get('a')?.addresses).toEqual(['/1', '/2', '/3', '/4']);
  });

  it('believes a better source instead, and no hearsay after it', () => {
    const candidates = make();
    candidates.add('a', ['/1'], { teller: 'ann' }, 0);
    const candidate = candidates.add('a', [], {}, 0)!;
    expect(candidate).toMatchObject({ addresses: [], teller: undefined });
    candidates.add('a', ['/2'], { teller: 'bob' }, 0);
    expect(candidate.addresses).toEqual([]);
  });

  it('holds for a guess what nobody has confirmed', () => {
    const candidates = make();
    const candidate = candidates.add('a', [], { isGuess: true }, 0)!;
    candidates.add('a', [], { isGuess: true }, 0);
    expect(candidate.isGuess).toBe(true);
    candidates.add('a', [], {}, 0);
    expect(candidate.isGuess).toBe(false);
  });
});
