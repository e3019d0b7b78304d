// Remotes that want to end the process, against the built binary: whatever they send, it
// goes on, has nothing to warn of, and ends in order when it is told to.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { multiaddr } from '@multiformats/multiaddr';
import { describe, expect, it, onTestFinished } from 'vitest';
import { useNodes } from '../../peer/nodes.ts';
import { type Running, run, scratch, start } from '../binary.ts';
import { origin } from '../swarm.ts';

/** More than two looks at the transfers under way (events/transfer-watch.ts). */
const LOOKED_AT_MS = 700;
/** Their answers fill the kernel's buffers, so that the last ones stay under way. */
const FLOOD = 15_000;

const request = (method: string, target: string, fields = ''): string =>
  `${method} ${target} HTTP/1.1\r\nHost: h\r\n${fields}\r\n`;

/** Requests whose target no name can be read from, and some whose can. */
const FLOODS: readonly string[] = [
  request('POST', '/files//x'),
  request('PUT', '/files/%', 'Content-Length: 1\r\n\r\nx').slice(0, -2),
  request('PATCH', '/files/a/../b'),
  request('POST', `/files/${'x'.repeat(300)}`),
  request('PUT', '/files/.hidden', 'Content-Length: 0\r\n'),
  request('POST', 'http://h/files/%ff%00'),
  request('POST', '/uploads//x'),
  request('GET', '/events?path=%&after=%', 'Connection: upgrade\r\nUpgrade: h2c\r\n'),
];

async function serve(...args: string[]): Promise<{ server: Running; port: number; url: string }> {
  const server = start(['server', '--json', '--port', '0', ...args]);
  const { addresses } = await server.until('listening');
  return { server, url: addresses[0]!, port: Number(new URL(addresses[0]!).port) };
}

function open(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  // A reset is part of what is tested.
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Reads what comes, so that there is a subscriber as long as the test runs. */
async function subscribe(port: number, fields: string): Promise<void> {
  const socket = open(port);
  socket.write(request('GET', '/events', fields));
  await once(socket, 'data');
  socket.resume();
}

/** Sends and reads nothing until the hub has looked at it, then resets. */
async function flood(port: number, text: string): Promise<void> {
  const socket = open(port);
  socket.pause();
  await once(socket, 'connect');
  socket.write(text.repeat(FLOOD));
  await delay(LOOKED_AT_MS);
  socket.resetAndDestroy();
}

const warnings = ({ events }: Running): string[] =>
  events.flatMap((event) => (event.event === 'warned' ? [event.message] : []));

/** Floods of each kind, while somebody hears of the transfers; then it must still be there. */
async function besiege(server: Running, port: number, fields = ''): Promise<void> {
  for (const text of FLOODS) {
    await Promise.race([
      flood(port, fields === '' ? text : text.replace('\r\nHost', `\r\n${fields}Host`)),
      server.exit.then((code) => expect.fail(`it ended with ${code}: ${server.stderr}`)),
    ]);
  }
  const health = await fetch(`http://127.0.0.1:${port}/healthz`);
  expect(health.status).toBe(200);
  expect(warnings(server)).toEqual([]);
}

describe('a hub', () => {
  it('that only reads goes on while subscribers watch what strangers send', async () => {
    const { server, port } = await serve('--root', await scratch());
    await subscribe(port, '');
    await subscribe(
      port,
      'Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n',
    );
    await besiege(server, port);
    expect(await server.end()).toBe(0);
  }, 60_000);

  it('with tokens and a rate limit goes on, whoever has no token', async () => {
    const keys = await scratch();
    const key = join(keys, 'key');
    await writeFile(key, randomBytes(32).toString('hex'), { mode: 0o600 });
    const { stdout } = await run(['token', '--key', key, '--scope', 'read']);
    const { server, port } = await serve(
      ...['--root', await scratch(), '--token-key', key, '--rate-limit', '50/s'],
    );
    await subscribe(port, `Authorization: Bearer ${stdout.trim()}\r\n`);
    await besiege(server, port);
    expect(await server.end()).toBe(0);
  }, 60_000);

  it('that is an edge, or takes uploads, goes on', async () => {
    const writable = await serve('--root', await scratch(), '--writable');
    const edge = await serve('--cache', writable.url, '--cache-dir', await scratch());
    await subscribe(writable.port, '');
    await besiege(writable.server, writable.port);
    await besiege(edge.server, edge.port);
    expect(await edge.server.end()).toBe(0);
    expect(await writable.server.end()).toBe(0);
  }, 60_000);
});

describe('a client', () => {
  /** Just below what is taken of a listing: each entry is wrong. */
  const wrong = (head: string): string => `${head}[${'1,'.repeat(8e6)}1]`;

  async function answering(body: string): Promise<string> {
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it.each([
    ['ls', wrong('{"path":"/","entries":'), ['ls']],
    ['a mirror', wrong('{"path":"/","entries":'), ['get', '-r', '--timeout', '5', '-o', 'OUT']],
    ['watch', wrong('{"next":"1","events":'), ['watch', '--via', 'poll', '--timeout', '5']],
  ])(
    '%s that is sent millions of wrong entries needs a few times their bytes',
    async (_, body, given) => {
      const url = await answering(`${body}}`);
      const out = join(await scratch(), 'out');
      const args = given.map((arg) => (arg === 'OUT' ? out : arg));
      // Node ends with SIGABRT when more is needed.
      const client = start(['client', ...args, `${url}/files/`], {
        NODE_OPTIONS: '--max-old-space-size=400',
      });
      expect(await client.exit).toBe(1);
      expect(client.stderr).toMatch(/not the listing of a hub|not one of a hub/);
    },
  );
});

describe('a peer', () => {
  const startNode = useNodes();

  it('goes on while a stranger sends noise on every protocol, and cuts it off at any byte', async () => {
    const { peer, address } = await origin(await scratch(), 2 ** 20);
    const stranger = await startNode();
    const remote = await stranger.dial(multiaddr(address));
    const { protocols } = await stranger.services.identify.identify(remote);
    expect(protocols.length).toBeGreaterThan(3);
    for (const protocol of protocols) {
      for (const bytes of [0, 1, 3, 70, 5000]) {
        // It may have been banned for what came before.
        const connection = await stranger.dial(multiaddr(address)).catch(() => undefined);
        const stream = await connection?.newStream(protocol).catch(() => undefined);
        if (!stream) continue;
        if (bytes > 0) stream.send(randomBytes(bytes));
        if (bytes % 2 === 0) await stream.close().catch(() => undefined);
        else stream.abort(new Error('noise'));
      }
    }
    const probe = start(['peer', '--json', '--data', await scratch(), '--join', address]);
    await probe.until('peer_connected');
    expect(warnings(peer)).toEqual([]);
    expect(await peer.end()).toBe(0);
  }, 60_000);
});
