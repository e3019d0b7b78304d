import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { obeyLines } from '../../../src/cli/common/control.ts';
import { readLines } from '../../../src/cli/common/lines.ts';
import type { Caps } from '../../../src/link/link.ts';

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

async function linesOf(...texts: string[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readLines(chunks(...texts))) lines.push(line);
  return lines;
}

describe('readLines', () => {
  it('gives the same lines however the input is cut', async () => {
    const text = 'go\nuplink 1MiB/s\n\ndownlink none\nlast';
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(text.length)), async (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        const parts = at.slice(1).map((end, i) => text.slice(at[i], end));
        expect(await linesOf(...parts)).toEqual(text.split('\n'));
      }),
    );
  });

  it('keeps no more of a line than a command may have', async () => {
    const [long, next] = await linesOf(
      ...Array.from({ length: 100 }, () => 'x'.repeat(999)),
      '\ny',
    );
    expect([long!.length, next]).toEqual([1000, 'y']);
  });

  it('ends when its input fails', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield* chunks('a\nb');
      throw new Error('EIO');
    }
    const lines: string[] = [];
    for await (const line of readLines(failing())) lines.push(line);
    expect(lines).toEqual(['a', 'b']);
  });
});

describe('obeyLines', () => {
  const obey = async (...texts: string[]): Promise<{ caps: Caps[]; warnings: string[] }> => {
    const caps: Caps[] = [];
    const warnings: string[] = [];
    await obeyLines(readLines(chunks(...texts)), { limit: (cap) => caps.push(cap) }, (event) => {
      if (event.event === 'warned') warnings.push(event.message);
    });
    return { caps, warnings };
  };

  it('takes caps as the options do, and none', async () => {
    const { caps } = await obey('uplink 8Mbit/s\r\n', 'Downlink  none\n', '  uplink 1 MiB/s');
    expect(caps).toEqual([
      { uplinkBytesPerSecond: 1e6 },
      { downlinkBytesPerSecond: Number.POSITIVE_INFINITY },
      { uplinkBytesPerSecond: 2 ** 20 },
    ]);
  });

  it('takes auto for the uplink, where that can be', async () => {
    const calls: string[] = [];
    const peer = { limit: () => calls.push('limit'), adapt: () => calls.push('adapt') };
    await obeyLines(readLines(chunks('uplink auto\n')), peer, () => calls.push('warned'));
    expect(calls).toEqual(['adapt']);
    expect((await obey('uplink auto\n')).warnings).toEqual([
      expect.stringMatching(/^standard input: uplink: 'auto' is not a rate; .* or none$/),
    ]);
  });

  it.each([
    ['uplink', /'uplink' is not a command/],
    ['uplink fast', /^standard input: uplink: 'fast' is not a rate/],
    ['uplink 0', /uplink: '0' is not a rate/],
    ['sidelink 1MiB/s', /'sidelink 1MiB\/s' is not a command; give 'uplink RATE'/],
  ])('warns of %j in one line and goes on', async (line, warning) => {
    const { caps, warnings } = await obey(`${line}\nuplink 1B/s\n`);
    expect(caps).toEqual([{ uplinkBytesPerSecond: 1 }]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(warning);
  });
});
