// Processes on hosts that send to each other, for tests of what lies between.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { Host } from '../../../src/lab/network/wiring.ts';

/** Counts what comes over TCP, in all and since it was last asked; says when it listens. */
const SINK = `
  let bytes = 0;
  const server = require('node:net').createServer((socket) => {
    socket.on('data', (data) => { bytes += data.length; });
    socket.on('error', () => {});
  });
  server.listen(5000, () => console.log('0'));
  require('node:readline').createInterface(process.stdin).on('line', () => console.log(bytes));
`;

/** Sends so many bytes, Infinity for ever. */
const SOURCE = `
  const [address, count] = process.argv.slice(1);
  let left = Number(count);
  const socket = require('node:net').connect(5000, address);
  const chunk = Buffer.alloc(16384);
  const write = () => {
    while (left > 0) {
      const part = chunk.subarray(0, Math.min(left, chunk.length));
      left -= part.length;
      if (!socket.write(part)) return socket.once('drain', write);
    }
    socket.end();
  };
  socket.on('connect', write);
  socket.on('error', (error) => { console.error(error.message); process.exit(1); });
`;

function start({ namespace }: Host, script: string, ...args: readonly string[]): ChildProcess {
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

export interface Sink {
  /** How many bytes have come so far. */
  bytes(): Promise<number>;
  /** Resolves when more have come than now. */
  more(): Promise<void>;
}

/** One host takes what others send it. */
export async function listen(host: Host): Promise<Sink> {
  const child = start(host, SINK);
  const lines = createInterface({ input: child.stdout! });
  await once(lines, 'line');
  const bytes = async (): Promise<number> => {
    child.stdin!.write('\n');
    const [line] = await once(lines, 'line');
    return Number(line);
  };
  const more = async (): Promise<void> => {
    const before = await bytes();
    while ((await bytes()) === before);
  };
  return { bytes, more };
}

/** @returns its exit code, at its end */
export async function send(from: Host, to: Host, bytes: number): Promise<number> {
  const [code] = await once(start(from, SOURCE, to.address, String(bytes)), 'exit');
  return code as number;
}
