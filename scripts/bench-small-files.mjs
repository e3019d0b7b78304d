// Many small files over one link: `peer --get`, `client get -r` and rsync, in turn.
//
//   node scripts/bench-small-files.mjs [files 2000] [rounds 3] [bytes 270]
//
// Each round fetches the same tree by each of them into a new directory beside it, below the
// temporary directory (TMPDIR): what a disk takes for many files is part of it, so name one on a
// disk. The link is the loopback device; with root, `tc qdisc add dev lo root netem delay 10ms` makes
// it a long one. rsync syncs nothing; both others sync all that they fetched.
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
const [files, rounds, bytes] = numbers(
  import.meta.filename,
  ['files', 2000],
  ['rounds', 3],
  ['bytes', 270],
);
const dir = mkdtempSync(join(tmpdir(), 'hubswarm-bench-'));
const tree = join(dir, 'tree');
for (let i = 0; i < files; i++) {
  const at = join(tree, `d${Math.floor(i / FILES_PER_DIRECTORY)}`);
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, `f${i}`), randomBytes(bytes));
}

const sharer = new Running(['peer', '--data', join(dir, 'sharer'), '--share', tree]);
const hub = new Running(['server', tree, '--port', '0']);
const rsync = await startRsync();
try {
  const { cid } = await sharer.until('file_shared');
  const { addresses } = await sharer.until('listening');
  const [hubUrl] = (await hub.until('listening')).addresses;
  await hub.until('catalogue_completed');
  const took = { peer: [], client: [], rsync: [] };
  for (let round = 0; round < rounds; round++) {
    const out = (name) => join(dir, `${name}-${round}`);
    const get = ['peer', '--data', out('data'), '--join', addresses[0], '--get', cid];
    took.peer.push(await timed([...get, '--out', out('peer'), '--linger', '0']));
    took.client.push(await timed(['client', 'get', '-r', `${hubUrl}files/`, out('client')]));
    took.rsync.push(await timedRsync(out('rsync')));
    for (const name of ['peer', 'client', 'rsync', 'data']) rmSync(out(name), { recursive: true });
  }
  const median = Object.fromEntries(
    Object.entries(took).map(([name, each]) => [name, each.toSorted((a, b) => a - b)[rounds >> 1]]),
  );
  for (const [name, each] of Object.entries(took)) {
    const all = each.map((seconds) => seconds.toFixed(2)).join(' ');
    const ratio = (median[name] / median.rsync).toFixed(2);
    process.stdout.write(`${name.padEnd(8)}${all}   median / rsync ${ratio}\n`);
  }
} finally {
  for (const child of [sharer.child, hub.child, rsync.child]) {
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  }
  rmSync(dir, { recursive: true, force: true });
}

async function timed(args) {
  const from = performance.now();
  const { child } = new Running(args);
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`'${args.join(' ')}' ended with ${code}`);
  return (performance.now() - from) / 1000;
}

async function timedRsync(out) {
  const from = performance.now();
  const child = spawn('rsync', ['-a', `rsync://127.0.0.1:${rsync.port}/tree/`, `${out}/`]);
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`rsync ended with ${code}`);
  return (performance.now() - from) / 1000;
}

async function startRsync() {
  const port = await freePort();
  const config = join(dir, 'rsyncd.conf');
  writeFileSync(
    config,
    `port = ${port}\naddress = 127.0.0.1\nuse chroot = no\n[tree]\npath = ${tree}\n`,
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
