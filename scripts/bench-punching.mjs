// How soon do two peers meet that nobody can call? Two homes behind routers and a hub as the relay, in
// network namespaces: a new pair of peers for each try, one shares a file, the other fetches it.
//
//   node scripts/bench-punching.mjs [tries, default 10]
//
// Prints for each kind of routers, and each try, the seconds from the first connection over the relay to
// the direct one, as either end saw them, and the bytes that the relay carried of the 8 MiB; then how
// many met within 5 s. Kinds: NATs whose ports outside are the same for all destinations, a NAT with a port
// for each destination at one end (no target), firewalls of IPv6. Needs Linux, root, iproute2, nftables
// and dist/ (npm run build); takes about five minutes. Exit code 1 when a target is missed.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { Running } from './lib/binary.mjs';
import { numbers } from './lib/command-line.mjs';
import { scratchDir } from './lib/scratch.mjs';

const BYTES = 8 * 2 ** 20;
const WITHIN_MS = 5000;
/** Of ten tries. */
const TARGET = 9;
/** A try in which nobody meets. */
const GIVE_UP_MS = 20_000;
/** So slow that the file is not complete before they meet. */
const UPLINK = '2MiB/s';

/** What the tests of peers behind routers run on. */
async function loadNats() {
  const outfile = join(scratchDir(), 'nats.mjs');
  const atTheEnd = resolve(import.meta.dirname, 'lib/at-the-end.mjs');
  await build({
    stdin: {
      contents: `
        export { makeFirewalls, makeNats } from './test/e2e/nats.ts';
        export { undoAll } from 'vitest';`,
      resolveDir: resolve(import.meta.dirname, '..'),
      loader: 'ts',
    },
    alias: { vitest: atTheEnd },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
  return import(pathToFileURL(outfile));
}

const directMs = async (peer) =>
  Promise.race([
    peer.until('path_direct').then(({ ms }) => ms),
    delay(GIVE_UP_MS, Number.POSITIVE_INFINITY),
  ]);

const relayedBytes = ({ events }) =>
  events.reduce((sum, { event, bytes }) => sum + (event === 'circuit_closed' ? bytes : 0), 0);

async function attemptOnce(nats, dir, file) {
  const { hub, hubIp, family, homes } = nats;
  const at = ['--host', hubIp, '--port', '8080'];
  const swarm = ['--swarm', '--swarm-listen', `/${family}/${hubIp}/tcp/4001`];
  const data = ['--swarm-data', join(dir, 'hub')];
  const running = [];
  const run = (args, through) => {
    const each = new Running(args, { through });
    running.push(each);
    return each;
  };
  try {
    const relay = run(['server', join(dir, 'root'), ...at, ...swarm, ...data], hub);
    const { addresses } = await relay.until('listening', ({ role }) => role === 'peer');
    const peer = (home, ...args) =>
      run(
        ['peer', '--data', join(dir, `home${home}`), '--join', addresses[0], ...args],
        homes[home],
      );
    const sharer = peer(0, '--share', file, '--chunk-size', '64KiB', '--uplink', UPLINK);
    const { cid } = await sharer.until('file_shared');
    await sharer.until('relay_reserved');
    const getter = peer(1, '--get', cid, '--out', join(dir, 'out'));
    const times = await Promise.all([directMs(sharer), directMs(getter)]);
    await getter.until('transfer_completed');
    await getter.stop();
    await Promise.race([relay.until('circuit_closed'), delay(GIVE_UP_MS)]);
    return { times, bytes: relayedBytes(relay) };
  } finally {
    for (const each of running.reverse()) await each.stop('SIGKILL').catch(() => undefined);
  }
}

const seconds = (ms) => (Number.isFinite(ms) ? (ms / 1000).toFixed(2) : 'not');

/** @returns whether enough of the tries met soon */
async function measure(name, makeRouters, { tries, isTarget }) {
  const { undoAll } = await library;
  let met = 0;
  for (let n = 1; n <= tries; n++) {
    const dir = await mkdtemp(join(tmpdir(), 'hubswarm-punching-'));
    await mkdir(join(dir, 'root'));
    const file = join(dir, 'content');
    await writeFile(file, randomBytes(BYTES));
    try {
      const { times, bytes } = await attemptOnce(makeRouters(), dir, file);
      if (Math.max(...times) <= WITHIN_MS) met++;
      console.log(
        `${name}, try ${n}: direct after ${times.map(seconds).join(' and ')} s; ${(bytes / 1000).toFixed(1)} KB over the relay`,
      );
    } finally {
      await undoAll();
      await rm(dir, { recursive: true, force: true });
    }
  }
  const least = Math.ceil((TARGET / 10) * tries);
  const target = isTarget ? ` (target: ${least})${met < least ? ' MISSED' : ''}` : '';
  console.log(`${name}: ${met} of ${tries} within ${WITHIN_MS / 1000} s${target}`);
  return !isTarget || met >= least;
}

const library = loadNats();

async function main() {
  const [tries] = numbers(import.meta.filename, ['tries', 10]);
  const { makeFirewalls, makeNats } = await library;
  const met = [];
  for (const [name, make, isTarget] of [
    ['one port for all', () => makeNats(['persistent', 'persistent']), true],
    ['IPv6 firewalls', makeFirewalls, true],
    ['a port for each at one end', () => makeNats(['persistent', 'fully-random']), false],
  ]) {
    met.push(await measure(name, make, { tries, isTarget }));
  }
  return met.every(Boolean) ? 0 : 1;
}

process.exitCode = await main();
