// How near the swarm comes to what its links allow, and what a byte costs: the table
// of targets, from real runs on this machine, each figure beside its target.
//   node scripts/bench-swarm.mjs [row ...]      rows as in the first column; all: 6 min
// Linux only (/proc). Everything on loopback; needs dist/ (npm run build).
import { execFileSync } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { createServer, get } from 'node:http';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { BINARY, Running } from './lib/binary.mjs';
import { commandLine, refuse } from './lib/command-line.mjs';
import { boundSeconds, runSwarm } from './lib/swarm-run.mjs';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const MBIT = 1e6;
const FILE_BYTES = 32 * MIB;
const LINK = { up: 20 * MBIT, down: 100 * MBIT };
const NO_CAPS = { up: Number.POSITIVE_INFINITY, down: Number.POSITIVE_INFINITY };

/** Memory, where there is some as files: a disk that writes back is not what is measured. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const dir = isMainThread ? mkdtempSync(join(SCRATCH, 'hubswarm-bench-')) : undefined;
const files = new Map();

/** Random bytes: nothing on the way can make them fewer. */
function fileOf(bytes, place = dir) {
  const known = files.get(bytes);
  if (known) return known;
  const path = join(place, `${bytes / MIB}MiB`);
  const block = Buffer.alloc(MIB);
  const fd = openSync(path, 'w');
  for (let i = 0; i < bytes / MIB; i++) writeSync(fd, randomFillSync(block));
  closeSync(fd);
  files.set(bytes, path);
  return path;
}

const times = (count, caps) => Array.from({ length: count }, () => caps);
const at = (mbit) => ({ up: mbit * MBIT, down: 100 * MBIT });

/** Prints a figure; `least` says that more is better. */
function print(row, what, figure, { target, least = false, note = '' }) {
  const ok = least ? figure >= target : figure <= target;
  const goal = `${least ? '>=' : '<='} ${target}`;
  const cells = [row.padEnd(10), what.padEnd(58), figure.toFixed(3).padStart(8), goal.padEnd(9)];
  console.log(`${cells.join('  ')}${ok ? '  ' : ' !'} ${note}`);
}

const loadNote = () => `load ${loadavg()[0].toFixed(1)} on ${availableParallelism()} cores`;

async function efficiency(row, what, origin, receivers, target, bytes = FILE_BYTES) {
  const run = await runSwarm({ file: fileOf(bytes), origins: [origin], receivers });
  const bound = boundSeconds(bytes, [origin], receivers);
  const note = `${run.seconds.toFixed(1)} s, bound ${bound.toFixed(1)} s; ${run.cpuSeconds.toFixed(0)} CPU-s; ${loadNote()}`;
  print(row, what, run.lost ? 0 : bound / run.seconds, { target, least: true, note });
  return run;
}

async function equal(row, receivers) {
  const what = `equal uplinks, ${receivers} receivers: bound / makespan`;
  const run = await efficiency(row, what, LINK, times(receivers, LINK), 0.93);
  print(row, '  copies that the origin sent', run.copies, { target: 1.05 });
  print(row, '  duplicate payload / payload', run.duplicates, { target: 0.01 });
}

async function kill(row, receivers) {
  const run = await runSwarm({
    file: fileOf(FILE_BYTES),
    origins: [LINK],
    receivers: times(receivers, LINK),
    killOnceCopied: true,
  });
  const what = `origin killed at the first full copy, ${receivers} receivers`;
  print(row, `${what}: incomplete`, run.lost, { target: 0 });
  print(row, '  copies that it had sent by then', run.copies, { target: 1.03 });
}

async function late(row, seed, joiner, limit) {
  const origins = times(8, seed);
  const run = await runSwarm({ file: fileOf(FILE_BYTES), origins, receivers: [joiner] });
  const bound = boundSeconds(FILE_BYTES, origins, [joiner]);
  const note = `${run.seconds.toFixed(2)} s, bound ${bound.toFixed(2)} s; ${loadNote()}`;
  const what = `late joiner, 8 seeds, ${limit} the limit: bound / time`;
  print(row, what, bound / run.seconds, { target: 0.9, least: true, note });
}

/** One pair without caps: CPU at both ends, from the receiver's start. */
async function pair(row, pieces, receiverTarget, senderTarget) {
  const bytes = 512 * MIB;
  const share = ['--chunk-size', pieces];
  const run = await runSwarm({
    file: fileOf(bytes),
    origins: [NO_CAPS],
    receivers: [NO_CAPS],
    share,
    scratch: SCRATCH,
  });
  const note = `${(bytes / MIB / run.seconds).toFixed(0)} MiB/s; ${loadNote()}`;
  const gib = bytes / GIB;
  const what = (end) => `pair, ${pieces} pieces: ${end}'s CPU-s/GiB`;
  print(row, what('receiver'), run.receiverCpuSeconds / gib, { target: receiverTarget, note });
  print(row, what('sender'), run.originCpuSeconds / gib, { target: senderTarget });
}

