// Rows of bench-swarm.mjs about single processes: a pair without caps beside node:http and a bare
// loop, what a peer costs to start, and memory.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { bareLoopMs } from './bare-loop.mjs';
import { Running } from './binary.mjs';
import { cpuSecondsOf, emptyNodeSeconds } from './cpu-time.mjs';
import { httpSeconds } from './http-pair.mjs';
import { median } from './lab-row.mjs';
import { fileOf, SCRATCH, scratchDir } from './scratch.mjs';
import { runSwarm } from './swarm-run.mjs';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const PAIR_BYTES = 512 * MIB;
const NO_CAPS = { up: Number.POSITIVE_INFINITY, down: Number.POSITIVE_INFINITY };

const loadNote = () => `load ${loadavg()[0].toFixed(1)} on ${availableParallelism()} cores`;
const texts = (values) => values.map((value) => value.toFixed(2)).join(', ');

/** 1 MiB pieces; http, the bare loop and the swarm in turn, each round a ratio. */
export async function pair(print, rounds) {
  const file = fileOf(PAIR_BYTES);
  const speeds = [];
  const costs = [];
  const each = { receiver: [], sender: [], bare: [] };
  for (let round = 0; round < rounds; round++) {
    const http = await httpSeconds(file, join(scratchDir(), 'http'));
    const bareMs = await bareLoopMs(file, join(scratchDir(), 'bare'));
    const run = await runPair(file, ['--chunk-size', '1MiB']);
    speeds.push(http / run.transferSeconds);
    costs.push(((run.receiverCpuSeconds + run.originCpuSeconds) * 1000) / bareMs);
    each.receiver.push(run.receiverCpuSeconds / (PAIR_BYTES / GIB));
    each.sender.push(run.originCpuSeconds / (PAIR_BYTES / GIB));
    each.bare.push(bareMs / 1000 / (PAIR_BYTES / GIB));
  }
  const note = (values) => `of ${texts(values)}; ${loadNote()}`;
  print('pair', 'throughput / that of node:http with sha256', median(speeds), {
    ...{ target: 1, least: true, note: note(speeds) },
  });
  print('pair', 'CPU of both ends / that of the bare loop', median(costs), {
    ...{ target: 1.6, note: note(costs) },
  });
  print('pair', "  receiver's CPU-s/GiB, with its start", median(each.receiver));
  print('pair', "  sender's CPU-s/GiB", median(each.sender));
  print('pair', '  CPU-s/GiB of both ends of the bare loop', median(each.bare));
}

const runPair = (file, share = []) =>
  runSwarm({ file, origins: [NO_CAPS], receivers: [NO_CAPS], share, scratch: SCRATCH });

/** From exec to listening, and to the first verified piece in a swarm that waits for it. */
export async function start(print, rounds) {
  const base = scratchDir();
  const origin = new Running(['peer', '--data', join(base, 'o'), '--share', fileOf(32 * MIB)]);
  const shared = await origin.until('file_shared');
  const { addresses } = await origin.until('listening');
  const empty = [];
  const listening = [];
  const first = [];
  for (let round = 0; round < rounds; round++) {
    empty.push(emptyNodeSeconds());
    const dir = mkdtempSync(join(base, 'start-'));
    const get = ['--join', addresses[0], '--get', shared.cid, '--out', join(dir, 'out')];
    const peer = new Running(['peer', '--data', join(dir, 'data'), ...get]);
    let atListening;
    peer.onEvent = ({ event }) => {
      if (event === 'listening') atListening ??= cpuSecondsOf(peer.child.pid);
    };
    await peer.until('piece_verified');
    first.push(cpuSecondsOf(peer.child.pid));
    listening.push(atListening);
    await peer.until('transfer_completed');
    await peer.stop();
  }
  await origin.stop();
  const node = median(empty);
  const note = `node -e 0: ${node.toFixed(3)} CPU-s; ${loadNote()}`;
  const times = listening.map((seconds, i) => seconds / empty[i]);
  print('start', 'CPU from exec to listening / that of `node -e 0`', median(times), {
    ...{ target: 2, note },
  });
  const target = Number((2 * node + 0.15).toFixed(3));
  print('start', 'CPU-s from exec to the first verified piece', median(first), { target });
}

export async function memory(print) {
  const idle = new Running(['peer', '--data', join(scratchDir(), 'idle')]);
  await idle.until('usage_sampled');
  const before = idle.peakMebibytes;
  await idle.stop();
  const disk = mkdtempSync(join(tmpdir(), 'hubswarm-bench-'));
  const file = fileOf(4 * GIB, disk);
  const run = await runSwarm({ file, origins: [NO_CAPS], receivers: [NO_CAPS] });
  rmSync(disk, { recursive: true });
  const note = `idle peer: ${before.toFixed(0)} MiB; 4 GiB in ${run.seconds.toFixed(0)} s`;
  const above = { receiver: run.receiverMebibytes - before, sender: run.originMebibytes - before };
  for (const end of ['receiver', 'sender']) {
    const what = `memory, 4 GiB: ${end} above an idle peer, MiB`;
    print('memory', what, above[end], { target: 150, note });
  }
}
