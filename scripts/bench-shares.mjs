// What do thousands of shares cost? A daemon shares them on a LAN of network namespaces, is started
// again, others fetch some of them, and then nobody does anything.
//
//   node scripts/bench-shares.mjs [shares, default 10000] [fetching peers, default 20]
//
// Prints, with the target beside it: how long the daemon takes from the start of its process until it
// serves again what it shared before, its memory, what the DHT costs each neighbour in bytes a second
// (the records that are told every 15 minutes, and what passes while nobody does anything), and the CPU
// of the idle daemon. Beside these: the first hashing, the first verified byte of each fetch, bans. Needs
// Linux, root and iproute2; takes about three minutes. Exit code 1 when a target is missed.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Running } from './lib/binary.mjs';
import { numbers, refuse } from './lib/command-line.mjs';

/** The DHT is told until less than this passes in a look, or for so many looks. */
const LOOK_MS = 10_000;
const STILL_BYTES = 20_000;
const MOST_LOOKS = 30;
const IDLE_MS = 30_000;
/** Records are told again after so long (peer/discovery/provisions.ts). */
const AGAIN_S = 15 * 60;
const TARGETS = { startS: 3, memoryMiB: 150, dhtBytesPerS: 2048, idlePercent: 1, bans: 0 };
/** Mostly small ones, and each hundredth of several pieces. */
const SMALL = 4096;
const LARGE = 200_000;
/** That one peer fetches, one after another. */
const MOST_FILES = 4;

const ip = (command) => execFileSync('ip', command.split(' '), { stdio: 'pipe' });
const PREFIX = `hubswarm-${process.pid}`;

/** Namespaces on one bridge, which lies in a namespace too; host i has 10.77.0.(i + 1). */
class Lan {
  #names = [];

  constructor(hosts) {
    this.#add('lan');
    ip(`-n ${PREFIX}-lan link add br0 type bridge`);
    ip(`-n ${PREFIX}-lan link set br0 up`);
    for (let i = 0; i < hosts; i++) {
      const host = this.#add(i);
      ip(`link add eth0 netns ${host} type veth peer name port${i} netns ${PREFIX}-lan`);
      ip(`-n ${PREFIX}-lan link set port${i} master br0 up`);
      ip(`-n ${host} addr add 10.77.0.${i + 1}/24 dev eth0`);
      ip(`-n ${host} link set eth0 up`);
      ip(`-n ${host} link set lo up`);
    }
  }

  #add(name) {
    const full = `${PREFIX}-${name}`;
    ip(`netns add ${full}`);
    this.#names.push(full);
    return full;
  }

  /** Runs a peer, or a daemon, on a host. */
  run(host, command, ...args) {
    const through = ['ip', 'netns', 'exec', `${PREFIX}-${host}`];
    const listen = ['--listen', `/ip4/10.77.0.${host + 1}/tcp/0`];
    return new Running([command, ...listen, ...args], { through });
  }

  /** Bytes that a host's network has carried so far, in both directions. */
  bytes(host) {
    const text = ip(`-n ${PREFIX}-${host} -s -j link show dev eth0`).toString();
    const [{ stats64 }] = JSON.parse(text);
    return stats64.rx.bytes + stats64.tx.bytes;
  }

  close() {
    for (const name of this.#names.splice(0)) ip(`netns del ${name}`);
  }
}

async function makeFiles(dir, count) {
  await mkdir(dir);
  const paths = Array.from({ length: count }, (_, i) => join(dir, `${i}`));
  for (const [i, path] of paths.entries()) {
    await writeFile(path, randomBytes(i % 100 === 0 ? LARGE : SMALL));
  }
  return paths;
}

const bansOf = ({ events }) => events.filter(({ event }) => event === 'neighbour_banned').length;
const percent = (cpuSeconds) => ((cpuSeconds / IDLE_MS) * 100_000).toFixed(2);

/** Resolves when the peers have told each other what they have to. */
async function settle(lan) {
  for (let look = 0; look < MOST_LOOKS; look++) {
    const before = lan.bytes(0);
    await delay(LOOK_MS);
    if (lan.bytes(0) - before < STILL_BYTES) return;
  }
}

