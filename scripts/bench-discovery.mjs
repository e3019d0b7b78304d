// How soon peers of one host find one another: real peers on 127.0.0.1, all told of
// one address only, let go at the same moment; each asks for the file's peers and
// calls some. The file is sent so slowly that nobody completes meanwhile (who is
// complete calls nobody).
//
//   node scripts/bench-discovery.mjs [peers, default 64] [processes, default 2]
//
// Prints, from the moment they are let go, when half of the peers, and when the last,
// had its first neighbour, three and six; and the CPU it took. With a process for each
// peer most of that is code that runs for the first time. Bundles src/ for itself.
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { numbers, refuse } from './lib/command-line.mjs';

/** Everybody has found others by then. Chosen. */
const TARGET_S = 5;
const NEIGHBOURS = [1, 3, 6];
const GIVE_UP_S = 60;
const ROOT = fileURLToPath(new URL('..', import.meta.url));

const LIBRARY = `
  import './src/runtime/with-resolvers.ts';
  export { Peer } from './src/peer/peer.ts';
  export { CID } from 'multiformats/cid';`;

/** So many peers in this process, as its parent tells it to. */
async function beChild(bundle, dir, first, count) {
  const { Peer, CID } = await import(bundle);
  const peers = [];
  for (let i = first; i < first + count; i++) {
    const emit = (event) => {
      if (event.event === 'neighbour_joined') process.send({ peer: i, remote: event.remote });
    };
    const options = { dataDir: join(dir, `data-${i}`), uplinkBytesPerSecond: 2048, emit };
    peers.push(await Peer.start(options));
  }
  const { signal } = new AbortController();
  // All peers of this process end with it.
  setMaxListeners(0, signal);
  process.on('message', async ({ share, get, from }) => {
    if (share) {
      const { cid } = await peers[0].share(share, { signal });
      return process.send({ cid: cid.toString(), address: peers[0].addresses[0] });
    }
    const cpu = process.cpuUsage();
    setInterval(() => process.send({ cpu: process.cpuUsage(cpu) }), 200);
    const wanting = first === 0 ? peers.slice(1) : peers;
    for (const peer of wanting) {
      const out = join(dir, `out-${peer.peerId}`);
      const fetch = { out, force: false, timeoutMs: Number.POSITIVE_INFINITY, signal };
      peer.join([from], signal).then(
        () => peer.get(CID.parse(get), fetch),
        (error) => process.send({ failed: error.message }),
      );
    }
  });
  process.send({ ready: true });
}

class Child {
  cpuS = 0;

  constructor(args, handle) {
    this.process = fork(fileURLToPath(import.meta.url), ['child', ...args.map(String)]);
    this.process.on('message', (message) => {
      if (message.cpu) this.cpuS = (message.cpu.user + message.cpu.system) / 1e6;
      else handle(message);
      this.waiting?.(message);
    });
  }

  /** The next message with this field. */
  next(field) {
    return new Promise((resolve, reject) => {
      this.waiting = (message) => field in message && resolve(message);
      this.process.once('exit', (code) => reject(new Error(`a process ended with ${code}`)));
    });
  }

  async end() {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    await ended;
  }
}

async function measure(dir, peers, processes) {
  const bundle = join(dir, 'library.mjs');
  await build({
    stdin: { contents: LIBRARY, resolveDir: ROOT },
    outfile: bundle,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  /** Of each peer, when it had its first neighbour, its second ... */
  const times = Array.from({ length: peers }, () => []);
  const met = new Set();
  const failures = [];
  let startedAt = 0;
  const handle = ({ peer, remote, failed }) => {
    if (failed) failures.push(failed);
    if (remote === undefined || met.has(`${peer} ${remote}`)) return;
    met.add(`${peer} ${remote}`);
    times[peer].push((performance.now() - startedAt) / 1000);
  };
  const children = [];
  try {
    for (let i = 0; i < processes; i++) {
      const [first, end] = [i, i + 1].map((n) => Math.round((n * peers) / processes));
      const child = new Child([bundle, dir, first, end - first], handle);
      children.push(child);
      await child.next('ready');
    }
    const file = join(dir, 'content');
    await writeFile(file, randomBytes(2 ** 20));
    const shared = children[0].next('cid');
    children[0].process.send({ share: file });
    const { cid, address } = await shared;
    startedAt = performance.now();
    for (const child of children) child.process.send({ get: cid, from: address });
    const most = Math.min(NEIGHBOURS.at(-1), peers - 1);
    const isDone = () => times.slice(1).every((one) => one.length >= most);
    while (!isDone() && performance.now() - startedAt < GIVE_UP_S * 1000) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const cpuS = children.reduce((sum, child) => sum + child.cpuS, 0);
    return { times: times.slice(1), cpuS, failures };
  } finally {
    await Promise.all(children.map((child) => child.end()));
  }
}

const text = (seconds) =>
  Number.isFinite(seconds) ? `${seconds.toFixed(2)} s` : `over ${GIVE_UP_S} s`;

function report(peers, { times, cpuS, failures }) {
  for (const count of NEIGHBOURS.filter((n) => n < peers)) {
    const sorted = times.map((t) => t[count - 1] ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
    const [half, last] = [sorted[sorted.length >> 1], sorted.at(-1)];
    const verdict = last <= TARGET_S ? 'met' : 'missed';
    console.log(
      `${count} neighbours: half by ${text(half)}, the last by ${text(last)}: ${verdict}`,
    );
  }
  console.log(`CPU since they were let go: ${cpuS.toFixed(1)} s`);
  if (failures.length > 0) console.log(`${failures.length} could not join: ${failures[0]}`);
}

async function main() {
  const script = import.meta.filename;
  const [peers, processes] = numbers(script, ['peers', 64, 2], ['processes', 2]);
  if (processes > peers) refuse(script, `${processes} processes are more than the peers`);
  const dir = await mkdtemp(join(tmpdir(), 'hubswarm-bench-'));
  try {
    console.log(
      `${peers} peers, ${processes} processes, ${cpus().length} cores, target ${TARGET_S} s`,
    );
    report(peers, await measure(dir, peers, processes));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

if (process.argv[2] === 'child') {
  await beChild(process.argv[3], process.argv[4], Number(process.argv[5]), Number(process.argv[6]));
} else {
  await main();
}
