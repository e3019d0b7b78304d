// One swarm of real processes on loopback, from nothing to everybody's last byte.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Running } from './binary.mjs';

/** Longest run, as a multiple of the bound. */
const PATIENCE = 4;

/**
 * @typedef {{up: number, down: number}} Caps Bits per second; Infinity for none.
 * @param {{
 *   file: string,
 *   origins: Caps[], all with the whole file; the receivers know the first
 *   receivers: Caps[],
 *   share?: string[], further options of the origins
 *   killOnceCopied?: boolean, the first origin, as soon as each piece is with a receiver
 *   scratch?: string, where the receivers write; the system's place for temporary files
 * }} scenario
 * @returns seconds are from the receivers' start (of their processes) to the last one's
 * verified file; copies are the first origin's; `lost` is how many did not complete
 */
export async function runSwarm(scenario) {
  const dir = await mkdtemp(join(scenario.scratch ?? tmpdir(), 'hubswarm-swarm-'));
  const running = [];
  const start = (name, caps, args) => {
    const peer = new Running(
      ['peer', '--data', join(dir, name), ...flags(caps), ...args],
      scenario,
    );
    running.push(peer);
    return peer;
  };
  try {
    const { origins, shared, contact } = await startOrigins(scenario, start);
    const cpuBefore = origins[0].cpuSeconds;
    const killed = scenario.killOnceCopied ? new FirstCopy(shared.pieces) : undefined;
    const startedAt = Date.now();
    const receivers = scenario.receivers.map((caps, i) => {
      const to = ['--join', contact, '--get', shared.cid, '--out', join(dir, `out${i}`)];
      const receiver = start(`r${i}`, caps, to);
      receiver.onEvent = (event) => killed?.note(event) && origins[0].child.kill('SIGKILL');
      return receiver;
    });
    const times = await Promise.all(receivers.map((r) => completion(r, startedAt, scenario)));
    const { size } = await stat(scenario.file);
    // Counters are told within 50 ms: the last are on their way.
    const doneAt = Date.now();
    if (!killed) await origins[0].until('usage_sampled', ({ t }) => t > doneAt);
    const received = receivers.reduce((sum, r) => sum + r.last('link_counted').receivedBytes, 0);
    return {
      seconds: Math.max(...times),
      lost: times.filter((time) => !Number.isFinite(time)).length,
      copies: (origins[0].last('link_counted')?.sentBytes ?? 0) / size,
      transferSeconds: Math.max(...receivers.map((r) => r.last('transfer_completed')?.ms / 1000)),
      duplicates: received / (size * receivers.length) - 1,
      cpuSeconds:
        running.reduce((sum, peer) => sum + (peer.last('usage_sampled')?.cpuMs ?? 0), 0) / 1000,
      originCpuSeconds: killed ? undefined : origins[0].cpuSeconds - cpuBefore,
      receiverCpuSeconds: receivers[0].cpuSeconds,
      receiverMebibytes: receivers[0].peakMebibytes,
      originMebibytes: killed ? undefined : origins[0].peakMebibytes,
    };
  } finally {
    await Promise.all(running.map((peer) => peer.stop()));
    await rm(dir, { recursive: true, force: true });
  }
}

/** Time in which all bytes can be where they must, whatever the protocol. */
export function boundSeconds(bytes, origins, receivers) {
  const sum = (caps) => caps.reduce((total, { up }) => total + up, 0);
  const up = sum(origins);
  const down = Math.min(...receivers.map((caps) => caps.down));
  const bits = 8 * bytes;
  return Math.max(bits / up, bits / down, (receivers.length * bits) / (up + sum(receivers)));
}

async function startOrigins({ file, origins, share = [] }, start) {
  let contact;
  let shared;
  const running = [];
  for (const [i, caps] of origins.entries()) {
    const join_ = contact ? ['--join', contact] : [];
    const origin = start(`o${i}`, caps, ['--share', file, ...share, ...join_]);
    const { addresses } = await origin.until('listening');
    shared = await origin.until('file_shared');
    contact ??= addresses[0];
    running.push(origin);
  }
  return { origins: running, shared, contact };
}

async function completion(receiver, startedAt, { file, origins, receivers }) {
  const { size } = await stat(file);
  const limit = PATIENCE * boundSeconds(size, origins, receivers) * 1000 + 10_000;
  const timer = AbortSignal.timeout(
    Number.isFinite(limit) ? Math.ceil(Math.max(limit, 60_000)) : 600_000,
  );
  const done = await Promise.race([
    receiver.until('transfer_completed'),
    new Promise((resolve) => timer.addEventListener('abort', () => resolve(undefined))),
  ]);
  return done ? (done.t - startedAt) / 1000 : Number.POSITIVE_INFINITY;
}

function flags({ up, down }) {
  const flag = (name, rate) => (Number.isFinite(rate) ? [name, `${rate / 1e6}Mbit/s`] : []);
  return [...flag('--uplink', up), ...flag('--downlink', down)];
}

/** Sees when each piece has been verified by some receiver. */
class FirstCopy {
  #missing;
  #seen = new Set();

  constructor(pieces) {
    this.#missing = pieces;
  }

  /** Whether this event completes the copy. */
  note({ event, piece }) {
    if (event !== 'piece_verified' || this.#seen.has(piece)) return false;
    this.#seen.add(piece);
    return --this.#missing === 0;
  }
}
