// What strangers can make a hub keep in memory: whoever sends and does not read, or sends
// far ahead of the answers, is read no further.
import { once } from 'node:events';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LINUX, needs } from '../../support/needs.ts';
import { type Running, scratch, start } from '../binary.ts';

const MIB = 2 ** 20;
/** What 300,000 waiting requests may add. */
const MOST_ADDED = 32 * MIB;
const MANY = 300_000;
/** A queue grows for as long as it is fed; so long was enough for 300 MiB. */
const WATCHED_MS = 4000;

const ask = (target: string, fields = '', method = 'GET'): string =>
  `${method} ${target} HTTP/1.1\r\nHost: h\r\n${fields}\r\n`;
const WEB_SOCKET =
  'Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
const PING = Buffer.concat([Buffer.from([0x89, 0xfd]), Buffer.alloc(4 + 125)]);

async function rssOf({ child }: Running): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024;
}

/** With so little heap that a queue without bound ends the process. */
async function hub(): Promise<{ server: Running; socket: () => Promise<Socket> }> {
  const root = await scratch();
  await writeFile(join(root, 'big'), '');
  await truncate(join(root, 'big'), 64 * MIB);
  await writeFile(join(root, 'f'), 'hello\n');
  const args = ['server', '--json', '--port', '0', '--root', root];
  const server = start(args, { NODE_OPTIONS: '--max-old-space-size=256' });
  const { addresses } = await server.until('listening');
  await server.until('catalogue_completed');
  const socket = async (): Promise<Socket> => {
    const opened = connect(Number(new URL(addresses[0]!).port), '127.0.0.1');
    opened.on('error', () => undefined);
    onTestFinished(() => void opened.destroy());
    await once(opened, 'connect');
    return opened;
  };
  return { server, socket };
}

/** The most that it took beyond what it took before. */
async function added(server: Running, act: () => Promise<unknown>): Promise<number> {
  const before = await rssOf(server);
  await act();
  let most = 0;
  for (const end = performance.now() + WATCHED_MS; performance.now() < end; await delay(50)) {
    most = Math.max(most, await rssOf(server));
  }
  return most - before;
}

describe('a hub reads no further than it can answer', needs(LINUX), () => {
  it.each([
    ['a stream of events', ask('/events')],
    ['a poll', ask('/events?wait=30', 'Accept: application/json\r\n')],
    ['a download that nobody reads', ask('/files/big')],
    ['an archive that nobody reads', ask('/files/?archive=tar')],
  ])(
    'behind %s',
    async (_what, first) => {
      const { server, socket } = await hub();
      // The first subscriber starts the watch, which is no queue.
      (await socket()).write(ask('/events'));
      const client = await socket();
      client.pause();
      const most = await added(server, async () => client.write(first + ask('/').repeat(MANY)));
      expect(most).toBeLessThan(MOST_ADDED);
      expect(await server.end()).toBe(0);
    },
    60_000,
  );

  it('of pings that are answered to nobody', async () => {
    const { server, socket } = await hub();
    const client = await socket();
    client.write(ask('/events', WEB_SOCKET));
    await once(client, 'data');
    client.pause();
    const most = await added(server, async () => {
      for (let i = 0; i < 400; i++) client.write(Buffer.concat(Array<Buffer>(2000).fill(PING)));
    });
    expect(most).toBeLessThan(MOST_ADDED);
    expect(await server.end()).toBe(0);
  }, 60_000);

  it('of wishes for another protocol', async () => {
    const { server, socket } = await hub();
    const client = await socket();
    const wish = ask('/files/f', 'Connection: upgrade\r\nUpgrade: h2c\r\n');
    const most = await added(server, async () => client.write(wish.repeat(MANY)));
    expect(most).toBeLessThan(MOST_ADDED);
    expect(await server.end()).toBe(0);
  }, 60_000);

  it('and answers all of them, in order, when they are read', async () => {
    const { socket } = await hub();
    const client = await socket();
    let text = '';
    client.on('data', (chunk) => {
      text += chunk;
    });
    const targets = Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? '/files/f' : `/${i}`));
    const sent = targets.map((target) => ask(target));
    client.write(
      `${sent.join('')}${ask('/files/f', WEB_SOCKET)}${ask('/', 'Connection: close\r\n')}`,
    );
    await once(client, 'close');
    const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) =>
      Number(status),
    );
    const expected = targets.map((_, i) => (i % 2 === 0 ? 200 : 404));
    expect(statuses).toEqual([...expected, 200, 302]);
  }, 60_000);
});
