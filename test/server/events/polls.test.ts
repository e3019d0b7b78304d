import { channel } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startHub } from '../hub.ts';

const POLLS = 2000;
const POLL = 'GET /events?wait=0 HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\r\n';

it('polls of one connection leave nothing on it', async () => {
  const accepted = acceptedSockets();
  const hub = await startHub();
  const socket = hub.socket();
  let answers = 0;
  let waiting: (() => void) | undefined;
  socket.on('data', (chunk: Buffer) => {
    answers += chunk.toString('latin1').split('HTTP/1.1 200').length - 1;
    waiting?.();
  });
  const ask = async (polls: number): Promise<void> => {
    const until = answers + polls;
    socket.write(POLL.repeat(polls));
    while (answers < until) {
      await new Promise<void>((resolve) => {
        waiting = resolve;
      });
    }
  };
  await ask(1);
  const [held] = accepted;
  const before = held!.listenerCount('end');
  for (let asked = 0; asked < POLLS; asked += 100) await ask(100);
  // The last one may still hold its own.
  expect(held!.listenerCount('end')).toBeLessThanOrEqual(before + 1);
});

function acceptedSockets(): Socket[] {
  const sockets: Socket[] = [];
  const told = channel('net.server.socket');
  const note = (message: unknown): void => {
    sockets.push((message as { socket: Socket }).socket);
  };
  told.subscribe(note);
  onTestFinished(() => void told.unsubscribe(note));
  return sockets;
}
