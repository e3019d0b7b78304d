import { describe, expect, it } from 'vitest';
import { Backlogs } from '../../../src/hub/feed/backlogs.ts';

const MIB = 2 ** 20;

class Slow {
  unread = 0;
  isCut = false;
  readonly unreadBytes = (): number => this.unread;
  readonly cut = (): void => {
    this.isCut = true;
  };
}

function write(backlogs: Backlogs, reader: Slow, bytes: number): void {
  reader.unread += bytes;
  backlogs.handleWrite(reader);
}

describe('what subscribers have not read', () => {
  it('is at most 1 MiB for each', () => {
    const backlogs = new Backlogs();
    const reader = new Slow();
    write(backlogs, reader, MIB);
    expect(reader.isCut).toBe(false);
    write(backlogs, reader, 1);
    expect(reader.isCut).toBe(true);
  });

  it('is at most 32 MiB for all: who holds the most goes first', () => {
    const backlogs = new Backlogs();
    const readers = Array.from({ length: 1000 }, () => new Slow());
    const [most] = readers;
    write(backlogs, most!, 100_000);
    for (const reader of readers) write(backlogs, reader, 40_000);
    expect(most!.isCut).toBe(true);
    const held = readers.filter(({ isCut }) => !isCut).reduce((sum, { unread }) => sum + unread, 0);
    expect(held).toBeLessThanOrEqual(32 * MIB);
    expect(held).toBeGreaterThan(31 * MIB);
  });

  it('counts nobody who has read since, or has gone', () => {
    const backlogs = new Backlogs();
    const readers = Array.from({ length: 300 }, () => new Slow());
    for (const [index, reader] of readers.entries()) {
      write(backlogs, reader, MIB / 2);
      if (index % 2 === 0) reader.unread = 0;
      else backlogs.forget(reader);
    }
    expect(readers.some(({ isCut }) => isCut)).toBe(false);
  });
});
