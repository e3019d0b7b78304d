// One swarm of real processes, on loopback or on hosts of the kernel's, from nothing to everybody's
// last byte.
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BINARY, Running } from './binary.mjs';

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
 *   hub?: boolean, the one origin is a hub that is a peer, which the receivers join by its URL
 *   hosts?: object[], of kernel-hosts.mjs, first the origins': each process on its own. The lines
 *     hold the caps then, and nobody is told of them
 *   scratch?: string, where the receivers write; the system's place for temporary files
 * }} scenario
 * @returns seconds are from the receivers' start (of their processes) to the last one's
 * verified file; copies are the first origin's, by HTTP (answers that ended) among them;
 * `lost` is how many did not complete
 */
export async function runSwarm(scenario) {
  const dir = await mkdtemp(join(scenario.scratch ?? tmpdir(), 'hubswarm-swarm-'));
  const running = [];
  const { hosts } = scenario;
  const start = (args, caps) => {
    const host = hosts?.[running.length];
    const through = host ? ['ip', 'netns', 'exec', host.namespace] : [];
    const told = host ? [] : flags(caps);
    const started = new Running([...args, ...told], { ...scenario, through });
    running.push(started);
    return started;
  };
  try {
    const { origins, shared, contact } = await (scenario.hub ? startHub : startOrigins)(
      scenario,
      dir,
      start,
    );
    const cpuBefore = origins[0].cpuSeconds;
    const killed = scenario.killOnceCopied ? new FirstCopy(shared.pieces) : undefined;
    const startedAt = Date.now();
    const receivers = scenario.receivers.map((caps, i) => {
      const to = ['--join', contact, '--get', shared.cid, '--out', join(dir, `out${i}`)];
      const receiver = start(['peer', '--data', join(dir, `r${i}`), ...to], caps);
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
      httpCopies: httpBytes(origins[0]) / size,
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

const httpBytes = ({ events }) =>
  events.reduce((sum, { event, bytes }) => sum + (event === 'request_completed' ? bytes : 0), 0);

async function startHub({ file, origins, hosts }, dir, start) {
  const root = join(dir, 'root');
  await mkdir(root);
  await copyFile(file, join(root, 'file'));
  const { address } = hosts?.[0] ?? { address: '127.0.0.1' };
  const place = ['--root', root, '--catalogue', 'none', '--swarm-data', join(dir, 'o0')];
  const hub = start(['server', '--swarm', ...place, '--host', address, '--port', '0'], origins[0]);
  const { addresses } = await hub.until('listening', ({ role }) => role === 'server');
  await hub.until('catalogue_completed');
  const shared = JSON.parse(execFileSync(process.execPath, [BINARY, 'cid', file, '--json']));
  return { origins: [hub], shared, contact: addresses[0] };
}

async function startOrigins({ file, origins, share = [], hosts }, dir, start) {
  let contact;
  let shared;
  const running = [];
  for (const [i, caps] of origins.entries()) {
    const join_ = contact ? ['--join', contact] : [];
    const listen = hosts ? ['--listen', `/ip4/${hosts[i].address}/tcp/0`] : [];
    const args = ['--share', file, ...share, ...listen, ...join_];
    const origin = start(['peer', '--data', join(dir, `o${i}`), ...args], caps);
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
