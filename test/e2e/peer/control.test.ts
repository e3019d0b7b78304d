// Caps changed while the built binary runs, by lines on its standard input.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Running, randomFile, scratch, start } from '../binary.ts';

const MIB = 2 ** 20;

/** How long each cap is measured, and what passes before that: the file lasts for three. */
const WINDOW_MS = 1200;
const SETTLE_MS = 200;

async function sharing(dir: string, ...args: string[]): Promise<{ peer: Running; from: string[] }> {
  const file = await randomFile(join(dir, 'content.bin'), 16 * MIB);
  const data = ['--data', join(dir, 'origin')];
  const peer = start(['peer', '--json', ...data, '--share', file, '--control', ...args]);
  const { addresses } = await peer.until('listening');
  const { cid } = await peer.until('file_shared');
  return { peer, from: ['--join', addresses[0]!, '--get', cid] };
}

function fetching(dir: string, from: readonly string[], ...args: string[]): Running {
  const data = ['--data', join(dir, 'data'), '--out', join(dir, 'out')];
  return start(['peer', '--json', ...data, ...from, ...args]);
}

/** Bytes per second over one window that begins at `from`, by the counts of the link. */
async function measure(peer: Running, from: number): Promise<number> {
  const first = await peer.until('link_counted', ({ t }) => t >= from);
  const last = await peer.until('link_counted', ({ t }) => t >= first.t + WINDOW_MS);
  return ((last.sentBytes - first.sentBytes) / (last.t - first.t)) * 1000;
}

describe('--control', () => {
  it('changes the uplink of a peer that is sending, up and down', async () => {
    const dir = await scratch();
    const { peer, from } = await sharing(dir, '--uplink', '1MiB/s');
    fetching(dir, from);
    const started = await peer.until('link_counted', ({ sentBytes }) => sentBytes > 0);
    const measured = [await measure(peer, started.t + SETTLE_MS)];
    for (const cap of [4, 2]) {
      peer.child.stdin!.write(`uplink ${cap}MiB/s\n`);
      const limited = await peer.until(
        'link_limited',
        ({ uplinkBytesPerSecond }) => uplinkBytesPerSecond === cap * MIB,
      );
      measured.push(await measure(peer, limited.t + SETTLE_MS));
    }
    for (const [i, cap] of [1, 4, 2].entries()) {
      expect(measured[i]! / MIB / cap).toBeGreaterThan(0.93);
      expect(measured[i]! / MIB / cap).toBeLessThan(1.03);
    }
  });

  it('ends what waits at a crawl, and takes its first line from --hold', async () => {
    const dir = await scratch();
    const { peer, from } = await sharing(dir);
    const getting = fetching(dir, from, '--downlink', '1KiB/s', '--hold', '--control');
    await getting.until('held');
    // All at once: the line that starts it is not one of its commands.
    getting.child.stdin!.write('go\nfaster\n\n');
    const { message } = await getting.until('warned');
    expect(message).toMatch(/^standard input: 'faster' is not a command; give 'uplink RATE' or /);
    await peer.until('link_counted', ({ sentBytes }) => sentBytes > 0);
    getting.child.stdin!.end('downlink none\n');
    const { t } = await getting.until('link_limited');
    const counted = await getting.until('link_counted', (e) => e.receivedBytes > 0);
    // Of the time that these bytes take at a crawl.
    expect((counted.t - t) / counted.receivedBytes).toBeLessThan(0.1);
    // Its input is over: nothing else is.
    await getting.until('seeding_started');
    expect(await getting.end()).toBe(0);
  });

  it('changes the uplink of a hub that is sending', async () => {
    const dir = await scratch();
    await randomFile(join(dir, 'content.bin'), 16 * MIB);
    const hub = start(
      ['server', '--json', '--root', dir, '--port', '0', '--uplink', '256KiB/s', '--control'],
      {},
    );
    const { addresses } = await hub.until('listening');
    const url = `${addresses[0]}files/content.bin`;
    const client = start(['client', 'get', '--json', url, '-o', join(dir, 'out.bin')]);
    await client.until('transfer_started');
    hub.child.stdin!.write('uplink 8MiB/s\n');
    const limited = await hub.until('link_limited');
    const rate = await measure(hub, limited.t + SETTLE_MS);
    expect(rate / MIB).toBeGreaterThan(8 * 0.9);
    expect(rate / MIB).toBeLessThan(8 * 1.03);
    expect(await client.exit).toBe(0);
  });
});
