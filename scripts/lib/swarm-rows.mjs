// Rows of bench-swarm.mjs that are no race: a late joiner on loopback, and swarms on a virtual clock.
import { execFileSync } from 'node:child_process';
import { BINARY } from './binary.mjs';
import { fileOf } from './scratch.mjs';
import { boundSeconds, runSwarm } from './swarm-run.mjs';

const MIB = 2 ** 20;
const MBIT = 1e6;
const FILE_BYTES = 32 * MIB;
const SEEDS = 8;

/** Rates are held by the programs, which are told them. */
export async function late(print) {
  const caps = (up, down) => ({ up: up * MBIT, down: down * MBIT });
  await joiner(print, caps(20, 100), caps(20, 40), 'its downlink');
  await joiner(print, caps(4, 100), caps(20, 100), 'their uplinks');
}

async function joiner(print, seed, receiver, limit) {
  const origins = Array.from({ length: SEEDS }, () => seed);
  const run = await runSwarm({ file: fileOf(FILE_BYTES), origins, receivers: [receiver] });
  const bound = boundSeconds(FILE_BYTES, origins, [receiver]);
  const note = `${run.seconds.toFixed(2)} s, bound ${bound.toFixed(2)} s`;
  const what = `late joiner, ${SEEDS} seeds, ${limit} the limit: bound / time`;
  print('late', what, bound / run.seconds, { target: 0.9, least: true, note });
}

/** Real sessions; the least of three seeds. */
export function simulated(print) {
  for (const [receivers, degree] of [
    [8, 'all'],
    [16, 'all'],
    [33, 'all'],
    [64, 12],
  ]) {
    const bounds = [1, 2, 3].map((seed) => simulatedBound(receivers, degree, seed));
    const what = `simulated, ${receivers} receivers, ${degree} neighbours: bound / makespan`;
    print('simulated', what, Math.min(...bounds), { target: 0.97, least: true });
  }
}

function simulatedBound(receivers, degree, seed) {
  const args = ['--receivers', receivers, '--degree', degree, '--seed', seed, '--size', '32MiB'];
  const options = [...args, '--uplink', '20Mbit/s', '--downlink', '100Mbit/s', '--json'];
  const output = execFileSync(process.execPath, [BINARY, 'simulate', ...options.map(String)]);
  return JSON.parse(output).efficiency;
}
