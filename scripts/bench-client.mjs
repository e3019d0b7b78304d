// How fast a verified download is: `client get` (hashing every piece, writing) from
// the hub, against `curl -o` (no check) of the same URL, in interleaved rounds, with
// the speed of plain sha256 beside them. Needs dist/ (npm run build) and curl.
//   node scripts/bench-client.mjs [MiB=512] [rounds=5]
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BINARY, Running } from './binary.mjs';

const MIB = 2 ** 20;
const mebibytes = Number(process.argv[2] ?? 512);
const rounds = Number(process.argv[3] ?? 5);

/** Memory rather than a disk, where there is one: the disk is not what is measured. */
const dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'hubswarm-bench-'));
const block = Buffer.alloc(MIB);

function seconds(body) {
  const startedAt = performance.now();
  body();
  return (performance.now() - startedAt) / 1000;
}

function makeFile(path) {
  const fd = openSync(path, 'w');
  for (let i = 0; i < mebibytes; i++) writeSync(fd, randomFillSync(block));
  closeSync(fd);
}

function sha256Speed() {
  const hash = createHash('sha256');
  return (
    mebibytes /
    seconds(() => {
      for (let i = 0; i < mebibytes; i++) hash.update(block);
    })
  );
}

async function startHub(root) {
  const hub = new Running(['server', '--root', root, '--port', '0']);
  const { addresses } = await hub.until('listening');
  return { hub, url: new URL('/files/bench.bin', addresses[0]).href };
}

/** By its own account: from the first request to the final name. */
function clientGet(url, path) {
  const { stdout } = spawnSync(
    process.execPath,
    [BINARY, 'client', 'get', url, '-o', path, '--json'],
    { maxBuffer: 64 * MIB },
  );
  const events = stdout
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const done = events.find(({ event }) => event === 'transfer_completed');
  if (!done) throw new Error(`client get failed: ${stdout.toString().slice(-500)}`);
  const usage = events.findLast(({ event }) => event === 'usage_sampled');
  return { speed: mebibytes / (done.ms / 1000), cpuMs: usage.cpuMs, rssBytes: usage.rssBytes };
}

const curl = (url, path) =>
  mebibytes / seconds(() => execFileSync('curl', ['-sS', '-f', '-o', path, url]));

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

let hub;
try {
  makeFile(join(dir, 'bench.bin'));
  const started = await startHub(dir);
  hub = started.hub;
  const out = join(dir, '.got');
  // The first request waits for the hub to hash the file.
  curl(started.url, out);
  const ratios = [];
  console.log('round  curl -o  client get   sha256  (MiB/s)  ratio  CPU s/GiB  RSS MiB');
  for (let round = 1; round <= rounds; round++) {
    rmSync(out, { force: true });
    const plain = curl(started.url, out);
    rmSync(out, { force: true });
    const got = clientGet(started.url, out);
    const ratio = got.speed / plain;
    ratios.push(ratio);
    console.log(
      [
        String(round).padStart(5),
        plain.toFixed(0).padStart(8),
        got.speed.toFixed(0).padStart(11),
        sha256Speed().toFixed(0).padStart(8),
        ratio.toFixed(2).padStart(15),
        ((got.cpuMs / mebibytes) * 1.024).toFixed(2).padStart(10),
        (got.rssBytes / MIB).toFixed(0).padStart(8),
      ].join(' '),
    );
  }
  console.log(`median ratio ${median(ratios).toFixed(2)}`);
} finally {
  await hub?.stop();
  rmSync(dir, { recursive: true, force: true });
}
