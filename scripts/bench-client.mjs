// How fast a verified download is: `client get` into a file against `curl -o` (no check) of
// the same URL, in interleaved rounds: from the hub, every piece held against the CID, and
// from nginx (where it is installed), which names the file's SHA-256 in Repr-Digest. The
// client's time is its own account, from the first request to the final name. Beside them
// the speed of plain sha256, which nothing verified can pass on one core.
//   node scripts/bench-client.mjs [MiB=512] [rounds=5]
// Needs dist/ (npm run build) and curl.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BINARY } from './lib/binary.mjs';
import { numbers } from './lib/command-line.mjs';
import { has, ready, startHub, startNginx } from './lib/rivals.mjs';

const MIB = 2 ** 20;
const TARGET = 0.75;
const [mebibytes, rounds] = numbers(import.meta.filename, ['MiB', 512], ['rounds', 5]);

/** Memory rather than a disk, where there is one: the disk is not what is measured. */
const dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'hubswarm-bench-'));
const root = mkdtempSync(join(dir, 'root-'));
const name = 'bench.bin';
const block = Buffer.alloc(MIB);

function seconds(body) {
  const startedAt = performance.now();
  body();
  return (performance.now() - startedAt) / 1000;
}

/** Returns its SHA-256 in base64. */
function makeFile() {
  const hash = createHash('sha256');
  const fd = openSync(join(root, name), 'w');
  for (let i = 0; i < mebibytes; i++) {
    hash.update(randomFillSync(block));
    writeSync(fd, block);
  }
  closeSync(fd);
  return hash.digest('base64');
}

function sha256Speed() {
  const hash = createHash('sha256');
  const took = seconds(() => {
    for (let i = 0; i < mebibytes; i++) hash.update(block);
  });
  return mebibytes / took;
}

function clientGet(url, path) {
  const { stdout } = spawnSync(
    process.execPath,
    [BINARY, 'client', 'get', url, '-o', path, '--force', '--json'],
    { maxBuffer: 64 * MIB, env: { ...process.env, XDG_CACHE_HOME: dir } },
  );
  const lines = stdout.toString().trim().split('\n');
  const events = lines.map((line) => JSON.parse(line));
  const done = events.find(({ event }) => event === 'transfer_completed');
  if (!done) throw new Error(`client get failed: ${stdout.toString().slice(-500)}`);
  const usage = events.findLast(({ event }) => event === 'usage_sampled');
  return { speed: mebibytes / (done.ms / 1000), cpuMs: usage.cpuMs, rssBytes: usage.rssBytes };
}

const curl = (url, path) =>
  mebibytes / seconds(() => execFileSync('curl', ['-sS', '-f', '-o', path, url]));

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

function measure(server) {
  const url = `${server.url}${name}`;
  const out = join(dir, 'got');
  const ratios = [];
  for (let round = 1; round <= rounds; round++) {
    rmSync(out, { force: true });
    const plain = curl(url, out);
    rmSync(out, { force: true });
    const got = clientGet(url, out);
    const ratio = got.speed / plain;
    ratios.push(ratio);
    const figures = {
      'curl -o': plain.toFixed(0),
      'client get': got.speed.toFixed(0),
      sha256: sha256Speed().toFixed(0),
      ratio: ratio.toFixed(2),
      'CPU s/GiB': ((got.cpuMs / mebibytes) * 1.024).toFixed(2),
      'RSS MiB': (got.rssBytes / MIB).toFixed(0),
    };
    const row = Object.entries(figures).map(([what, figure]) => `${what} ${figure}`);
    console.log(`${server.name} ${round}: ${row.join(', ')} (MiB/s)`);
  }
  console.log(`${server.name}: median ratio ${median(ratios).toFixed(2)}, target >= ${TARGET}`);
}

const servers = [];
try {
  const headers = { 'Repr-Digest': `sha-256=:${makeFile()}:` };
  servers.push(await startHub(root, ['--catalogue', 'none']));
  if (has('nginx')) servers.push(await startNginx(dir, root, { headers }));
  for (const server of servers) {
    // The first request waits for the hub to hash the file.
    await ready(server, name);
    measure(server);
  }
} finally {
  for (const server of servers) await server.stop();
  rmSync(dir, { recursive: true, force: true });
}
