// Stands in for the binary: the arguments and events of `server`, `client get` and
// `peer`, and a file that really travels at the rate of the link, over HTTP in both
// arms. A receiver of the swarm takes from the origin what it is the first to need
// and the rest from nowhere, as fast as theory allows. What breaks it on purpose is
// in FAKE: stuck, corrupt, crash, deaf.
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const PIECES = 16;
const fault = process.env.FAKE ?? '';
const [command, ...args] = process.argv.slice(2);
const option = (name) => args[args.indexOf(name) + 1];
const emit = (event) =>
  process.stdout.write(
    `${JSON.stringify({ t: performance.timeOrigin + performance.now(), ...event })}\n`,
  );
const usage = () => {
  const { user, system } = process.cpuUsage();
  const rssBytes = process.memoryUsage.rss();
  emit({ event: 'usage_sampled', cpuMs: (user + system) / 1000, rssBytes, loopLagMs: 1 });
};
process.on('SIGTERM', () => {
  usage();
  process.exit(0);
});

function serve(path, uplink, role, decorate) {
  const bytes = readFileSync(path);
  let sentBytes = 0;
  let freeAt = performance.now();
  const server = createServer(async (request, response) => {
    if (request.method === 'HEAD') return response.setHeader('x-ipfs-roots', 'fake').end();
    const copies = Number(new URL(request.url, 'http://x').searchParams.get('copies') ?? 1);
    const step = Math.ceil(bytes.length / PIECES);
    response.writeHead(200, { 'content-length': bytes.length });
    for (let at = 0; at < bytes.length; at += step) {
      const piece = bytes.subarray(at, at + step);
      freeAt = Math.max(freeAt, performance.now()) + (piece.length * copies * 1000) / uplink;
      await delay(freeAt - performance.now());
      sentBytes += piece.length * copies;
      response.write(piece);
      emit({ event: 'link_counted', sentBytes, receivedBytes: 0 });
    }
    response.end();
  });
  server.listen(0, '127.0.0.1', () => {
    emit({ event: 'listening', role, ...decorate(server.address().port) });
    emit({ event: 'file_shared', cid: 'fake', name: basename(path), bytes: bytes.length });
    if (args.includes('--swarm')) emit({ event: 'catalogue_completed', files: 1, ms: 1 });
  });
}

async function receive(url, path, share) {
  emit({ event: 'held' });
  await new Promise((resolve) => createInterface({ input: process.stdin }).once('line', resolve));
  if (fault === 'crash') process.exit(7);
  if (fault === 'stuck') return setInterval(usage, 50);
  const response = await fetch(url);
  const chunks = [];
  let receivedBytes = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    receivedBytes += chunk.length;
    const piece = { cid: 'fake', piece: chunks.length - 1, bytes: chunk.length, remote: url };
    emit({ event: 'piece_verified', ...piece });
  }
  if (fault === 'corrupt') chunks[0][0] ^= 1;
  writeFileSync(path, Buffer.concat(chunks));
  emit({ event: 'link_counted', sentBytes: share(receivedBytes), receivedBytes });
  emit({ event: 'transfer_completed', name: 'file', path, bytes: receivedBytes, ms: 1 });
  usage();
}

if (fault === 'deaf') {
  process.stderr.write('hubswarm: no ears today\n');
  process.exit(1);
}
if (command === 'server') {
  const root = option('--root');
  const { readdirSync } = await import('node:fs');
  serve(join(root, readdirSync(root)[0]), Number(option('--uplink')), 'server', (port) => ({
    addresses: [`http://127.0.0.1:${port}`],
  }));
} else if (command === 'client') {
  await receive(args[1], option('-o'), () => 0);
  if (fault !== 'stuck') process.exit(0);
} else if (args.includes('--share')) {
  serve(option('--share'), Number(option('--uplink')), 'peer', (port) => ({
    addresses: [`/ip4/127.0.0.1/tcp/${port}/p2p/fake`],
  }));
} else {
  const out = option('--out');
  await mkdir(out, { recursive: true });
  emit({ event: 'listening', role: 'peer', addresses: ['/ip4/127.0.0.1/tcp/1/p2p/me'] });
  const way = option('--join');
  const url = way.startsWith('http') ? way : `http://127.0.0.1:${way.split('/')[4]}/`;
  await receive(url, join(out, 'file'), () => 0);
  setInterval(usage, 1000);
}
