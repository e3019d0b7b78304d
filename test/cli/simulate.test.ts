import { describe, expect, it, vi } from 'vitest';
import { simulateCommand } from '../../src/cli/simulate.ts';

/** What the command prints on stdout. */
async function run(...args: string[]): Promise<string> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await simulateCommand().exitOverride().parseAsync(args, { from: 'user' });
    return write.mock.calls.map(([text]) => String(text)).join('');
  } finally {
    write.mockRestore();
  }
}

const small = ['--receivers', '4', '--size', '1MiB'];

describe('hubswarm simulate', () => {
  it('prints what came out beside the bounds', async () => {
    const table = await run(...small);
    expect(table).toMatch(/^file +1 MiB, 16 pieces$/m);
    expect(table).toMatch(/^completed +4 of 4$/m);
    expect(table).toMatch(/^makespan +0\.\d\d s$/m);
    expect(table).toMatch(/^bound, fluid +0\.42 s$/m);
    // (F / u) (1 + floor(log2 4) / 16)
    expect(table).toMatch(/^bound, pieces +0\.47 s$/m);
    expect(table).toMatch(/^efficiency +0\.\d{3}$/m);
  });

  it('prints one JSON object with --json, the scenario in it', async () => {
    const args = ['--json', '--degree', 'all', '--uplink', '5Mbit/s,20Mbit/s', '--kill', '9'];
    const result = JSON.parse(await run(...small, ...args, '--latency', '5ms-9ms', '--seed', '3'));
    expect(result.scenario).toEqual({
      fileBytes: 2 ** 20,
      pieceLength: 65_536,
      receivers: 4,
      originUplink: 625_000,
      classes: [
        { uplink: 625_000, downlink: 3_125_000 },
        { uplink: 2_500_000, downlink: 12_500_000 },
      ],
      latencyMs: { least: 5, most: 9 },
      line: null,
      degree: null,
      turns: null,
      picker: 'rarest',
      choker: 'cooperative',
      seed: 3,
      staggerMs: 0,
      lingerMs: null,
      lifetime: null,
      kill: { copies: 9 },
      freeRiders: 0,
      poisoners: 0,
      limitMs: 86_400_000,
    });
    expect(result).toMatchObject({
      completed: 4,
      outcome: 'completed',
      wallMs: expect.any(Number),
    });
  });

  it('kills the origin at a time as well', async () => {
    const table = await run(...small, '--kill', '0.3s');
    expect(table).toMatch(/^origin sent .* killed at 0\.30 s$/m);
  });

  it('kills the origin once every piece is with somebody', async () => {
    const table = await run(...small, '--kill', 'first-copy');
    expect(table).toMatch(/^completed +4 of 4$/m);
    const [, sentAt] = /^origin sent .* killed at (\d\.\d\d) s$/m.exec(table)!;
    const [, outAt] = /^first copy out +at (\d\.\d\d) s/m.exec(table)!;
    expect(sentAt).toBe(outAt);
  });

  it('says who is left without, and what nobody has', async () => {
    const table = await run(...small, '--kill', '0.5', '--free-riders', '1');
    expect(table).toMatch(/^completed +0 of 4, stalled: \d pieces are with nobody any more$/m);
    expect(table).toMatch(/^free riders +1, none completed$/m);
    expect(table).toMatch(/^origin sent +0\.500 copies, killed at 0\.2\d s$/m);
    expect(table).toMatch(/^first copy out +never$/m);
  });

  it.each([
    [['--latency', '5'], "--latency: '5' is not accepted; give milliseconds, or a range"],
    [['--latency', '9ms-5ms'], "--latency: '9ms-5ms' is not accepted"],
    [['--degree', '0'], "--degree: '0' is not accepted; give a whole number above 0, or all"],
    [['--uplink', '1MiB/s,fast'], "--uplink: 'fast' is not a rate"],
    [['--kill', '0'], "--kill: '0' is not accepted; give copies"],
    [['--kill', 'soon'], "--kill: 'soon' is not accepted; give copies"],
    [['--lifetime', '0%'], "--lifetime: '0%' is not accepted; give seconds, or a share above 0"],
    [
      ['--lifetime', '120%'],
      "--lifetime: '120%' is not accepted; give seconds, or a share above 0",
    ],
    [['--limit', '0'], "--limit: '0' is not accepted; give seconds over 0"],
    [['--size', '0'], "--size: '0' is not accepted; give 1 byte or more"],
    [['--chunk-size', '1KiB'], '--chunk-size: 1024 bytes is not accepted'],
    [['--free-riders', '5'], "--free-riders: '5' is not accepted; give at most 4, the receivers"],
    [['--receivers', '100000', '--size', '1GiB'], '--size: '],
    [
      ['--receivers', '100000', '--degree', '12'],
      "--degree: '12' is not accepted; give at most 10",
    ],
  ])('refuses %j', async (args, message) => {
    await expect(run(...small, ...args)).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: expect.stringContaining(message),
    });
  });
});
