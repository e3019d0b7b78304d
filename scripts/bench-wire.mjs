// What a byte costs on its way between two peers, beside another build, node:http with sha256 and a
// bare loop: one pair on loopback without caps, 1 MiB pieces, arms interleaved, figures medians.
//   node scripts/bench-wire.mjs [--old DIST/cli.js] [--rounds 5] [--mib 512]
// Then one run of each build that counts messages, writes and socket reads for each piece.
// Linux only (/proc); needs dist/ (npm run build).
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { bareLoopMs } from './lib/bare-loop.mjs';
import { BINARY } from './lib/binary.mjs';
import { commandLine, numberOf } from './lib/command-line.mjs';
import { httpSeconds } from './lib/http-pair.mjs';
import { median } from './lib/lab-row.mjs';
import { fileOf, SCRATCH, scratchDir } from './lib/scratch.mjs';
import { runSwarm } from './lib/swarm-run.mjs';
import { countWire } from './lib/wire-counts.mjs';

const MIB = 2 ** 20;
const NO_CAPS = { up: Number.POSITIVE_INFINITY, down: Number.POSITIVE_INFINITY };

const { values } = commandLine(import.meta.filename, {
  options: { old: { type: 'string' }, rounds: { type: 'string' }, mib: { type: 'string' } },
});
const number = (name, otherwise) =>
  numberOf(import.meta.filename, `--${name}`, values[name] ?? otherwise, 1);
const rounds = number('rounds', 5);
const mib = number('mib', 512);
const gib = mib / 1024;
const builds = { swarm: BINARY, ...(values.old && { old: values.old }) };
const file = fileOf(mib * MIB);

async function runPair(cli, options = {}) {
  const ends = { origins: [NO_CAPS], receivers: [NO_CAPS] };
  const share = ['--chunk-size', '1MiB'];
  const run = await runSwarm({ file, ...ends, share, scratch: SCRATCH, cli, ...options });
  const sender = run.originCpuSeconds / gib;
  const receiver = run.receiverCpuSeconds / gib;
  return { speed: mib / run.transferSeconds, sender, receiver, both: sender + receiver };
}

const ARMS = {
  ...Object.fromEntries(Object.entries(builds).map(([name, cli]) => [name, () => runPair(cli)])),
  http: async () => ({ speed: mib / (await httpSeconds(file, join(scratchDir(), 'http'))) }),
  bare: async () => ({ both: (await bareLoopMs(file, join(scratchDir(), 'bare'))) / 1000 / gib }),
};

async function measure() {
  const names = Object.keys(ARMS);
  const runs = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(round + i) % names.length];
      runs[name].push(await ARMS[name]());
    }
  }
  return runs;
}

function print(runs) {
  const load = `load ${loadavg()[0].toFixed(1)} on ${availableParallelism()} cores`;
  console.log(`${mib} MiB, ${rounds} rounds; ${load}`);
  console.log(`${''.padEnd(8)}   MiB/s  CPU-s/GiB: sender  receiver    both`);
  for (const [name, all] of Object.entries(runs)) {
    const cell = (field, width) => {
      const figures = all.map((run) => run[field]);
      return (figures[0] === undefined ? '-' : median(figures).toFixed(2)).padStart(width);
    };
    const cells = [cell('speed', 8), cell('sender', 19), cell('receiver', 10), cell('both', 8)];
    console.log(`${name.padEnd(8)}${cells.join('')}`);
  }
  for (const name of Object.keys(builds)) {
    const of = (other, field) =>
      median(runs[name].map((run, i) => run[field] / runs[other][i][field])).toFixed(2);
    const speed = `${of('http', 'speed')} of the speed of node:http`;
    console.log(`${name}: ${speed}, ${of('bare', 'both')} of the CPU of the bare loop`);
  }
}

/** A run whose processes count what passes their sockets. */
async function countPair(name, cli) {
  const { counts } = await countWire((env) => runPair(cli, { env }));
  const [sender, receiver] = counts.sort((a, b) => b.bytes - a.bytes);
  const end = ({ messages, writes, reads }) =>
    `${[messages, writes, reads].map((count) => (count / mib).toFixed(2)).join(' / ')}`;
  const what = 'messages sent / writes / reads for each piece';
  console.log(`${name}: ${what}: sender ${end(sender)}, receiver ${end(receiver)}`);
}

print(await measure());
for (const [name, cli] of Object.entries(builds)) await countPair(name, cli);
