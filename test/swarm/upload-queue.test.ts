import { describe, expect, it } from 'vitest';
import { Link } from '../../src/link/link.ts';
import { type Upload, UploadQueue } from '../../src/swarm/upload-queue.ts';
import { MemoryWire } from './memory-wire.ts';
import { VirtualClock } from './virtual-clock.ts';

const PIECE = 100_000;
/** A piece takes a second. */
const UP = PIECE;

class Uplink {
  readonly clock = new VirtualClock();
  readonly events: string[] = [];
  readonly queue: UploadQueue;

  constructor(up = UP) {
    const { clock } = this;
    this.queue = new UploadQueue(new Link({ clock, uplinkBytesPerSecond: up }), clock);
  }

  /** The end that blocks are sent on. */
  wireTo(remote: string): MemoryWire {
    return MemoryWire.pair('me', remote)[0];
  }

  add(
    wire: MemoryWire,
    piece: number,
    read: Upload['read'] = async (into) => into.fill(piece),
  ): void {
    const note = (what: string) => () => this.events.push(`${what} ${piece}`);
    this.queue.add({
      wire,
      piece,
      length: PIECE,
      read: (into) => {
        note('read')();
        return read(into);
      },
      finished: note('finished'),
      failed: note('failed'),
      stalled: note('stalled'),
    });
  }
}

const blocksOf = (wire: MemoryWire): number[] => wire.said('block').map(({ piece }) => piece);
const bytesOf = (wire: MemoryWire, piece: number): number =>
  wire
    .said('block')
    .filter((block) => block.piece === piece)
    .reduce((sum, { length }) => sum + length, 0);

describe('the upload queue', () => {
  it('sends one piece after the other, whole, as fast as the link lets it', async () => {
    const uplink = new Uplink();
    const [a, b] = [uplink.wireTo('a'), uplink.wireTo('b')];
    uplink.add(a, 1);
    uplink.add(b, 2);
    uplink.add(a, 3);
    expect([...uplink.queue.receivers]).toEqual(['a', 'b']);
    await uplink.clock.advanceUntil(() => uplink.queue.receivers.size === 0);
    expect(uplink.events.filter((event) => event.startsWith('finished'))).toEqual([
      'finished 1',
      'finished 2',
      'finished 3',
    ]);
    expect([1, 3].map((piece) => bytesOf(a, piece))).toEqual([PIECE, PIECE]);
    expect(bytesOf(b, 2)).toBe(PIECE);
    expect(uplink.clock.now()).toBeGreaterThan(2900);
    expect(uplink.clock.now()).toBeLessThan(3100);
  });

  it('reads one piece ahead of the one that is being sent', async () => {
    const uplink = new Uplink();
    const wire = uplink.wireTo('a');
    for (const piece of [1, 2, 3]) uplink.add(wire, piece);
    await uplink.clock.advance(500);
    expect(uplink.events).toEqual(['read 1', 'read 2']);
    await uplink.clock.advance(1000);
    expect(uplink.events).toEqual(['read 1', 'read 2', 'finished 1', 'read 3']);
  });

  it('passes over one that takes no more, tells once that it stalls, and comes back to it', async () => {
    const uplink = new Uplink();
    const [full, open] = [uplink.wireTo('full'), uplink.wireTo('open')];
    full.hold();
    uplink.add(full, 1);
    uplink.add(open, 2);
    await uplink.clock.advance(400);
    expect(blocksOf(open)).not.toEqual([]);
    expect(blocksOf(full)).toEqual([]);
    await uplink.clock.advance(1600);
    expect(uplink.events.filter((event) => !event.startsWith('read'))).toEqual([
      'stalled 1',
      'finished 2',
    ]);
    full.release();
    await uplink.clock.advanceUntil(() => uplink.queue.receivers.size === 0);
    expect(bytesOf(full, 1)).toBe(PIECE);
    expect(uplink.events.filter((event) => event.endsWith(' 1'))).toEqual([
      'read 1',
      'stalled 1',
      'finished 1',
    ]);
  });

  it('drops what is stopped: one piece, or all of a wire', async () => {
    const uplink = new Uplink();
    const [a, b] = [uplink.wireTo('a'), uplink.wireTo('b')];
    for (const piece of [1, 2, 3]) uplink.add(a, piece);
    uplink.add(b, 4);
    await uplink.clock.advance(500);
    uplink.queue.stop(a, 2);
    await uplink.clock.advance(1000);
    expect(uplink.events).toContain('finished 1');
    uplink.queue.stop(a);
    await uplink.clock.advanceUntil(() => uplink.queue.receivers.size === 0);
    expect(uplink.events.filter((event) => event.startsWith('finished'))).toEqual([
      'finished 1',
      'finished 4',
    ]);
    expect(bytesOf(a, 2)).toBe(0);
    expect(bytesOf(a, 3)).toBeLessThan(PIECE);
  });

  it('tells of a piece that cannot be read, and goes on with the next', async () => {
    const uplink = new Uplink();
    const wire = uplink.wireTo('a');
    uplink.add(wire, 1, () => Promise.reject(new Error('disk')));
    uplink.add(wire, 2);
    await uplink.clock.advanceUntil(() => uplink.queue.receivers.size === 0);
    expect(uplink.events).toContain('failed 1');
    expect(uplink.events).toContain('finished 2');
    expect(blocksOf(wire)).not.toContain(1);
  });

  it('uses the memory of a piece again once its wire has taken all of it, and not before', async () => {
    const uplink = new Uplink(Number.POSITIVE_INFINITY);
    const [slow, open] = [uplink.wireTo('slow'), uplink.wireTo('open')];
    const memory: Uint8Array[] = [];
    const keep = async (into: Uint8Array): Promise<Uint8Array> => {
      memory.push(into);
      return into;
    };
    uplink.add(slow, 1, (into) => {
      slow.hold();
      return keep(into);
    });
    await uplink.clock.advance(0);
    expect(uplink.events).toContain('finished 1');
    uplink.add(open, 2, keep);
    await uplink.clock.advance(0);
    expect(memory[1]).not.toBe(memory[0]);
    slow.release();
    await uplink.clock.advance(0);
    uplink.add(open, 3, keep);
    uplink.add(open, 4, keep);
    await uplink.clock.advance(0);
    expect(memory).toHaveLength(4);
    expect(memory.slice(2)).toContain(memory[0]);
  });
});
