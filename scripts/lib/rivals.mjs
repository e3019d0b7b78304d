// The servers that the hub is measured against, each over the same directory on a free
// port of 127.0.0.1, plain and under TLS: { name, url, tlsUrl, cpuSeconds(), stop() }.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { BINARY } from './binary.mjs';

/** Ticks of /proc/PID/stat a second; 100 on every Linux of today. */
const CPU_TICKS = 100;

export const has = (name) =>
  process.env.PATH.split(':').some((dir) => existsSync(join(dir, name))) ||
  existsSync(join('/usr/sbin', name));

/** Of one process. */
function cpuSecondsOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CPU_TICKS;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A certificate for 127.0.0.1 that both sides of a comparison use. */
export async function writeCertificate(dir) {
  const { generate } = await import('selfsigned');
  const { cert, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
  });
  const paths = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') };
  await writeFile(paths.cert, cert);
  await writeFile(paths.key, key);
  return paths;
}

async function answered(url) {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      execFileSync('curl', ['-skf', '-o', '/dev/null', url], { stdio: 'ignore' });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`${url} did not answer`);
}

/** One process a listener: a hub is plain or under TLS, not both. */
async function startProcess(name, command, args, pids) {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const cpuSeconds = () => pids(child.pid).reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
  const stop = async () => {
    child.kill();
    await once(child, 'exit');
  };
  return { name, cpuSeconds, stop };
}

const itself = (pid) => [pid];

/** @param options of the command line, beside root and port */
export async function startHub(root, options = [], { name = 'hub', scheme = 'http' } = {}) {
  const port = await freePort();
  const args = [BINARY, 'server', '--quiet', '--root', root, '--port', `${port}`, ...options];
  const server = await startProcess(name, process.execPath, args, itself);
  return { ...server, url: `${scheme}://127.0.0.1:${port}/files/` };
}

/**
 * One worker, sendfile.
 *
 * @param options.certificate for TLS on a second port; options.headers: fields of every answer
 */
export async function startNginx(dir, root, { certificate, headers = {} } = {}) {
  // Started by root it would drop to a user who may not read the directory.
  const user = process.getuid() === 0 ? 'user root;' : '';
  const [port, tlsPort] = [await freePort(), await freePort()];
  const fields = Object.entries(headers).map(([name, value]) => `add_header ${name} "${value}";`);
  const underTls = certificate
    ? `server { listen 127.0.0.1:${tlsPort} ssl; root ${root}; ssl_protocols TLSv1.3;
        ssl_certificate ${certificate.cert}; ssl_certificate_key ${certificate.key}; }`
    : '';
  const config = `${user} worker_processes 1; daemon off; pid ${dir}/pid; error_log ${dir}/error.log;
    events { worker_connections 1024; }
    http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
      client_body_temp_path ${dir}/t1; proxy_temp_path ${dir}/t2; fastcgi_temp_path ${dir}/t3;
      uwsgi_temp_path ${dir}/t4; scgi_temp_path ${dir}/t5;
      server { listen 127.0.0.1:${port}; root ${root}; ${fields.join(' ')} }
      ${underTls} }`;
  await writeFile(join(dir, 'nginx.conf'), config);
  const workers = (pid) =>
    execFileSync('ps', ['--ppid', `${pid}`, '-o', 'pid='])
      .toString()
      .trim()
      .split(/\s+/)
      .map(Number);
  const server = await startProcess('nginx', 'nginx', ['-c', join(dir, 'nginx.conf')], workers);
  const urls = { url: `http://127.0.0.1:${port}/`, tlsUrl: `https://127.0.0.1:${tlsPort}/` };
  return { ...server, ...urls };
}

/** express.static as its documentation shows it. */
export async function startExpress(root) {
  const port = await freePort();
  const program = `require('express')().use(require('express').static(${JSON.stringify(root)})).listen(${port}, '127.0.0.1')`;
  const server = await startProcess('express.static', process.execPath, ['-e', program], itself);
  return { ...server, url: `http://127.0.0.1:${port}/` };
}

/** Until it serves that file, which the hub has hashed then. */
export const ready = ({ url }, name) => answered(`${url}${name}`);
