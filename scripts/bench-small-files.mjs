// Many small files over one link: `peer --get`, `client get -r` and rsync, in turn.
//
//   node scripts/bench-small-files.mjs [files 2000] [rounds 3] [bytes 270]
//
// Each round fetches the same tree by each of them, and then a tree of one file, which shows the
// share of the start. All is fetched below the temporary directory (TMPDIR): what a disk takes for
// many files is part of it, so name one on a disk. Nothing is removed before the end: ext4 looks at
// each inode that was freed within the last minutes before it makes a file, which takes up to 0.4 ms
// after some thousand. The order changes from round to round. The link is the loopback device; with
// root, `tc qdisc add dev lo root netem delay 10ms` makes it a long one. rsync syncs nothing; both
// others sync all that they fetched.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Running } from './lib/binary.mjs';
import { numbers } from './lib/command-line.mjs';

const FILES_PER_DIRECTORY = 500;
const NAMES = ['peer', 'client', 'rsync'];
const [files, rounds, bytes] = numbers(
  import.meta.filename,
  ['files', 2000],
  ['rounds', 3],
  ['bytes', 270],
);
const dir = mkdtempSync(join(tmpdir(), 'hubswarm-bench-'));
const source = join(dir, 'source');
const trees = [makeTree('many', files), makeTree('one', 1)];

const sharedAt = performance.now();
const sharer = new Running(['peer', '--data', join(dir, 'sharer'), '--share', ...trees]);
const hub = new Running(['server', source, '--port', '0']);
const rsync = await startRsync();
/** Seconds and peak MiB of each, by tree. */
const took = new Map();
try {
  const cids = {};
  for (const name of ['many', 'one']) {
    cids[name] = (await sharer.until('file_shared', (event) => event.name === name)).cid;
  }
  const { addresses } = await sharer.until('listening');
  const sharedSeconds = (performance.now() - sharedAt) / 1000;
  const [hubUrl] = (await hub.until('listening')).addresses;
  await hub.until('catalogue_completed');
  const fetches = {
    peer: (tree, out) =>
      timed([
        ...['peer', '--data', `${out}-data`, '--join', addresses[0], '--get', cids[tree]],
        ...['--out', out, '--linger', '0'],
      ]),
    client: (tree, out) => timed(['client', 'get', '-r', `${hubUrl}files/${tree}/`, out]),
    rsync: timedRsync,
  };
  for (let round = 0; round < rounds; round++) {
    const order = [...NAMES.slice(round % NAMES.length), ...NAMES.slice(0, round % NAMES.length)];
    for (const tree of ['many', 'one']) {
      for (const name of order) {
        const result = await fetches[name](tree, join(dir, `${tree}-${name}-${round}`));
        const key = `${name} ${tree}`;
        took.set(key, [...(took.get(key) ?? []), result]);
      }
    }
  }
  print(sharedSeconds);
} finally {
  for (const child of [sharer.child, hub.child, rsync.child]) {
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  }
  rmSync(dir, { recursive: true, force: true });
}

function print(sharedSeconds) {
  const seconds = (name, tree) => took.get(`${name} ${tree}`).map((each) => each.seconds);
  const rival = median(seconds('rsync', 'many'));
  for (const name of NAMES) {
    const all = seconds(name, 'many');
    const start = median(seconds(name, 'one'));
    const peak = Math.max(...took.get(`${name} many`).map((each) => each.mebibytes));
    const memory = peak > 0 ? `, peak ${peak.toFixed(0)} MiB` : '';
    const each = all.map((value) => value.toFixed(2)).join(' ');
    const ratio = (median(all) / rival).toFixed(2);
    process.stdout.write(
      `${name.padEnd(8)}${each}   median / rsync ${ratio}; one file ${start.toFixed(2)}${memory}\n`,
    );
  }
  const [one, other] = [sharer, hub].map((each) => each.peakMebibytes.toFixed(0));
  process.stdout.write(
    `shared in ${sharedSeconds.toFixed(2)} s; peaks: sharer ${one} MiB, hub ${other} MiB\n`,
  );
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function makeTree(name, count) {
  const tree = join(source, name);
  for (let i = 0; i < count; i++) {
    const at = join(tree, `d${Math.floor(i / FILES_PER_DIRECTORY)}`);
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, `f${i}`), randomBytes(bytes));
  }
  return tree;
}

async function timed(args) {
  const from = performance.now();
  const running = new Running(args);
  let mebibytes = 0;
  running.onEvent = ({ event }) => {
    if (event === 'piece_verified' || event === 'transfer_completed') return;
    try {
      mebibytes = running.peakMebibytes;
    } catch {
      // It has ended.
    }
  };
  const [code] = await once(running.child, 'exit');
  if (code !== 0) throw new Error(`'${args.join(' ')}' ended with ${code}`);
  return { seconds: (performance.now() - from) / 1000, mebibytes };
}

async function timedRsync(tree, out) {
  const from = performance.now();
  const child = spawn('rsync', [
    '-a',
    `rsync://127.0.0.1:${rsync.port}/source/${tree}/`,
    `${out}/`,
  ]);
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`rsync ended with ${code}`);
  return { seconds: (performance.now() - from) / 1000, mebibytes: 0 };
}

async function startRsync() {
  const port = await freePort();
  const config = join(dir, 'rsyncd.conf');
  writeFileSync(
    config,
    `port = ${port}\naddress = 127.0.0.1\nuse chroot = no\n[source]\npath = ${source}\n`,
  );
  // With a socket as its input it would take itself for a child of inetd.
  const child = spawn('rsync', ['--daemon', '--no-detach', `--config=${config}`], {
    stdio: 'ignore',
  });
  for (let tries = 0; tries < 100 && !(await answers(port)); tries++) await delay(50);
  return { child, port };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket.destroy() && true));
    socket.once('error', () => resolve(false));
  });
}
