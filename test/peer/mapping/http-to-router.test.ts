// A router, or what pretends to be one, that answers HTTP as it likes: each question ends, in time
// and with one line.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { askRouter } from '../../../src/peer/mapping/http-to-router.ts';
import { attempt } from '../../../src/runtime/linked-abort.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n';

const ANSWERS: readonly [string, string, (socket: Socket) => void][] = [
  ['hangs up', 'no answer by HTTP', (socket) => socket.destroy()],
  ['speaks no HTTP', 'no answer by HTTP', (socket) => socket.end('\0\0\n\n')],
  ['speaks another protocol from now on', 'no answer by HTTP', upgrade],
  ['ends too soon', 'no answer by HTTP', (s) => s.end(`${HEAD}Content-Length: 9\r\n\r\nabc`)],
  [
    'has a head without an end',
    'no answer by HTTP',
    (s) => s.write(HEAD + 'a: b\r\n'.repeat(9999)),
  ],
  ['has an endless body', 'too long an answer', (s) => s.write(`${HEAD}\r\n${'x'.repeat(99_999)}`)],
  ['says to go on, for ever', 'no answer in time', (s) => s.write('HTTP/1.1 100 Continue\r\n\r\n')],
  ['drips', 'no answer in time', drip],
];

function upgrade(socket: Socket): void {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nabc');
}

function drip(socket: Socket): void {
  socket.write(`${HEAD}\r\n`);
  const timer = setInterval(() => socket.write('x'), 20);
  socket.once('close', () => clearInterval(timer));
}

it.each(ANSWERS)('a router that %s is left: %s', async (_, message, answer) => {
  const router = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => answer(socket));
  });
  router.listen(0, '127.0.0.1');
  onTestFinished(() => void router.close());
  await once(router, 'listening');
  const url = new URL(`http://127.0.0.1:${(router.address() as AddressInfo).port}/`);
  const asked = attempt([], 500, (signal) => askRouter({ url, from: '127.0.0.1' }, signal));
  await expect(asked).rejects.toThrow(message);
});
