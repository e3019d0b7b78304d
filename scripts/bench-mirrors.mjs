// What a second mirror is worth: `client get` from two hubs that are each capped at
// 20 MB/s, against one of them, in interleaved rounds; and from three, one of which is
// killed half-way. Needs dist/ (npm run build).
//   node scripts/bench-mirrors.mjs [MB=60] [rounds=3]
import { createHash, randomFillSync } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Running } from './lib/binary.mjs';
import { numbers } from './lib/command-line.mjs';

const UPLINK = '20MB/s';
const TARGET = 1.9;
const [megabytes, rounds] = numbers(import.meta.filename, ['MB', 60], ['rounds', 3]);

const dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'hubswarm-bench-'));
const content = randomFillSync(Buffer.alloc(megabytes * 1e6));
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const wanted = sha256(content);
const running = new Set();

async function startHub(root) {
  const hub = new Running(['server', '--root', root, '--port', '0', '--uplink', UPLINK]);
  running.add(hub);
  const { addresses } = await hub.until('listening');
  const url = new URL('/files/bench.bin', addresses[0]).href;
  // Hashes the file, which a first reader would otherwise wait for.
  await fetch(url, { method: 'HEAD' });
  return { hub, url };
}

/** @returns MB/s by its own account, and which bytes came from where. */
async function get(urls, onEvent = () => {}) {
  const out = join(dir, '.got');
  rmSync(out, { force: true });
  const client = new Running(['client', 'get', ...urls, '-o', out]);
  running.add(client);
  client.onEvent = onEvent;
  const code = await client.ended();
  running.delete(client);
  if (code !== 0) throw new Error(`client get ended with ${code}`);
  if (sha256(readFileSync(out)) !== wanted) throw new Error('the bytes are wrong');
  const { ms } = client.last('transfer_completed');
  return (megabytes * 1000) / ms;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

try {
  writeFileSync(join(dir, 'bench.bin'), content);
  const hubs = [];
  for (let i = 0; i < 3; i++) hubs.push(await startHub(dir));
  const [a, b, c] = hubs.map(({ url }) => url);
  const ratios = [];
  console.log('round  one mirror  two mirrors  (MB/s)  ratio');
  for (let round = 1; round <= rounds; round++) {
    const one = await get([a]);
    const two = await get([a, b]);
    ratios.push(two / one);
    console.log(
      [
        String(round).padStart(5),
        one.toFixed(1).padStart(11),
        two.toFixed(1).padStart(12),
        (two / one).toFixed(2).padStart(14),
      ].join(' '),
    );
  }
  const ratio = median(ratios);
  console.log(
    `two mirrors of ${UPLINK} against one: ${ratio.toFixed(2)} times as fast; ` +
      `target ${TARGET}: ${ratio >= TARGET ? 'met' : 'MISSED'}`,
  );
  // 60 MB/s for the first half, 40 MB/s for the second: 25 s for each 1000 MB at best.
  let came = 0;
  const killed = await get([a, b, c], ({ event, bytes }) => {
    if (event !== 'piece_verified') return;
    came += bytes;
    if (came > content.length / 2) hubs[2].hub.child.kill('SIGKILL');
  });
  const bestSeconds = megabytes / 2 / 60 + megabytes / 2 / 40;
  const lost = megabytes / killed - bestSeconds;
  console.log(
    `three, one killed half-way: ${killed.toFixed(1)} MB/s, ${lost.toFixed(2)} s over the best; ` +
      `target 1 s: ${lost < 1 ? 'met' : 'MISSED'}`,
  );
} finally {
  for (const process of running) await process.stop('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
}
