// Rows of bench-swarm.mjs that count: what a pair, and a swarm on links of the kernel, send and read
// for each piece that a receiver stores. CPU time is of another run, which counts nothing.
import { compareArms, SWARM } from './lab-row.mjs';
import { fileOf, SCRATCH } from './scratch.mjs';
import { runSwarm } from './swarm-run.mjs';
import { countWire } from './wire-counts.mjs';

const NO_CAPS = { up: Number.POSITIVE_INFINITY, down: Number.POSITIVE_INFINITY };
const PIECE_KIB = 256;

export async function pairMessages(bytes) {
  const ends = { origins: [NO_CAPS], receivers: [NO_CAPS] };
  const share = ['--chunk-size', `${PIECE_KIB}KiB`];
  const run = (env) => runSwarm({ file: fileOf(bytes), ...ends, share, scratch: SCRATCH, env });
  const { counts } = await countWire(run);
  const { originCpuSeconds, receiverCpuSeconds } = await run();
  printCounts(counts, bytes, originCpuSeconds, receiverCpuSeconds);
}

/** @param setting of the lab, with its fileBytes */
export async function swarmMessages(setting, link) {
  const row = { setting: { ...setting, pieceLength: PIECE_KIB * 1024 }, arms: [SWARM], link };
  const run = async (env) => (await compareArms({ ...row, rivals: [], runs: 1, env })).arms[0];
  const { counts } = await countWire(run);
  const { cpuSeconds, receiverCpuSeconds } = await run();
  const originCpuSeconds = cpuSeconds - setting.receivers * receiverCpuSeconds;
  printCounts(counts, setting.fileBytes, originCpuSeconds, receiverCpuSeconds);
}

function printCounts(counts, bytes, originCpuSeconds, receiverCpuSeconds) {
  const pieces = Math.ceil(bytes / (PIECE_KIB * 1024));
  // A lab's warm-up is a swarm as well, of another file with fewer pieces.
  const requestsOf = ({ exchange }) => exchange.request ?? 0;
  const receivers = counts.filter((each) => requestsOf(each) >= pieces);
  const [origin] = counts
    .filter((each) => requestsOf(each) === 0)
    .sort((a, b) => b.bytes - a.bytes);
  const ends = [[origin], receivers];
  const line = (what, figures) =>
    console.log(`  ${what.padEnd(36)} ${figures.map((each) => each.padStart(9)).join(' ')}`);
  const mean = (of, value) =>
    (of.reduce((sum, each) => sum + value(each), 0) / of.length / pieces).toFixed(2);
  const each = (what, value) =>
    line(
      what,
      ends.map((of) => mean(of, value)),
    );
  const kinds = (field) => [...new Set(counts.flatMap((all) => Object.keys(all[field])))].sort();
  line(`for each of ${pieces} pieces, sent`, ['origin', 'receiver']);
  for (const kind of kinds('exchange')) each(`exchange: ${kind}`, (all) => all.exchange[kind] ?? 0);
  for (const kind of kinds('frames')) each(`yamux: ${kind}`, (all) => all.frames[kind] ?? 0);
  for (const name of kinds('streams')) each(`data of ${name}`, (all) => all.streams[name] ?? 0);
  for (const what of ['messages', 'writes', 'reads']) {
    each(what === 'messages' ? 'Noise messages' : `socket ${what}`, (all) => all[what]);
  }
  const ms = (seconds) => ((seconds * 1000) / pieces).toFixed(2);
  line('CPU, ms, with its start', [ms(originCpuSeconds), ms(receiverCpuSeconds)]);
}
