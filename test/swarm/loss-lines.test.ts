// Many lost files make a few lines.
import { beforeEach, expect, it } from 'vitest';
import { LossLines } from '../../src/swarm/loss-lines.ts';
import { VirtualClock } from './virtual-clock.ts';

let clock: VirtualClock;
let told: string[];
let lines: LossLines<string>;
beforeEach(() => {
  clock = new VirtualClock();
  told = [];
  const tell = (what: string): void => void told.push(`served no more: ${what}`);
  lines = new LossLines(clock, { name: tell, count: tell });
});

const FIRST_EIGHT = Array.from({ length: 8 }, (_, i) => `served no more: f${i}`);

it('names the first eight of 20,000, and tells the number of the others', async () => {
  for (let i = 0; i < 20_000; i++) lines.handleLoss(`f${i}`);
  expect(told).toEqual(FIRST_EIGHT);
  await clock.advance(2000);
  expect(told).toEqual([...FIRST_EIGHT, 'served no more: 19992 more files']);
});

it('tells of files that are lost one after another ever more seldom', async () => {
  for (let second = 0; second < 600; second++) {
    lines.handleLoss(`f${second}`);
    await clock.advance(1000);
  }
  expect(told.slice(0, 8)).toEqual(FIRST_EIGHT);
  expect(told.length).toBeLessThan(8 + 16);
  lines.close();
  const counted = told.slice(8).map((line) => Number(/: (\d+) more/.exec(line)?.[1]));
  expect(counted.reduce((sum, count) => sum + count, 8)).toBe(600);
});

it('names files again after a rest', async () => {
  lines.handleLoss('a');
  await clock.advance(20_000);
  for (let i = 0; i < 8; i++) lines.handleLoss(`b${i}`);
  expect(told).toHaveLength(9);
  lines.close();
  expect(told).toHaveLength(9);
});
