// How fast the hub receives: `curl -T` of 1 GiB to it, and to the plainest server
// that Node.js makes of its own parts (the request piped through sha256 into a
// file, which gets no fsync and no other name). Rounds are interleaved; the median
// of the ratios within a round is what counts. CPU is of the receiving process.
// The target is 1.2 times the pipe.
//
//   node scripts/bench-upload.mjs [rounds, default 5] [MiB, default 1024]
//
// Needs dist/ (npm run build) and curl. All listen on 127.0.0.1; files lie in
// /dev/shm where there is one and are removed at the end.
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BINARY } from './lib/binary.mjs';
import { numbers } from './lib/command-line.mjs';

const MIB = 2 ** 20;
const TARGET = 1.2;
/** Ticks of /proc/PID/stat a second; 100 on every Linux of today. */
const CPU_TICKS = 100;
const [rounds, mebibytes] = numbers(import.meta.filename, ['rounds', 5], ['MiB', 1024]);

const run = promisify(execFile);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const dir = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'hubswarm-bench-'));
const source = join(dir, 'source');

const PIPE = `
  const { createServer } = require('node:http');
  const { createHash } = require('node:crypto');
  const { createWriteStream } = require('node:fs');
  const { pipeline } = require('node:stream');
  const server = createServer((req, res) => {
    const hash = createHash('sha256');
    req.on('data', (chunk) => hash.update(chunk));
    pipeline(req, createWriteStream(process.argv[1]), () => res.end(hash.digest('hex')));
  }).listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port + '/'));
`;

async function start(name, args, pattern, path) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise((found) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const match = pattern.exec(text);
      if (match) found(match[1]);
    });
  });
  return { name, child, url: `${url}${path}` };
}

async function cpuSeconds({ child }) {
  const fields = (await readFile(`/proc/${child.pid}/stat`, 'utf8')).split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CPU_TICKS;
}

async function measure(server) {
  const cpu = await cpuSeconds(server);
  const started = performance.now();
  await run('curl', ['-sf', '-o', '/dev/null', '-T', source, server.url]);
  const seconds = (performance.now() - started) / 1000;
  return { rate: mebibytes / seconds, cpu: (await cpuSeconds(server)) - cpu };
}

const servers = [];
try {
  await mkdir(join(dir, 'root'));
  const chunk = randomBytes(16 * MIB);
  const file = await open(source, 'w');
  for (let i = 0; i < mebibytes; i += 16) await file.write(chunk);
  await file.close();
  const root = ['--root', join(dir, 'root'), '--port', '0'];
  servers.push(
    await start(
      'hub',
      [BINARY, 'server', '--json', '--writable', ...root],
      /"addresses":\["([^"]+)"\]/,
      'files/f',
    ),
    await start('pipe', ['-e', PIPE, join(dir, 'piped')], /(http\S+)/, ''),
  );
  for (const server of servers) await measure(server);
  const ratios = [];
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? servers : servers.toReversed();
    const found = {};
    for (const server of order) found[server.name] = await measure(server);
    ratios.push(found.hub.rate / found.pipe.rate);
    const text = servers.map(({ name }) => {
      const { rate, cpu } = found[name];
      return `${name} ${rate.toFixed(0)} MiB/s ${((cpu * 1024) / mebibytes).toFixed(2)} s/GiB`;
    });
    console.log(`round ${round + 1}: ${text.join(', ')}, ratio ${ratios.at(-1).toFixed(2)}`);
  }
  const ratio = median(ratios);
  console.log(
    `hub / pipe: ${ratio.toFixed(2)} (target ${TARGET}: ${ratio >= TARGET ? 'met' : 'missed'})`,
  );
} finally {
  for (const { child } of servers) child.kill();
  await rm(dir, { recursive: true, force: true });
}
