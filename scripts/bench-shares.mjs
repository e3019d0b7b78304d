// What do thousands of shares cost? One peer shares them on a LAN of network namespaces,
// others fetch some of them, and then nobody does anything.
//
//   node scripts/bench-shares.mjs [shares, default 10000] [fetching peers, default 4]
//
// Prints how long the sharer takes until all are shared, its memory, the time to the first
// verified byte of each fetch from the start of its process, bans, and the CPU of the idle
// sharer and fetchers. Needs Linux, root and iproute2; takes about two minutes. Exit code 1
// when somebody was banned or the sharer idles at 1 % of a core or more.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Running } from './lib/binary.mjs';
import { numbers, refuse } from './lib/command-line.mjs';

const SETTLE_MS = 20_000;
const IDLE_MS = 30_000;
const IDLE_TARGET = 1;
/** Mostly small ones, and each hundredth of several pieces. */
const SMALL = 4096;
const LARGE = 200_000;

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

  /** Runs a peer on a host. */
  peer(host, ...args) {
    const through = ['ip', 'netns', 'exec', `${PREFIX}-${host}`];
    const listen = ['--listen', `/ip4/10.77.0.${host + 1}/tcp/0`];
    return new Running(['peer', ...listen, ...args], { through });
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

async function measure(lan, dir, shares, fetchers) {
  const paths = await makeFiles(join(dir, 'files'), shares);
  const from = performance.now();
  const sharer = lan.peer(0, '--data', join(dir, 'sharer'), '--share', ...paths);
  const cids = [];
  const all = new Promise((resolve) => {
    sharer.onEvent = ({ event, cid }) => {
      if (event === 'file_shared') cids.push(cid);
      if (cids.length === shares) resolve();
    };
  });
  const { addresses } = await sharer.until('listening');
  await all;
  const startS = ((performance.now() - from) / 1000).toFixed(1);
  const each = (sharer.mebibytes * 1024) / shares;
  console.log(
    `${shares} shares after ${startS} s, CPU ${sharer.cpuSeconds.toFixed(1)} s, rss ${sharer.mebibytes.toFixed(0)} MiB: at most ${each.toFixed(0)} KiB each`,
  );
  const running = [sharer];
  let bans = 0;
  for (let host = 1; host <= fetchers; host++) {
    // The first fetches one file, the second two; the last of each stays.
    for (let n = 1; n <= host; n++) {
      const cid = cids[Math.floor((shares * (host + n / host)) / (fetchers + 2))];
      const begun = performance.now();
      const data = ['--data', join(dir, `data-${host}`), '--out', join(dir, `out-${host}`)];
      const stay = n === host ? [] : ['--linger', '0'];
      const fetcher = lan.peer(host, ...data, '--get', cid, '--join', addresses[0], ...stay);
      await fetcher.until('transfer_progressed');
      const firstMs = performance.now() - begun;
      await fetcher.until('transfer_completed');
      console.log(`peer ${host}, file ${n}: first byte after ${firstMs.toFixed(0)} ms`);
      if (n === host) running.push(fetcher);
      else {
        await fetcher.ended();
        bans += bansOf(fetcher);
      }
    }
  }
  await delay(SETTLE_MS);
  const before = running.map(({ cpuSeconds }) => cpuSeconds);
  await delay(IDLE_MS);
  const idle = running.map(({ cpuSeconds }, i) => percent(cpuSeconds - before[i]));
  for (const peer of running) bans += bansOf(peer);
  console.log(
    `idle over ${IDLE_MS / 1000} s: sharer ${idle[0]} % of a core, rss ${sharer.mebibytes.toFixed(0)} MiB; fetchers ${idle.slice(1).join(', ')} %`,
  );
  console.log(`bans: ${bans}`);
  for (const peer of running.reverse()) await peer.stop();
  return bans === 0 && idle[0] < IDLE_TARGET;
}

async function main() {
  const script = import.meta.filename;
  const [shares, fetchers] = numbers(script, ['shares', 10_000], ['fetching peers', 4]);
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
