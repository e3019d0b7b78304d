import { describe, expect, it } from 'vitest';
import { ReadPause } from '../../../src/peer/wire/read-pause.ts';

const MESSAGE = 65_537;
const PACKET = 1448;

/** Reads one message packet by packet, as the link delivers them; returns the pauses. */
function readMessage(
  pause: ReadPause,
  bytesPerMs: number,
  from = 0,
): { pauses: number[]; reads: number } {
  const pauses: number[] = [];
  let now = from;
  let got = PACKET;
  let reads = 1;
  let ms = pause.noteRead(now, PACKET, MESSAGE - got);
  while (got < MESSAGE) {
    const wait = ms > 0 ? ms : PACKET / bytesPerMs;
    if (ms > 0) pauses.push(ms);
    now += wait;
    const bytes = Math.min(MESSAGE - got, Math.max(PACKET, Math.floor(wait * bytesPerMs)));
    got += bytes;
    reads++;
    ms = pause.noteRead(now, bytes, MESSAGE - got);
  }
  return { pauses, reads };
}

describe('ReadPause', () => {
  it('lets a slow link bring most of a message between two reads', () => {
    const pause = new ReadPause();
    // 2.5 MB/s, as 20 Mbit/s: a message takes 26 ms, and 46 packets.
    readMessage(pause, 2500);
    const { pauses, reads } = readMessage(pause, 2500, 1000);
    expect(reads).toBeLessThanOrEqual(8);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(25);
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(1.1 * (MESSAGE / 2500));
  });

  it('never rests longer than 25 ms, however slow the link', () => {
    const pause = new ReadPause();
    const { pauses } = readMessage(pause, 10);
    expect(Math.max(...pauses)).toBe(25);
  });

  it('reads on while the rate is unknown, between messages, and near the end of one', () => {
    const pause = new ReadPause();
    expect(pause.noteRead(0, PACKET, 60_000)).toBe(0);
    expect(pause.noteRead(10, PACKET, 58_000)).toBeGreaterThan(0);
    expect(pause.noteRead(20, PACKET, 4000)).toBe(0);
    expect(pause.noteRead(30, 4000, 0)).toBe(0);
  });

  it('does not slow a fast link down', () => {
    const pause = new ReadPause();
    // 100 MB/s in reads of one packet, and a link whose reads are full.
    for (let now = 0; now < 20; now += 0.015) expect(pause.noteRead(now, PACKET, 40_000)).toBe(0);
    const full = new ReadPause();
    for (let now = 0; now < 100; now += 10) expect(full.noteRead(now, 20_000, 40_000)).toBe(0);
  });

  it('takes no silence of the sender for a slow link', () => {
    const pause = new ReadPause();
    readMessage(pause, 2500);
    const { pauses } = readMessage(pause, 2500, 60_000);
    expect(Math.max(...pauses)).toBeLessThan(26);
    const fresh = readMessage(new ReadPause(), 2500).pauses;
    expect(Math.max(...pauses)).toBeLessThan(1.2 * Math.max(...fresh));
  });

  it('follows a link that becomes faster', () => {
    const pause = new ReadPause();
    readMessage(pause, 100);
    for (let i = 1; i < 20; i++) readMessage(pause, 5000, i * 1000);
    const { pauses } = readMessage(pause, 5000, 100_000);
    expect(Math.max(0, ...pauses)).toBeLessThan(15);
  });
});