/** Shares all for the first time. @returns their CIDs */
async function shareFirst(lan, dir, data, shares) {
  const paths = await makeFiles(join(dir, 'files'), shares);
  const from = performance.now();
  const sharer = lan.run(0, 'daemon', ...data, ...paths);
  const cids = [];
  await new Promise((resolve) => {
    sharer.onEvent = ({ event, cid }) => {
      if (event === 'file_shared') cids.push(cid);
      if (cids.length === shares) resolve();
    };
  });
  const firstS = ((performance.now() - from) / 1000).toFixed(1);
  console.log(
    `${shares} shares for the first time: ${firstS} s, CPU ${sharer.cpuSeconds.toFixed(1)} s`,
  );
  await sharer.stop();
  return cids;
}

/** The first fetches one file, the second two, further ones up to four; all stay with the last of theirs. */
async function fetchSome(lan, dir, { cids, address, fetchers }) {
  const staying = [];
  let bans = 0;
  for (let host = 1; host <= fetchers; host++) {
    const files = Math.min(host, MOST_FILES);
    for (let n = 1; n <= files; n++) {
      const cid = cids[Math.floor((cids.length * (host + n / files)) / (fetchers + 2))];
      const begun = performance.now();
      const data = ['--data', join(dir, `data-${host}`), '--out', join(dir, `out-${host}`)];
      const stay = n === files ? [] : ['--linger', '0'];
      const fetcher = lan.run(host, 'peer', ...data, '--get', cid, '--join', address, ...stay);
      await fetcher.until('transfer_progressed');
      const firstMs = performance.now() - begun;
      await fetcher.until('transfer_completed');
      console.log(`peer ${host}, file ${n}: first byte after ${firstMs.toFixed(0)} ms`);
      if (n === files) staying.push(fetcher);
      else {
        await fetcher.ended();
        bans += bansOf(fetcher);
      }
    }
  }
  return { staying, bans };
}

function report(name, unit, value, most) {
  const isMet = value <= most;
  console.log(
    `${name}: ${value.toFixed(2)} ${unit} (target: at most ${most})${isMet ? '' : ' MISSED'}`,
  );
  return isMet;
}

async function measure(lan, dir, shares, fetchers) {
  const data = ['--data', join(dir, 'sharer'), '--no-mdns'];
  const cids = await shareFirst(lan, dir, data, shares);
  const from = performance.now();
  const sharer = lan.run(0, 'daemon', ...data);
  await sharer.until('daemon_started');
  const startS = (performance.now() - from) / 1000;
  const { addresses } = await sharer.until('listening');
  const before = lan.bytes(0);
  const { staying, bans } = await fetchSome(lan, dir, { cids, address: addresses[0], fetchers });
  await settle(lan);
  const told = (lan.bytes(0) - before) / fetchers;
  const running = [sharer, ...staying];
  const cpu = running.map(({ cpuSeconds }) => cpuSeconds);
  const quiet = lan.bytes(0);
  await delay(IDLE_MS);
  const idle = running.map(({ cpuSeconds }, i) => percent(cpuSeconds - cpu[i]));
  const idleBytes = ((lan.bytes(0) - quiet) / IDLE_MS) * 1000;
  console.log(
    `each neighbour: ${(told / 1024).toFixed(0)} KiB with its first files, ${(idleBytes / fetchers).toFixed(0)} B/s while idle; idle fetchers ${idle.slice(1).join(', ')} % of a core`,
  );
  const banned = running.reduce((sum, peer) => sum + bansOf(peer), bans);
  const met = [
    report('start after a restart', 's', startS, TARGETS.startS),
    report('memory, the most it had', 'MiB', sharer.peakMebibytes, TARGETS.memoryMiB),
    report('memory when idle', 'MiB', sharer.mebibytes, TARGETS.memoryMiB),
    report(
      'DHT for each neighbour',
      'B/s',
      told / AGAIN_S + idleBytes / fetchers,
      TARGETS.dhtBytesPerS,
    ),
    report('CPU when idle', '% of a core', Number(idle[0]), TARGETS.idlePercent),
    report('bans', '', banned, TARGETS.bans),
  ];
  for (const peer of running.reverse()) await peer.stop();
  return met.every(Boolean);
}

async function main() {
  const script = import.meta.filename;
  const [shares, fetchers] = numbers(script, ['shares', 10_000], ['fetching peers', 20]);
  if (fetchers >= 200) refuse(script, `${fetchers} fetching peers are more than 199`);
  const dir = await mkdtemp(join(tmpdir(), 'hubswarm-shares-'));
  const lan = new Lan(fetchers + 1);
  try {
    return (await measure(lan, dir, shares, fetchers)) ? 0 : 1;
  } finally {
    lan.close();
    await rm(dir, { recursive: true, force: true });
  }
}

process.exitCode = await main();
