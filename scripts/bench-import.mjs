// How fast `hubswarm cid` reads a file, as a ratio to plain sha256 over the same
// file in the same round (a read stream of 1 MiB chunks into one hash), and how much memory it takes at its peak. Rounds are
// interleaved (A B, B A, ...) so that a busy machine hits both alike.
//
//   node scripts/bench-import.mjs [GiB, default 1] [rounds, default 3]
//
// Needs dist/ (npm run build). The generated file is removed at the end.
import { execFile } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { numbers } from './lib/command-line.mjs';

const MIB = 2 ** 20;
const run = promisify(execFile);

/** Random-looking and not sparse: a stream cipher over zeros. */
async function generate(path, bytes) {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16));
  const zeros = Buffer.alloc(4 * MIB);
  const file = await open(path, 'w');
  for (let written = 0; written < bytes; written += zeros.length) {
    await file.write(cipher.update(zeros));
  }
  await file.close();
}

/** Each contender is a process of its own and reports its own peak memory on stderr. */
const REPORT = `process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS));`;
const PRELOAD = ['--import', `data:text/javascript,${encodeURIComponent(REPORT)}`];

const PLAIN = `
  import { createHash } from 'node:crypto';
  import { createReadStream } from 'node:fs';
  const started = performance.now();
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(process.argv[1], { highWaterMark: 1 << 20 })) hash.update(chunk);
  hash.digest();
  console.log(JSON.stringify({ ms: Math.round(performance.now() - started) }));`;

async function measure(args) {
  const { stdout, stderr } = await run(process.execPath, [...PRELOAD, ...args]);
  const peakKib = Number(/peak (\d+)/.exec(stderr)?.[1]);
  return { ms: JSON.parse(stdout).ms, peakMib: Math.round(peakKib / 1024) };
}

const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

const [gib, rounds] = numbers(import.meta.filename, ['GiB', 1, 0.01], ['rounds', 3]);
const dir = await mkdtemp(join(tmpdir(), 'hubswarm-bench-'));
try {
  const path = join(dir, 'file');
  await generate(path, gib * 1024 * MIB);
  const plain = () => measure(['--input-type=module', '-e', PLAIN, path]);
  const cid = () => measure(['dist/cli.js', 'cid', '--json', path]);
  // Both read what the page cache holds, if it holds it: one pass ahead of the rounds.
  await plain();
  const ratios = [];
  const peaks = [];
  for (let round = 0; round < rounds; round++) {
    const first = await (round % 2 ? cid : plain)();
    const second = await (round % 2 ? plain : cid)();
    const [sha256, imported] = round % 2 ? [second, first] : [first, second];
    ratios.push(sha256.ms / imported.ms);
    peaks.push(imported.peakMib);
    console.log(
      `round ${round + 1}: sha256 ${sha256.ms} ms, import ${imported.ms} ms, ratio ${ratios.at(-1).toFixed(2)}, peak ${imported.peakMib} MiB (sha256 ${sha256.peakMib} MiB)`,
    );
  }
  console.log(
    `import of ${gib} GiB: ${median(ratios).toFixed(2)} of the speed of plain sha256, peak RSS ${Math.max(...peaks)} MiB`,
  );
} finally {
  await rm(dir, { recursive: true, force: true });
}
