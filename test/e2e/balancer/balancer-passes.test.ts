// What gets through a balancer, seen from behind it: a bare HTTP server stands where
// a replica does and tells what it was asked. Streams, upgrades, who is said to ask,
// what is repeated, and when a replica that drains is left alone.
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { needs } from '../../support/needs.ts';
import { type Balancer, PROGRAMS, startBalancer } from './balancers.ts';

class StandIn {
  readonly server: Server;
  ready = true;
  /** `METHOD target` of each request but those for readiness. */
  readonly seen: string[] = [];
  headers: IncomingHttpHeaders = {};

  constructor(server: Server) {
    this.server = server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }
}

/** Answers /stream without an end, /cut not at all, and the rest with its own name. */
async function standIn(name = 'a'): Promise<StandIn> {
  const server = createServer((req, res) => {
    if (req.url === '/readyz') return void res.writeHead(standing.ready ? 200 : 503).end();
    standing.seen.push(`${req.method} ${req.url}`);
    standing.headers = req.headers;
    if (req.url === '/cut') {
      for (const event of ['data', 'end']) req.once(event, () => req.socket.destroy());
      if (req.method === 'GET') req.socket.destroy();
      return;
    }
    res.setHeader('Content-Type', 'text/event-stream');
    if (req.url === '/stream') res.write('data: first\n\n');
    else {
      req.resume();
      res.end(name);
    }
  });
  server.on('upgrade', (req, socket) => {
    standing.headers = req.headers;
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
    );
    socket.pipe(socket);
    socket.on('error', () => undefined);
  });
  const standing = new StandIn(server);
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return standing;
}

/** Bytes written and read as they are, until `until` holds. */
function talk({ url }: Balancer, text: string, until: (heard: string) => boolean) {
  const socket: Socket = connect(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  return new Promise<{ heard: string; socket: Socket }>((resolve, reject) => {
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk;
      if (until(heard)) resolve({ heard, socket });
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed after ${heard}`)));
    socket.write(text);
  });
}

const ask = async (url: string): Promise<string> => (await fetch(url)).text();

function send(url: string, method: string, body: Buffer): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(url, { method, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    // A balancer may answer before it took all, and close.
    sent.on('error', () => resolve(0));
    sent.end(body);
  });
}

for (const program of PROGRAMS) {
  describe(`through ${program}`, needs(program), () => {
    it('an event comes as it is sent, while the answer goes on', async () => {
      const balancer = await startBalancer(program, [(await standIn()).url]);
      const abort = new AbortController();
      const answer = await fetch(`${balancer.url}stream`, { signal: abort.signal });
      const { value } = await answer.body!.getReader().read();
      expect(new TextDecoder().decode(value)).toBe('data: first\n\n');
      abort.abort();
    });

    it('an upgrade becomes a connection both ways', async () => {
      const replica = await standIn();
      const balancer = await startBalancer(program, [replica.url]);
      const { socket } = await talk(
        balancer,
        'GET /ws HTTP/1.1\r\nHost: hub.example\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
        (heard) => /^HTTP\/1\.1 101[\s\S]*\r\n\r\n/.test(heard),
      );
      const echoed = new Promise((resolve) => socket.once('data', (data) => resolve(`${data}`)));
      socket.write('hello');
      expect(await echoed).toBe('hello');
      expect(replica.headers.host).toBe('hub.example');
    });

    it('what a client claims to be is replaced by what it is', async () => {
      const replica = await standIn();
      const balancer = await startBalancer(program, [replica.url]);
      const forged = [
        'X-Forwarded-For: 1.2.3.4',
        'X-Forwarded-For: 5.6.7.8',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Host: evil.example',
        'Forwarded: for=1.2.3.4',
      ];
      await talk(
        balancer,
        `GET /a%20b//c?d=%2F HTTP/1.1\r\nHost: hub.example:81\r\n${forged.join('\r\n')}\r\n\r\n`,
        (heard) => heard.includes('\r\n\r\n'),
      );
      expect(replica.seen.at(-1)).toBe('GET /a%20b//c?d=%2F');
      expect(replica.headers).toMatchObject({
        host: 'hub.example:81',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'hub.example:81',
      });
      expect(replica.headers.forwarded).toBeUndefined();
    });

    it('a GET that got no answer is asked of the next, an upload is not', async () => {
      const replicas = [await standIn(), await standIn()];
      const balancer = await startBalancer(
        program,
        replicas.map(({ url }) => url),
      );
      const seen = (): string[] => replicas.flatMap(({ seen }) => seen.splice(0));
      seen();
      expect((await fetch(`${balancer.url}cut`)).status).toBeGreaterThanOrEqual(500);
      expect(seen().length).toBeGreaterThan(1);
      const uploads: [string, number][] = [
        ['PATCH', 1000],
        ['POST', 1000],
        ['PUT', 2 ** 20],
        ['PATCH', 2 ** 20],
      ];
      // nginx has a small PUT whole before it sends it, and takes it for repeatable.
      if (program === 'haproxy') uploads.push(['PUT', 1000], ['DELETE', 1000]);
      for (const [method, bytes] of uploads) {
        await untilReady(balancer);
        seen();
        await send(`${balancer.url}cut`, method, Buffer.alloc(bytes));
        expect(seen()).toEqual([`${method} /cut`]);
      }
    });
  });
}

/** nginx leaves a replica that failed twice alone for a while. */
async function untilReady({ url }: Balancer): Promise<void> {
  while ((await fetch(`${url}ready`)).status !== 200) await delay(50);
}

describe('a replica that drains', needs('haproxy'), () => {
  it('gets nothing new from HAProxy, ends what it has, and is taken back', async () => {
    const [a, b] = [await standIn('a'), await standIn('b')];
    const { url } = await startBalancer('haproxy', [a.url, b.url]);
    const abort = new AbortController();
    let running = await fetch(`${url}stream`, { signal: abort.signal });
    if (!a.seen.includes('GET /stream'))
      running = await fetch(`${url}stream`, { signal: abort.signal });
    a.ready = false;
    // Until the checks have told: the answers come from b alone, time after time.
    let inARow = 0;
    while (inARow < 6) inARow = (await ask(`${url}who`)) === 'b' ? inARow + 1 : 0;
    const { value } = await running.body!.getReader().read();
    expect(new TextDecoder().decode(value)).toBe('data: first\n\n');
    a.seen.length = 0;
    for (let i = 0; i < 6; i++) expect(await ask(`${url}who`)).toBe('b');
    expect(a.seen).toEqual([]);
    a.ready = true;
    while ((await ask(`${url}who`)) !== 'a') await delay(20);
    abort.abort();
  });
});