/** The same file over node:http into sha256 and a file, a thread for either end. */
async function httpSeconds(path) {
  const server = new Worker(new URL(import.meta.url), { workerData: { path } });
  const port = await new Promise((resolve) => server.once('message', resolve));
  const startedAt = performance.now();
  await new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    get({ port, host: '127.0.0.1' }, (response) => {
      response.on('data', (chunk) => hash.update(chunk));
      pipeline(response, createWriteStream(join(dir, 'http'))).then(resolve, reject);
    });
  });
  const seconds = (performance.now() - startedAt) / 1000;
  await server.terminate();
  return seconds;
}

async function http(row) {
  const bytes = 512 * MIB;
  const file = fileOf(bytes);
  const ratios = [];
  for (let round = 0; round < 3; round++) {
    const plain = await httpSeconds(file);
    const run = await runSwarm({
      file,
      origins: [NO_CAPS],
      receivers: [NO_CAPS],
      scratch: SCRATCH,
    });
    ratios.push(plain / run.transferSeconds);
  }
  const note = `of ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}; ${loadNote()}`;
  const median = ratios.sort((a, b) => a - b)[1];
  print(row, 'pair: throughput / that of node:http with sha256', median, {
    target: 1,
    least: true,
    note,
  });
}

async function memory(row) {
  const idle = new Running(['peer', '--data', join(dir, 'idle')]);
  await idle.until('usage_sampled');
  const before = idle.peakMebibytes;
  await idle.stop();
  const disk = mkdtempSync(join(tmpdir(), 'hubswarm-bench-'));
  const file = fileOf(4 * GIB, disk);
  const run = await runSwarm({ file, origins: [NO_CAPS], receivers: [NO_CAPS] });
  rmSync(disk, { recursive: true });
  const note = `idle peer: ${before.toFixed(0)} MiB; 4 GiB in ${run.seconds.toFixed(0)} s`;
  print(row, 'memory, 4 GiB: receiver above an idle peer, MiB', run.receiverMebibytes - before, {
    target: 150,
    note,
  });
  print(row, 'memory, 4 GiB: sender above an idle peer, MiB', run.originMebibytes - before, {
    target: 150,
  });
}

/** Real sessions on a virtual clock; the least of three seeds. */
function simulated(row, receivers, degree) {
  const bound = (seed) => {
    const args = ['--receivers', receivers, '--degree', degree, '--seed', seed, '--size', '32MiB'];
    const options = [...args, '--uplink', '20Mbit/s', '--downlink', '100Mbit/s', '--json'];
    const output = execFileSync(process.execPath, [BINARY, 'simulate', ...options.map(String)]);
    return JSON.parse(output).efficiency;
  };
  const what = `simulated, ${receivers} receivers, ${degree} neighbours: bound / makespan`;
  print(row, what, Math.min(bound(1), bound(2), bound(3)), { target: 0.97, least: true });
}

const ROWS = {
  simulated: (row) => {
    for (const receivers of [8, 16, 33]) simulated(row, receivers, 'all');
    simulated(row, 64, 12);
  },
  equal8: (row) => equal(row, 8),
  equal16: (row) => equal(row, 16),
  unequal: async (row) => {
    const classes = [...times(3, at(5)), ...times(3, at(20)), ...times(3, at(80))];
    await efficiency(
      row,
      'fast origin (100), 8 slow receivers (5 Mbit/s)',
      at(100),
      times(8, at(5)),
      0.9,
    );
    await efficiency(
      row,
      'classes 1:4:16 (5, 20, 80 Mbit/s, 3 each), origin 20',
      at(20),
      classes,
      0.9,
    );
    await efficiency(
      row,
      'slow origin (10), 8 fast receivers (40 Mbit/s)',
      at(10),
      times(8, at(40)),
      0.9,
      FILE_BYTES / 2,
    );
  },
  kill2: (row) => kill(row, 2),
  kill8: (row) => kill(row, 8),
  kill16: (row) => kill(row, 16),
  late: async (row) => {
    await late(row, LINK, { up: 20 * MBIT, down: 40 * MBIT }, 'its downlink');
    await late(row, { up: 4 * MBIT, down: 100 * MBIT }, LINK, 'their uplinks');
  },
  pair256k: (row) => pair(row, '256KiB', 5, 3.6),
  pair1m: (row) => pair(row, '1MiB', 4.2, 3.2),
  http,
  memory,
};

async function main() {
  const rows = Object.keys(ROWS);
  const { args } = commandLine(import.meta.filename, { most: rows.length });
  const unknown = args.find((name) => !rows.includes(name));
  if (unknown !== undefined) {
    refuse(import.meta.filename, `no row '${unknown}'; there are ${rows.join(', ')}`);
  }
  for (const row of args.length > 0 ? args : rows) await ROWS[row](row);
}

/** The http end that sends; in a thread of its own, since a process has one event loop. */
function serve({ path }) {
  const server = createServer((_, response) => createReadStream(path).pipe(response));
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
}

if (isMainThread) {
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  await main();
} else {
  serve(workerData);
}
