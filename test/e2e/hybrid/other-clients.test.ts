// A hub that is a peer gives to a swarm, and at that moment to programs that know nothing of it: all
// get the file, and the sum stays below the one cap.
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { hasCommand, needs } from '../../support/needs.ts';
import { type Running, scratch, sha256, start } from '../binary.ts';
import { MIB, sameBytes } from '../swarm.ts';

const TIMEOUT_MS = 120_000;
const CAP = MIB;
/** Milliseconds that a late timer may make up for (src/link/pacer.ts), once at either count. */
const CREDIT_MS = 2 * 100;
const BROWSER = ['chromium', 'chromium-browser', 'google-chrome'].find(hasCommand) ?? 'chromium';
const run = promisify(execFile);
const options = { timeout: TIMEOUT_MS, maxBuffer: 16 * MIB };

const curl = (url: string, path: string) => run('curl', ['-sSf', '-o', path, url], options);

const aria2c = (url: string, path: string) =>
  run('aria2c', ['--no-conf', '-q', '-s', '4', '-x', '4', '-o', 'aria2', '-d', path, url], options);

/** The text that it shows. */
async function browse(url: string, profile: string): Promise<string> {
  const quiet = ['--disable-gpu', '--no-first-run', '--disable-background-networking'];
  const { stdout } = await run(
    BROWSER,
    ['--headless', '--no-sandbox', ...quiet, `--user-data-dir=${profile}`, '--dump-dom', url],
    options,
  );
  return /<pre[^>]*>([^<]*)<\/pre>/.exec(stdout)?.[1] ?? stdout.slice(0, 1000);
}

interface Count {
  readonly t: number;
  readonly sentBytes: number;
}

const counts = ({ events }: Running): Count[] =>
  events.flatMap((event) => (event.event === 'link_counted' ? [event] : []));

/** Bytes beyond the cap between any two counts; what a late timer may make up for is allowed. */
function overCap(all: readonly Count[]): number {
  let [over, least] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const { t, sentBytes } of all) {
    const ahead = sentBytes - (t / 1000) * CAP;
    over = Math.max(over, ahead - least);
    least = Math.min(least, ahead);
  }
  return over;
}

describe('beside a swarm', needs('curl', 'aria2c', BROWSER), () => {
  it('a hub serves curl, aria2 and a browser within its cap', { timeout: TIMEOUT_MS }, async () => {
    const dir = await scratch();
    const root = join(dir, 'root');
    await mkdir(root);
    const text = randomBytes(1.5 * MIB).toString('base64');
    const file = join(root, 'f.txt');
    await writeFile(file, text);
    const digest = await sha256(file);
    const data = ['--swarm', '--swarm-data', join(dir, 'hub')];
    const hub = start(['server', root, '--port', '0', '--json', '--uplink', `${CAP}`, ...data]);
    const { addresses } = await hub.until('listening', ({ role }) => role === 'server');
    const hubPeer = await hub.until('listening', ({ role }) => role === 'peer');
    await hub.until('catalogue_completed');
    const url = `${addresses[0]}files/f.txt`;
    const cid = (
      await fetch(url, { method: 'HEAD', headers: { 'accept-encoding': 'identity' } })
    ).headers.get('x-ipfs-roots')!;
    const peers = ['a', 'b'].map((name) => {
      const places = ['--data', join(dir, name), '--out', join(dir, `out-${name}`)];
      const to = ['--get', cid, '--join', addresses[0]!];
      return start(['peer', ...to, ...places, '--uplink', `${CAP}`, '--json']);
    });
    for (const peer of peers)
      await peer.until('neighbour_joined', ({ remote }) => remote === hubPeer.peerId);
    const beganAt = performance.now();
    const [shown] = await Promise.all([
      browse(url, join(dir, 'profile')),
      curl(url, join(dir, 'curl')),
      aria2c(url, dir),
      ...peers.map((peer) => peer.until('transfer_completed')),
    ]);
    const seconds = (performance.now() - beganAt) / 1000;
    expect(createHash('sha256').update(shown).digest('hex')).toBe(digest);
    for (const name of ['curl', 'aria2']) await sameBytes(file, join(dir, name));
    for (const name of ['out-a', 'out-b']) await sameBytes(file, join(dir, name, 'f.txt'));
    // The swarm was served too, by the hub's peer.
    const fromHub = peers.flatMap(({ events }) =>
      events.filter((event) => event.event === 'piece_verified' && event.remote === hubPeer.peerId),
    );
    expect(fromHub.length).toBeGreaterThan(0);
    const credit = (CAP * CREDIT_MS) / 1000;
    expect(overCap(counts(hub))).toBeLessThan(credit);
    // By what came to others: two whole copies by HTTP alone.
    expect((2 * text.length - credit) / seconds).toBeLessThan(CAP);
    expect(counts(hub).at(-1)!.sentBytes).toBeGreaterThan(3 * text.length);
  });
});
