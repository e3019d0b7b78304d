import { expect, it } from 'vitest';
import { type Hub, startHub } from '../hub.ts';

const BURST = 10_000;
const ask = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`;
const answersIn = (text: string): number => text.split('HTTP/1.1 ').length - 1;

it('a burst on one connection lets others be answered in between', async () => {
  const hub = await startHub();
  const other = hub.socket();
  other.on('data', () => other.write(ask('/healthz')));
  other.write(ask('/healthz'));
  await hub.until('request_completed');
  const text = await burst(hub, `${ask('/').repeat(BURST)}${LAST}`);
  expect(answersIn(text)).toBe(BURST + 1);
  expect(longestRun(hub)).toBeLessThan(BURST / 20);
});

it.each([
  ['what is no request', '\0\0\r\n\r\n', 101],
  [
    'a wish for another protocol',
    `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n`,
    101,
  ],
])('all of a burst before %s have their answers first', async (_what, last, answers) => {
  const hub = await startHub();
  const text = await burst(hub, ask('/').repeat(100) + last);
  expect(answersIn(text)).toBe(answers);
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  expect(statuses.slice(0, 100)).toEqual(Array(100).fill('302'));
});

const LAST = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/** All that comes back until the hub ends the connection. */
async function burst(hub: Hub, requests: string): Promise<string> {
  const socket = hub.socket();
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(requests);
  await closed;
  return text;
}

/** Of requests of the burst with none of the other connection among them. */
function longestRun(hub: Hub): number {
  let longest = 0;
  let run = 0;
  for (const event of hub.events) {
    if (event.event !== 'request_completed') continue;
    run = event.path === '/' ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}
