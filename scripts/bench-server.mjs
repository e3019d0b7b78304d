// How fast the hub sends, as ratios to what else could: nginx over the same files
// (where it is installed) and `cat FILE >/dev/null`, no network at all. Rounds are
// interleaved (A B C, C B A, ...) so that a busy machine hits all alike; the median
// of the ratios within a round is what counts. CPU is of the serving processes.
//
//   node scripts/bench-server.mjs [rounds, default 5]
//
// Needs dist/ (npm run build) and curl; nginx and wrk where they are in PATH. All
// listen on 127.0.0.1; the files are removed at the end.
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const MIB = 2 ** 20;
const BIG = 1024;
const MIDDLE = 64;
const CLIENTS = 16;
/** Ticks of /proc/PID/stat a second; 100 on every Linux of today. */
const CPU_TICKS = 100;
const NGINX_PORT = 18_090;

const run = promisify(execFile);
const rounds = Number(process.argv[2] ?? 5);
const has = (name) => process.env.PATH.split(':').some((dir) => existsSync(join(dir, name)));
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const dir = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'hubswarm-bench-'));
const root = join(dir, 'root');

async function writeFiles() {
  await run('mkdir', [root]);
  const chunk = randomBytes(16 * MIB);
  for (const [name, mebibytes] of Object.entries({ big: BIG, middle: MIDDLE })) {
    const file = await open(join(root, name), 'w');
    for (let i = 0; i < mebibytes; i += 16) await file.write(chunk);
    await file.close();
  }
  await writeFile(join(root, 'small'), randomBytes(10 * 1024));
}

async function startHub() {
  const binary = resolve(import.meta.dirname, '../dist/cli.js');
  const args = ['server', '--json', '--root', root, '--port', '0'];
  const child = spawn(process.execPath, [binary, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise((found) => {
    child.stdout.on('data', (text) => {
      const event = /"addresses":\["([^"]+)"\]/.exec(text);
      if (event) found(event[1]);
    });
  });
  return {
    name: 'hub',
    url: `${url}files/`,
    pids: async () => [child.pid],
    stop: () => child.kill(),
  };
}

async function startNginx() {
  // Started by root it would drop to a user who may not read the directory.
  const user = process.getuid() === 0 ? 'user root;' : '';
  const config = `${user} worker_processes 1; daemon off; pid ${dir}/pid; error_log ${dir}/error.log;
    events { worker_connections 512; }
    http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
      client_body_temp_path ${dir}/t1; proxy_temp_path ${dir}/t2; fastcgi_temp_path ${dir}/t3;
      uwsgi_temp_path ${dir}/t4; scgi_temp_path ${dir}/t5;
      server { listen 127.0.0.1:${NGINX_PORT}; root ${root}; } }`;
  await writeFile(join(dir, 'nginx.conf'), config);
  const child = spawn('nginx', ['-c', join(dir, 'nginx.conf')], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${NGINX_PORT}/`;
  const workers = async () => {
    const { stdout } = await run('ps', ['--ppid', String(child.pid), '-o', 'pid=']);
    return stdout.trim().split(/\s+/).map(Number);
  };
  return { name: 'nginx', url, pids: workers, stop: () => child.kill() };
}

const ready = (url) =>
  run('curl', ['-sf', '-o', '/dev/null', '--retry', '20', '--retry-connrefused', `${url}small`]);

async function cpuSeconds(server) {
  let ticks = 0;
  for (const pid of await server.pids()) {
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1].split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / CPU_TICKS;
}

const curl = (url) => run('curl', ['-sf', '-o', '/dev/null', url]);

/** Each gives a rate: bytes or requests a second. */
const LOADS = {
  '1 client, 1 GiB (MiB/s)': async ({ url }) => {
    const started = performance.now();
    await curl(`${url}big`);
    return (BIG * 1000) / (performance.now() - started);
  },
  '16 clients, 64 MiB each (MiB/s)': async ({ url }) => {
    const started = performance.now();
    await Promise.all(Array.from({ length: CLIENTS }, () => curl(`${url}middle`)));
    return (CLIENTS * MIDDLE * 1000) / (performance.now() - started);
  },
  ...(has('wrk') && {
    '32 connections, 10 KiB (requests/s)': async ({ url }) => {
      const { stdout } = await run('wrk', ['-t1', '-c32', '-d3s', `${url}small`]);
      return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]);
    },
  }),
};

async function readOnly() {
  const started = performance.now();
  await run('sh', ['-c', `cat ${join(root, 'big')} > /dev/null`]);
  return (BIG * 1000) / (performance.now() - started);
}

async function measure(servers) {
  const rows = [];
  const cat = [];
  for (const [load, rate] of Object.entries(LOADS)) {
    const rates = Object.fromEntries(servers.map(({ name }) => [name, []]));
    const cpu = Object.fromEntries(servers.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      cat.push(await readOnly());
      for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
        const before = await cpuSeconds(server);
        rates[server.name].push(await rate(server));
        cpu[server.name].push((await cpuSeconds(server)) - before);
      }
    }
    for (const { name } of servers) {
      const ratios = rates[name].map((value, i) => value / (rates.nginx ?? rates.hub)[i]);
      rows.push({
        load,
        server: name,
        median: Math.round(median(rates[name])),
        'to nginx': rates.nginx ? median(ratios).toFixed(2) : '-',
        'CPU s': median(cpu[name]).toFixed(2),
      });
    }
  }
  console.table(rows);
  console.log(`cat of the same 1 GiB, median: ${Math.round(median(cat))} MiB/s`);
}

const servers = [];
try {
  await writeFiles();
  servers.push(await startHub());
  if (has('nginx')) servers.push(await startNginx());
  for (const { url } of servers) await ready(url);
  // Once before: the hub hashes what it has not seen, both fill their caches.
  for (const { url } of servers)
    for (const name of await readdir(root)) await curl(`${url}${name}`);
  await measure(servers);
} finally {
  for (const server of servers) server.stop();
  await rm(dir, { recursive: true, force: true });
}
