// What a byte costs on its way between two peers, against the least that it can cost: one pair on
// loopback without caps, 1 MiB pieces, each arm in its own processes, arms interleaved.
//   node scripts/bench-wire.mjs [--rounds 5] [--mib 512] [--old DIST/cli.js]
// Arms: `swarm` (dist/), `old` (another build, if named), `bare` (net, length prefix,
// ChaCha20-Poly1305, sha256, file) and `http` (node:http, sha256, file). Linux only (/proc).
import { fork } from 'node:child_process';
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  randomBytes,
  randomFillSync,
} from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { createServer as createHttp, get } from 'node:http';
import { connect, createServer } from 'node:net';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BINARY } from './lib/binary.mjs';
import { commandLine, numberOf } from './lib/command-line.mjs';
import { cpuSecondsOf } from './lib/rivals.mjs';
import { runSwarm } from './lib/swarm-run.mjs';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** As long as a Noise message may be. */
const RECORD_BYTES = 65_519;
const TAG_BYTES = 16;
const CIPHER = 'chacha20-poly1305';
const NO_CAPS = { up: Number.POSITIVE_INFINITY, down: Number.POSITIVE_INFINITY };
/** Memory, where there is some as files: a disk that writes back is not what is measured. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

const ROLES = { bareSender, bareReceiver, httpSender, httpReceiver };

if (process.argv[2] in ROLES) ROLES[process.argv[2]](JSON.parse(process.argv[3]));
else await main();

async function main() {
  const { values } = commandLine(import.meta.filename, {
    options: { rounds: { type: 'string' }, mib: { type: 'string' }, old: { type: 'string' } },
  });
  const number = (name, otherwise) =>
    numberOf(import.meta.filename, `--${name}`, values[name] ?? otherwise, 1);
  const options = { rounds: number('rounds', 5), mib: number('mib', 512), old: values.old };
  const dir = mkdtempSync(join(SCRATCH, 'hubswarm-wire-'));
  try {
    await compare(dir, options);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function compare(dir, { rounds, mib, old }) {
  const file = randomFile(join(dir, 'file'), mib);
  const swarm = (cli) => () => runPair(file, mib, { cli });
  const arms = {
    swarm: swarm(BINARY),
    ...(old && { old: swarm(old) }),
    bare: () => runRoles('bareSender', 'bareReceiver', file, mib),
    http: () => runRoles('httpSender', 'httpReceiver', file, mib),
  };
  const results = Object.fromEntries(Object.keys(arms).map((name) => [name, []]));
  const names = Object.keys(arms);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(round + i) % names.length];
      results[name].push(await arms[name]());
    }
  }
  console.log(
    `${mib} MiB, ${rounds} rounds, medians; load ${loadavg()[0].toFixed(1)} on ${availableParallelism()} cores`,
  );
  console.log('arm       MiB/s  sender  receiver    both  CPU-s/GiB   all MiB/s');
  for (const [name, runs] of Object.entries(results)) {
    const at = (field) => median(runs.map((run) => run[field]));
    const speeds = runs.map(({ speed }) => speed.toFixed(0)).join(' ');
    const cells = [
      at('speed').toFixed(0),
      ...['sender', 'receiver', 'both'].map((f) => at(f).toFixed(2)),
    ];
    console.log(
      name.padEnd(7),
      cells.map((cell) => cell.padStart(8)).join(''),
      `              ${speeds}`,
    );
  }
  for (const name of names.filter((each) => each === 'swarm' || each === 'old')) {
    const ratio = (other, field) =>
      median(results[name].map((run, i) => run[field] / results[other][i][field])).toFixed(2);
    console.log(
      `${name}: ${ratio('http', 'speed')} of the speed of node:http with sha256; ${ratio('bare', 'both')} of the CPU of the bare loop`,
    );
  }
  for (const [name, cli] of [['swarm', BINARY], ...(old ? [['old', old]] : [])]) {
    const [sender, receiver] = await countPair(dir, file, mib, cli);
    console.log(`${name}, for each MiB piece: ${told(sender, receiver, mib)}`);
  }
}

function told(sender, receiver, pieces) {
  const each = (count) => (count / pieces).toFixed(2);
  return [
    `${each(sender.messages)} messages (${each(sender.writes)} writes) there`,
    `${each(receiver.messages)} (${each(receiver.writes)}) back`,
    `${each(receiver.reads)} socket reads there, ${each(sender.reads)} back`,
  ].join(', ');
}

async function runPair(file, mib, options) {
  const run = await runSwarm({
    file,
    origins: [NO_CAPS],
    receivers: [NO_CAPS],
    scratch: SCRATCH,
    share: ['--chunk-size', '1MiB'],
    ...options,
  });
  const gib = (mib * MIB) / GIB;
  const sender = run.originCpuSeconds / gib;
  const receiver = run.receiverCpuSeconds / gib;
  return { speed: mib / run.transferSeconds, sender, receiver, both: sender + receiver };
}

/** A run whose processes count what passes their sockets (see lib/count-wire.cjs). */
async function countPair(dir, file, mib, cli) {
  const counts = join(dir, 'counts');
  rmSync(counts, { force: true });
  const node = ['--require', join(import.meta.dirname, 'lib/count-wire.cjs')];
  await runPair(file, mib, { cli, node, env: { HUBSWARM_WIRE_COUNTS: counts } });
  const all = readFileSync(counts, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return all.sort((a, b) => b.bytes - a.bytes);
}

function randomFile(path, mib) {
  const block = Buffer.alloc(MIB);
  const fd = openSync(path, 'w');
  for (let i = 0; i < mib; i++) writeSync(fd, randomFillSync(block));
  closeSync(fd);
  return path;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Two processes of this script; CPU of both from their first line to the last byte. */
async function runRoles(sender, receiver, file, mib) {
  const key = randomBytes(32).toString('hex');
  const start = (role, init) =>
    fork(import.meta.filename, [role, JSON.stringify({ ...init, key, bytes: mib * MIB })]);
  const sending = start(sender, { file });
  const [port] = await once(sending, 'message');
  const cpuBefore = cpuSecondsOf(sending.pid);
  const receiving = start(receiver, { port, out: `${file}.out` });
  const [seconds] = await once(receiving, 'message');
  const gib = (mib * MIB) / GIB;
  const cpu = (child) => cpuSecondsOf(child.pid) / gib;
  const result = {
    speed: mib / seconds,
    sender: cpu(sending) - cpuBefore / gib,
    receiver: cpu(receiving),
  };
  const ended = [sending, receiving].map((child) => once(child, 'exit'));
  sending.kill();
  receiving.kill();
  await Promise.all(ended);
  return { ...result, both: result.sender + result.receiver };
}

/** Nonces count messages, as those of Noise. */
function nonces() {
  const nonce = Buffer.alloc(12);
  let count = 0;
  return () => {
    nonce.writeUInt32LE(count++, 4);
    return nonce;
  };
}

function bareSender({ file, key, bytes }) {
  const secret = Buffer.from(key, 'hex');
  const server = createServer((socket) => {
    const next = nonces();
    const fd = openSync(file, 'r');
    let left = bytes;
    const send = () => {
      while (left > 0) {
        const piece = Buffer.allocUnsafe(Math.min(left, MIB));
        readSync(fd, piece);
        left -= piece.length;
        socket.cork();
        for (let at = 0; at < piece.length; at += RECORD_BYTES) {
          const plain = piece.subarray(at, at + RECORD_BYTES);
          const head = Buffer.allocUnsafe(4);
          head.writeUInt32BE(plain.length + TAG_BYTES);
          const cipher = createCipheriv(CIPHER, secret, next(), { authTagLength: TAG_BYTES });
          socket.write(head);
          socket.write(cipher.update(plain));
          cipher.final();
          socket.write(cipher.getAuthTag());
        }
        socket.uncork();
        if (socket.writableNeedDrain) return socket.once('drain', send);
      }
      closeSync(fd);
      return socket.end();
    };
    send();
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
}

function bareReceiver({ port, key, bytes, out }) {
  const secret = Buffer.from(key, 'hex');
  const next = nonces();
  const fd = openSync(out, 'w');
  const startedAt = performance.now();
  let held = Buffer.alloc(0);
  let hash = createHash('sha256');
  let inPiece = 0;
  let received = 0;
  connect(port, '127.0.0.1').on('data', (chunk) => {
    held = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
    while (held.length >= 4) {
      const end = 4 + held.readUInt32BE();
      if (held.length < end) break;
      const decipher = createDecipheriv(CIPHER, secret, next(), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(held.subarray(end - TAG_BYTES, end));
      const plain = decipher.update(held.subarray(4, end - TAG_BYTES));
      decipher.final();
      held = held.subarray(end);
      hash.update(plain);
      writeSync(fd, plain);
      received += plain.length;
      inPiece += plain.length;
      if (inPiece < MIB) continue;
      hash.digest();
      hash = createHash('sha256');
      inPiece = 0;
    }
    if (received === bytes) process.send((performance.now() - startedAt) / 1000);
  });
}

function httpSender({ file }) {
  const server = createHttp((_, response) => createReadStream(file).pipe(response));
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
}

function httpReceiver({ port, out }) {
  const startedAt = performance.now();
  const hash = createHash('sha256');
  get({ port, host: '127.0.0.1' }, async (response) => {
    response.on('data', (chunk) => hash.update(chunk));
    await pipeline(response, createWriteStream(out));
    process.send((performance.now() - startedAt) / 1000);
  });
}
