// How fast the hub sends, as ratios to nginx (one worker, sendfile) over the same files,
// with express.static beside it. Rounds are interleaved (A B C, C B A, ...) so that a
// busy machine hits all alike; the median of the ratios within a round counts. CPU is
// the server's. The table's last column is the project's target.
//
//   node scripts/bench-server.mjs [rounds, default 5]
//
// Needs Linux, dist/ (npm run build), curl and nginx; rows that need wrk or python3 are
// left out where those are missing. All listen on 127.0.0.1; the files are removed.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { numbers } from './lib/command-line.mjs';
import { has, ready, startExpress, startHub, startNginx, writeCertificate } from './lib/rivals.mjs';

const MIB = 2 ** 20;
const BIG = 1024;
const MIDDLE = 64;
const CLIENTS = 16;

const run = promisify(execFile);
const [rounds] = numbers(import.meta.filename, ['rounds', 5]);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const dir = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'hubswarm-bench-'));
const root = join(dir, 'root');

async function writeFiles() {
  await mkdir(root);
  const chunk = randomBytes(16 * MIB);
  for (const [name, mebibytes] of Object.entries({ big: BIG, middle: MIDDLE })) {
    const file = await open(join(root, name), 'w');
    for (let i = 0; i < mebibytes; i += 16) await file.write(chunk);
    await file.close();
  }
  await writeFile(join(root, 'small'), randomBytes(10 * 1024));
}

/** Takes the bytes off the socket without copying them anywhere. */
const DISCARD = `
import socket, sys, urllib.parse
url = urllib.parse.urlparse(sys.argv[1])
with socket.create_connection((url.hostname, url.port)) as s:
    s.sendall(f"GET {url.path} HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n".encode())
    buffer = bytearray(1 << 20)
    while s.recv_into(buffer, len(buffer), socket.MSG_TRUNC): pass
`;

const curl = (url) => run('curl', ['-skf', '-o', '/dev/null', url]);

async function mebibytesPerSecond(mebibytes, body) {
  const startedAt = performance.now();
  await body();
  return (mebibytes * 1000) / (performance.now() - startedAt);
}

/** @param header one more, as `Name: value` */
async function requestsPerSecond(url, header) {
  const { stdout } = await run('wrk', ['-t1', '-c32', '-d3s', '-H', header ?? 'X: y', url]);
  if (/Non-2xx/.test(stdout)) throw new Error(`${url} refused: ${stdout}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]);
}

/** Measures one row; servers[0] is the one that the others are compared with. */
async function row({ load, servers, rate, target, gibibytes }) {
  const rates = servers.map(() => []);
  const cpu = servers.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const order = servers.map((_, i) => i);
    for (const i of round % 2 === 0 ? order : order.reverse()) {
      const before = servers[i].cpuSeconds();
      rates[i].push(await rate(servers[i]));
      cpu[i].push(servers[i].cpuSeconds() - before);
    }
  }
  return servers.map(({ name }, i) => ({
    load,
    server: name,
    median: Math.round(median(rates[i])),
    'to nginx': median(rates[i].map((value, r) => value / rates[0][r])).toFixed(2),
    'CPU s/GiB': gibibytes ? (median(cpu[i]) / gibibytes).toFixed(2) : '-',
    target: name.startsWith('hub') ? target : '',
  }));
}

async function measure({ nginx, hub, express, guarded, underTls }) {
  const plain = [nginx, hub, express];
  const rows = [
    {
      load: '1 curl, 1 GiB (MiB/s)',
      servers: plain,
      rate: ({ url }) => mebibytesPerSecond(BIG, () => curl(`${url}big`)),
      gibibytes: BIG / 1024,
      target: '>= 1.1, CPU <= 0.6',
    },
    {
      load: '16 curls, 64 MiB each (MiB/s)',
      servers: plain,
      rate: ({ url }) =>
        mebibytesPerSecond(CLIENTS * MIDDLE, () =>
          Promise.all(Array.from({ length: CLIENTS }, () => curl(`${url}middle`))),
        ),
      gibibytes: (CLIENTS * MIDDLE) / 1024,
      target: '>= 1.0, CPU <= 0.6',
    },
    has('python3') && {
      load: '1 GiB to who throws it away (MiB/s)',
      servers: plain,
      rate: ({ url }) =>
        mebibytesPerSecond(BIG, () => run('python3', ['-c', DISCARD, `${url}big`])),
      gibibytes: BIG / 1024,
      target: '>= 0.65, CPU <= 0.6',
    },
    {
      load: '1 curl, 1 GiB under TLS (MiB/s)',
      servers: [{ ...nginx, url: nginx.tlsUrl }, underTls],
      rate: ({ url }) => mebibytesPerSecond(BIG, () => curl(`${url}big`)),
      gibibytes: BIG / 1024,
      target: '>= 0.95',
    },
    has('wrk') && {
      load: '32 connections, 10 KiB (requests/s)',
      servers: [...plain, guarded],
      rate: ({ url, header }) => requestsPerSecond(`${url}small`, header),
      target: '>= 0.35',
    },
  ];
  const table = [];
  for (const each of rows.filter(Boolean)) table.push(...(await row(each)));
  console.table(table);
}

/** Everything that a hub in the open has on: tokens, limits, log, and what metrics count. */
async function startGuarded() {
  const key = join(dir, 'token.key');
  const { stdout } = await run(process.execPath, [
    ...[join(import.meta.dirname, '../dist/cli.js'), 'token'],
    ...['--key', key, '--scope', 'read', '--subject', 'bench'],
  ]);
  const options = ['--token-key', key, '--rate-limit', '1000000/s'];
  const server = await startHub(root, [...options, '--access-log', join(dir, 'access.log')], {
    name: 'hub: tokens, limits, log',
  });
  return { ...server, header: `Authorization: Bearer ${stdout.trim()}` };
}

const started = [];
const start = async (starting) => {
  const server = await starting;
  started.push(server);
  return server;
};
try {
  if (!has('nginx')) throw new Error('nginx is not installed; it is what is compared with');
  await writeFiles();
  const certificate = await writeCertificate(dir);
  const tls = ['--tls-cert', certificate.cert, '--tls-key', certificate.key];
  const servers = {
    nginx: await start(startNginx(dir, root, { certificate })),
    hub: await start(startHub(root)),
    express: await start(startExpress(root)),
    underTls: await start(startHub(root, tls, { name: 'hub', scheme: 'https' })),
    guarded: await start(startGuarded()),
  };
  // Once before: the hubs hash what they have not seen, all fill their caches.
  const open = [servers.nginx, servers.hub, servers.express, servers.underTls];
  for (const server of open)
    for (const name of ['big', 'middle', 'small']) await ready(server, name);
  await measure(servers);
} finally {
  for (const server of started) await server.stop();
  await rm(dir, { recursive: true, force: true });
}
