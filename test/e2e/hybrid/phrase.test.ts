// `hubswarm share FILE` here, `hubswarm get 7-word-word` there, and nothing else typed: as real
// processes on hosts of a LAN.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { needs } from '../../support/needs.ts';
import { type Running, randomFile, scratch, start } from '../binary.ts';
import { inside, ip, makeLan, namespaces } from '../namespaces.ts';
import { MIB, sameBytes, untilVerified } from '../swarm.ts';

const LAN = namespaces('ip link add switch0 type bridge');

/** Hosts whose multicast leaves by the LAN, as with a default route. */
function makeHosts(count: number): string[] {
  const hosts = makeLan(count);
  for (const host of hosts) ip(`-n ${host} route add 224.0.0.0/4 dev lan0`);
  return hosts;
}

function on(host: string, user: string, ...args: string[]): Running {
  const env = Object.fromEntries(
    ['DATA', 'CACHE', 'STATE', 'CONFIG'].map((kind) => [`XDG_${kind}_HOME`, join(user, kind)]),
  );
  return start(args, env, inside(host));
}

const phraseOf = async (sender: Running): Promise<string> =>
  (await sender.until('phrase_made')).phrase;

describe('a code phrase on a LAN', needs(...LAN), () => {
  it('is all that is needed for what is shared', { timeout: 180_000 }, async () => {
    const [here, there] = makeHosts(2) as [string, string];
    const dir = await scratch();
    const file = await randomFile(join(dir, 'report.bin'), 3 * MIB);
    const sender = on(here, join(dir, 'a'), 'share', '--json', file);
    const words = (await phraseOf(sender)).split('-');
    const out = join(dir, 'out');
    const receiver = on(there, join(dir, 'b'), 'get', '--json', ...words, '--out', out);
    expect(await receiver.exit).toBe(0);
    await sameBytes(join(out, 'report.bin'), file);
    await sender.until('receiver_completed');
    expect(await sender.end()).toBe(0);
  });

  it('closes a share to all others, and ends it', { timeout: 180_000 }, async () => {
    const [here, there, elsewhere] = makeHosts(3) as [string, string, string];
    const dir = await scratch();
    const file = await randomFile(join(dir, 'report.bin'), 3 * MIB);
    const sender = on(here, join(dir, 'a'), 'share', '--phrase', '--json', file);
    const phrase = await phraseOf(sender);
    const { cid } = await sender.until('file_shared');
    const { addresses } = await sender.until('listening');
    const stranger = on(
      elsewhere,
      join(dir, 'c'),
      ...['get', '--json', cid, '--join', addresses[0]!, '--timeout', '4', '--out', dir],
    );
    expect(await stranger.exit).toBe(124);
    const receiver = on(there, join(dir, 'b'), 'get', '--json', phrase, '--out', join(dir, 'out'));
    expect(await receiver.exit).toBe(0);
    await sameBytes(join(dir, 'out', 'report.bin'), file);
    expect(await sender.exit).toBe(0);
    for (const event of ['file_provided', 'link_made']) expect(sender.stdout).not.toContain(event);
  });

  it('lets in again who was killed, and a wrong one makes another', {
    timeout: 180_000,
  }, async () => {
    const [here, there] = makeHosts(2) as [string, string];
    const dir = await scratch();
    const file = await randomFile(join(dir, 'report.bin'), 4 * MIB);
    const sender = on(
      here,
      join(dir, 'a'),
      ...['share', '--phrase', '--json', '--uplink', '8Mbit/s', file],
    );
    const before = await phraseOf(sender);
    const wrong = before.replace(/-[a-z]+$/, before.endsWith('-ocean') ? '-canyon' : '-ocean');
    const guesser = on(there, join(dir, 'c'), 'get', wrong, '--out', dir);
    expect(await guesser.exit).toBe(1);
    expect(guesser.stderr).toContain('did not prove the phrase');
    await sender.until('phrase_refused');
    const { phrase } = await sender.until('phrase_made', (made) => made.phrase !== before);
    const get = ['get', '--json', phrase, '--out', join(dir, 'out')];
    const first = on(there, join(dir, 'b'), ...get);
    await untilVerified(first, 8);
    await first.end('SIGKILL');
    const second = on(there, join(dir, 'b'), ...get);
    const { resumedBytes } = await second.until('transfer_started');
    expect(resumedBytes).toBeGreaterThanOrEqual(8 * 64 * 1024);
    expect(await second.exit).toBe(0);
    await sameBytes(join(dir, 'out', 'report.bin'), file);
    expect(await sender.exit).toBe(0);
  });

  it('tells the sender how much of a directory was wanted', { timeout: 180_000 }, async () => {
    const [here, there] = makeHosts(2) as [string, string];
    const dir = await scratch();
    const shared = join(dir, 'reports');
    await mkdir(join(shared, 'old'), { recursive: true });
    const wanted = await randomFile(join(shared, 'a.pdf'), MIB);
    await randomFile(join(shared, 'old', 'b.pdf'), 100_000);
    await randomFile(join(shared, 'c.bin'), 3 * MIB);
    const sender = on(here, join(dir, 'a'), 'share', '--phrase', '--json', shared);
    const phrase = await phraseOf(sender);
    const out = join(dir, 'out');
    const get = [
      'get',
      '--json',
      phrase,
      '--select',
      '**.pdf',
      '--select',
      '**/*.pdf',
      '--out',
      out,
    ];
    expect(await on(there, join(dir, 'b'), ...get).exit).toBe(0);
    await sameBytes(join(out, 'reports', 'a.pdf'), wanted);
    const { bytes, total } = await sender.until('receiver_completed');
    expect([bytes, total]).toEqual([MIB + 100_000, 4 * MIB + 100_000]);
    expect(await sender.exit).toBe(0);
  });
});
