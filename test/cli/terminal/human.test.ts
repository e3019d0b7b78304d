import { afterEach, describe, expect, it, vi } from 'vitest';
import { describeProgress, describeSpeed } from '../../../src/cli/terminal/bar.ts';
import { createHumanReporter } from '../../../src/cli/terminal/human.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { SeenTerminal } from './terminal.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

it.each<[number, number, string, string]>([
  [0, 5, '-', '-'],
  [MIB, 0, '1 MiB/s', '0s'],
  [MIB, 1, '1 MiB/s', '1s'],
  [MIB, 59.5 * MIB, '1 MiB/s', '1m0s'],
  [2 * MIB, 250 * MIB, '2 MiB/s', '2m5s'],
  [MIB, 7265 * MIB, '1 MiB/s', '2h1m'],
])('at %d B/s the last %d bytes read %s, %s', (bytesPerSecond, leftBytes, rate, left) => {
  expect(describeSpeed(bytesPerSecond, leftBytes)).toEqual({ rate, left });
});

describe('a progress bar', () => {
  it.each([20, 30, 40, 60, 79, 200])('shows the time left within %d columns', (width) => {
    for (const done of [0, 1, 5.55 * GIB, 10.25 * GIB]) {
      const bar = { done, total: 10.25 * GIB, bytesPerSecond: 1234 };
      const text = describeProgress(bar, width);
      expect(text.length).toBeLessThanOrEqual(width);
      expect(text).toMatch(/^ *\d+% .*ETA \d/);
    }
  });

  it('has a bar as soon as there is room, and is full at the end only', () => {
    const at = (done: number) => describeProgress({ done, total: 1000, bytesPerSecond: 10 }, 79);
    expect(at(0)).toMatch(/^ {2}0% \u00b7+ /);
    expect(at(999)).toMatch(/^ 99% /);
    expect(at(1000)).toMatch(/^100% \u25a0+ /);
  });

  it('of an empty file is full', () => {
    expect(describeProgress({ done: 0, total: 0, bytesPerSecond: 0 }, 79)).toMatch(/^100% /);
  });
});

describe('on a terminal', () => {
  afterEach(() => void vi.useRealTimers());

  /** What is on the terminal after these events, one each 150 ms. */
  async function seen(events: readonly Event[], { columns = 80, close = true } = {}) {
    let now = 0;
    vi.useFakeTimers();
    const terminal = new SeenTerminal(columns);
    const reporter = createHumanReporter({ quiet: false, out: terminal, now: () => now });
    for (const event of events) {
      reporter.report(event);
      now += 150;
      vi.advanceTimersByTime(150);
    }
    if (close) reporter.close();
    vi.useRealTimers();
    return terminal.lines();
  }

  const progressed = (bytes: number): Event => ({
    ...{ event: 'transfer_progressed', total: 10 * MIB, name: 'f' },
    bytes,
  });
  const connected = (remote: string): Event => ({ event: 'peer_connected', remote });
  const completed: Event = {
    event: 'transfer_completed',
    ...{ name: 'f', path: 'f', bytes: 10 * MIB, ms: 1000 },
  };

  it('lines printed beside a bar stand whole above it, also where they scroll', async () => {
    const peers = Array.from({ length: 12 }, (_, i) => `peer-${i}`);
    const events = peers.flatMap((name, i) => [progressed(i * MIB * 0.8), connected(name)]);
    const lines = await seen([...events, progressed(10 * MIB), completed]);
    expect(lines).toEqual([
      ...peers.map((name) => `connected to ${name}`),
      'done: f (10 MiB in 1.0 s, 10 MiB/s)',
    ]);
  });

  it('the bar is the last line while it runs, with the time left at 80 columns', async () => {
    const lines = await seen([progressed(0), progressed(MIB), connected('a')], { close: false });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe('connected to a');
    expect(lines[1]).toMatch(/^ 10% \u25a0+\u00b7+ {2}1 MiB\/10 MiB {2}[\d.]+ MiB\/s {2}ETA \d+s$/);
  });

  it('where nothing comes any more the rate falls to none', async () => {
    const moving = Array.from({ length: 20 }, (_, i) => progressed(i * 100_000));
    const idle = Array.from({ length: 60 }, () => progressed(19 * 100_000));
    const lines = await seen([...moving, ...idle], { close: false });
    expect(lines.at(-1)).toMatch(/MiB {2}- {2}ETA -$/);
  });

  it('how far it came stays where it failed or was stopped', async () => {
    const failed: Event = { event: 'transfer_failed', code: 'ERR', message: 'm', name: 'f' };
    expect(await seen([progressed(0), progressed(5 * MIB), failed])).toEqual([
      expect.stringMatching(/^ 50% /),
    ]);
    expect(await seen([progressed(0), progressed(5 * MIB)])).toEqual([
      expect.stringMatching(/^ 50% /),
    ]);
  });

  it('a peer shows what it gives, and at its end what it gave', async () => {
    const events: Event[] = [
      { event: 'listening', role: 'peer', addresses: ['/ip4/127.0.0.1/tcp/4001'] },
      ...Array.from(
        { length: 20 },
        (_, i): Event => ({
          ...{ event: 'link_counted', receivedBytes: MIB },
          sentBytes: (i + 1) * MIB,
        }),
      ),
    ];
    const live = await seen(events, { close: false });
    expect(live.at(-1)).toMatch(/^gave \d+ MiB, [\d.]+ MiB\/s now$/);
    const ended = await seen([...events, { event: 'stopped', reason: 'SIGINT' }]);
    expect(ended).toEqual([
      'listening on /ip4/127.0.0.1/tcp/4001',
      'stopped: SIGINT; gave 20 MiB, took 1 MiB',
    ]);
  });

  it('a hub that ends says what it waits for, and what it sent', async () => {
    const lines = await seen(
      [
        { event: 'listening', role: 'server', addresses: ['http://127.0.0.1:8080/'] },
        { event: 'drain_started', requests: 2, delayMs: 0, graceMs: 10_000 },
        { event: 'link_counted', sentBytes: 3 * MIB, receivedBytes: 0 },
        { event: 'stopped', reason: 'SIGINT' },
      ],
      { columns: 120 },
    );
    expect(lines.slice(1)).toEqual([
      'ending: 2 answers under way may go on for 10.0 s; Ctrl-C again ends now',
      'stopped: SIGINT; sent 3 MiB, received 0 B',
    ]);
  });
});

it('elsewhere every tenth is a line, without codes for terminals', () => {
  let text = '';
  const reporter = createHumanReporter({ quiet: false, out: { write: (part) => (text += part) } });
  for (let i = 0; i <= 100; i++) {
    reporter.report({ event: 'transfer_progressed', bytes: i * MIB, total: 100 * MIB, name: 'f' });
  }
  reporter.close();
  expect(text.trimEnd().split('\n')).toHaveLength(10);
  expect(text).toContain('50% (50 MiB of 100 MiB)\n');
  expect(text.includes('\x1b')).toBe(false);
});
