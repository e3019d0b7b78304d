// A hub whose output is a pipe that nobody reads, or reads again after a while.
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { type Running, scratch, start } from '../binary.ts';

async function unreadHub(): Promise<{ server: Running; port: number }> {
  const server = start(['server', '--json', '--port', '0', '--root', await scratch()]);
  const [address] = (await server.until('listening')).addresses;
  server.child.stdout!.pause();
  return { server, port: Number(new URL(address!).port) };
}

/** One connection, so that the hub has completed them all when it ends. */
async function ask(port: number, requests: number): Promise<void> {
  const head = `GET /${'x'.repeat(1000)} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`;
  const socket = connect(port, '127.0.0.1').resume();
  socket.write(`${`${head}\r\n`.repeat(requests - 1)}${head}Connection: close\r\n\r\n`);
  await once(socket, 'close');
}

it('a hub whose events nobody reads ends when it is told to', async () => {
  const { server, port } = await unreadHub();
  await ask(port, 1000);
  server.child.kill('SIGTERM');
  expect(await once(server.child, 'exit')).toEqual([0, null]);
});

it('a hub tells who reads its events again how many are lost', async () => {
  const requests = 12_000;
  const { server, port } = await unreadHub();
  await ask(port, requests);
  server.child.stdout!.resume();
  const isTold = ({ message }: { message: string }) => message.includes('lines are lost');
  const { message } = await server.until('warned', isTold);
  const lost = Number.parseInt(message, 10);
  const got = server.events.filter(({ event }) => event === 'request_completed').length;
  expect(lost).toBeGreaterThan(0);
  expect(lost).toBeLessThan(requests);
  // Other events may be among the lost.
  expect(got + lost).toBeGreaterThanOrEqual(requests);
});
